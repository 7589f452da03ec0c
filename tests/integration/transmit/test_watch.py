import asyncio
import random

import pytest
from tests.integration.transmit.brokers import LIMITS, broker, broker_and_client, client, port_of

from hanse.model.errors import Unreachable
from hanse.transmit.nats import feed, keep, streams, watch
from hanse.transmit.nats.keep import BrokerKeeper


async def ignore(_):
    pass


async def test_the_pulse_says_whether_the_broker_takes_a_message_to_its_disk(tmp_path):
    async with broker_and_client(tmp_path) as (running, connection):
        await watch.pulse(connection)
        await running.kill()
        with pytest.raises(Unreachable, match=r"away|disk"):
            await watch.pulse(connection)


async def test_a_killed_broker_is_started_again_at_the_same_port(tmp_path):
    told = []

    async def tell(what):
        told.append(what)

    async with broker_and_client(tmp_path) as (running, connection):
        keeper = BrokerKeeper(running, connection, on_change=tell)
        await keeper.check()
        await running.kill()
        await keeper.check()
        while not connection.is_connected:
            await asyncio.sleep(0.02)
        await keeper.check()
        assert (keeper.restarts, keeper.problem) == (1, "")
        assert port_of(keeper.broker) == port_of(running)
        await keeper.broker.stop()
    assert told == ["restarted: it had ended"]


async def test_a_hung_broker_is_started_again(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "PULSE_WAIT_S", 0.1)
    monkeypatch.setattr(keep, "PULSES_MISSED_MAX", 2)
    import os
    import signal

    async with broker_and_client(tmp_path) as (running, connection):
        keeper = BrokerKeeper(running, connection, on_change=ignore)
        os.kill(running.pid, signal.SIGSTOP)
        for _ in range(2):
            await keeper.check()
        assert keeper.restarts == 1
        while not connection.is_connected:
            await asyncio.sleep(0.02)
        await watch.pulse(connection)
        await keeper.broker.stop()


async def test_a_stream_that_went_back_is_found_and_its_consumers_start_over(tmp_path):
    noted = watch.Noted(tmp_path / "positions.json")
    async with broker(tmp_path / "n") as first, client(first.url) as connection:
        js = connection.jetstream()
        await streams.ensure(js, LIMITS)
        assert await watch.check(js, noted) == []
        for i in range(20):
            await js.publish("event.plan.adopted", b"x" * 200, headers={"Nats-Msg-Id": str(i)})
        inbox = await feed.events(js, name="flow")
        await inbox.take()
        assert inbox.bad == 20
        assert await watch.check(js, noted) == []
    for block in (tmp_path / "n").rglob("EVENTS/msgs/*.blk"):
        raw = bytearray(block.read_bytes())
        raw[random.Random(1).randrange(len(raw) // 3, len(raw) // 2)] ^= 8
        block.write_bytes(raw)
    for index in (tmp_path / "n").rglob("EVENTS/msgs/index.db"):
        index.unlink()
    async with broker(tmp_path / "n") as again, client(again.url) as connection:
        (setback,) = await watch.check(connection.jetstream(), noted)
        assert (setback.stream, setback.noted) == ("EVENTS", 20)
        assert setback.found < 20
        left = await connection.jetstream().consumers_info("EVENTS")
        assert all(c.delivered.stream_seq <= setback.found for c in left)
        assert await watch.check(connection.jetstream(), noted) == []
