import asyncio
import contextlib
import os
import random
import signal

import pytest
from tests.integration.transmit.brokers import (
    LIMITS,
    broker,
    broker_and_client,
    client,
    config,
    port_of,
)

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


@contextlib.asynccontextmanager
async def kept(folder, on_change=ignore):
    keeper = BrokerKeeper(config(folder), limits=LIMITS, on_change=on_change)
    try:
        yield keeper
    finally:
        await keeper.stop()


async def until_well(keeper):
    async with asyncio.timeout(60):
        await keeper.check()
        while keeper.problem or keeper.broker is None:
            await asyncio.sleep(0.05)
            await keeper.check()


async def test_a_keeper_starts_the_broker_makes_its_streams_and_starts_a_killed_one_again(tmp_path):
    told = []

    async def tell(what):
        told.append(what)

    async with kept(tmp_path, tell) as keeper:
        await until_well(keeper)
        port = port_of(keeper.broker)
        await keeper.check()
        await keeper.broker.kill()
        await until_well(keeper)
        assert (keeper.restarts, port_of(keeper.broker)) == (1, port)
        async with client(keeper.broker.url) as connection:
            await connection.jetstream().publish("event.plan.adopted", b"x")
    assert [w for w in told if "started" in w] == ["started", "restarted: it had ended"]


async def test_a_hung_broker_is_started_again(tmp_path, monkeypatch):
    async with kept(tmp_path) as keeper:
        await until_well(keeper)
        await keeper.check()
        os.kill(keeper.broker.pid, signal.SIGSTOP)
        monkeypatch.setattr(watch, "PULSE_WAIT_S", 0.1)
        for _ in range(keep.PULSES_MISSED_MAX):
            await keeper.check()
        assert keeper.restarts == 1
        monkeypatch.undo()
        await until_well(keeper)


async def test_one_stream_that_takes_nothing_is_enough_to_start_the_broker_again(tmp_path):
    async with kept(tmp_path) as keeper:
        await until_well(keeper)
        await keeper.check()
        async with client(keeper.broker.url) as connection:
            js = connection.jetstream()
            await js.publish("event.plan.adopted", b"x")
            shut = (await js.stream_info("TELEMETRY")).config
            shut.sealed = True
            await js.update_stream(shut)
            with pytest.raises(Unreachable, match="TELEMETRY"):
                await watch.pulse(connection)
        for _ in range(keep.PULSES_MISSED_MAX):
            await keeper.check()
        assert keeper.restarts == 1


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
