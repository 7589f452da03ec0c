import asyncio
import random

import pytest
from nats.errors import Error as NatsError
from tests.integration.transmit.brokers import LIMITS, broker_and_client

from hanse.transmit.nats import pull, streams
from hanse.transmit.nats.pull import Pull


async def bound(connection):
    js = connection.jetstream()
    await streams.ensure(js, LIMITS)
    await js.add_consumer(streams.EVENTS, durable_name="reader", ack_policy="explicit")
    return js, await Pull.bind(js, streams.EVENTS, "reader")


async def test_what_comes_while_a_request_stands_is_not_kept_waiting_for_company(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(pull, "REQUEST_S", 3_600.0)  # who waits for its end never finishes
    dice = random.Random(4)
    async with broker_and_client(tmp_path) as (_, connection):
        js, reader = await bound(connection)

        async def send():
            for number in range(60):
                await js.publish("event.one", str(number).encode())
                await asyncio.sleep(dice.choice((0.0, 0.0, 0.001, 0.02)))

        sending = asyncio.create_task(send())
        got = []
        async with asyncio.timeout(60):
            while len(got) < 60:
                for message in await reader.take(20, wait_s=3_600.0):
                    got.append(int(message.data))
                    await message.ack()
        await sending
        assert got == list(range(60))


async def test_nothing_there_is_a_timeout_and_more_than_the_limit_comes_with_the_next(tmp_path):
    async with broker_and_client(tmp_path) as (_, connection):
        js, reader = await bound(connection)
        with pytest.raises(TimeoutError):
            await reader.take(10, wait_s=0.05)
        for number in range(25):
            await js.publish("event.one", str(number).encode())
        got = []
        while len(got) < 25:
            found = await reader.take(10, wait_s=30)
            assert 1 <= len(found) <= 10
            got += [int(m.data) for m in found]
        assert got == list(range(25))


async def test_a_consumer_that_is_gone_is_an_error(tmp_path):
    async with broker_and_client(tmp_path) as (_, connection):
        js, reader = await bound(connection)
        await js.delete_consumer(streams.EVENTS, "reader")
        with pytest.raises(NatsError):
            await reader.take(10, wait_s=60)
