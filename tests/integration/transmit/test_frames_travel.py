import asyncio
import contextlib
import datetime as dt
import random

import msgspec
import pytest
from tests.integration.transmit.brokers import broker, broker_and_client, client, port_of
from tests.unit.transmit.builders import Gaps, a_frame
from tests.unit.transmit.record import RecordInMemory

from hanse.model.errors import Broken, Conflict, Refused, Unreachable
from hanse.model.event import Event
from hanse.model.sample import GapReason
from hanse.model.text import Text
from hanse.model.time import StillClock
from hanse.transmit import codec
from hanse.transmit.coverage import Coverage
from hanse.transmit.nats import events, feed, requests
from hanse.transmit.nats.spool import Spool
from hanse.transmit.nats.telemetry import FramePublisher, Mode


@contextlib.asynccontextmanager
async def running(*coroutines):
    tasks = [asyncio.create_task(c) for c in coroutines]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def a_publisher(connection, folder, gaps=None, **limits):
    return FramePublisher(
        connection,
        spool=Spool(folder / "spool", **limits),
        clock=StillClock(),
        gaps=Gaps() if gaps is None else gaps,
    )


async def test_frames_arrive_once_in_order_and_only_in_their_partition(tmp_path):
    async with broker_and_client(tmp_path) as (_, connection):
        publisher = a_publisher(connection, tmp_path)
        async with running(publisher.run()):
            for seq in range(20):
                await publisher.frame(a_frame(seq), partition=3)
                await publisher.frame(a_frame(seq, source="shop/mill"), partition=4)
        third = await feed.frames(connection.jetstream(), name="third", partitions=[3])
        got = [d.what.happening for d in await third.take()]
        assert [(h.source, h.seq) for h in got] == [("shop/lathe", n) for n in range(20)]
        assert publisher.status().published_frames == 40
        assert publisher.status().mode is Mode.STRAIGHT


async def test_a_consumer_goes_on_where_it_was_and_gets_again_what_was_not_done(tmp_path):
    async with broker_and_client(tmp_path) as (_, connection):
        js = connection.jetstream()
        publisher = a_publisher(connection, tmp_path)
        async with running(publisher.run()):
            for seq in range(3):
                await publisher.frame(a_frame(seq), partition=0)
        first = await feed.frames(js, name="decide", ack_wait_s=0.3)
        deliveries = await first.take()
        await deliveries[0].done()
        await first.close()
        second = await feed.frames(js, name="decide", ack_wait_s=0.3)
        seen = set()
        while len(seen) < 2:
            seen |= {d.what.happening.seq for d in await second.take()}
        assert seen == {1, 2}


async def test_while_the_broker_is_away_frames_wait_on_disk_and_follow_when_it_is_back(tmp_path):
    async with broker_and_client(tmp_path) as (first, connection):
        publisher = a_publisher(connection, tmp_path)
        port = port_of(first)
        async with running(publisher.run()):
            await publisher.frame(a_frame(0), partition=0)
            await first.kill()
            for seq in range(1, 30):
                await publisher.frame(a_frame(seq), partition=0)
            assert publisher.status().mode is Mode.SPOOLING
            async with broker(tmp_path, port=port):
                await publisher.settled()
                inbox = await feed.frames(connection.jetstream(), name="all")
                got = await take_all(inbox, 30)
        assert [h.seq for h in got] == list(range(30))
        assert publisher.status().spool_bytes == 0


async def take_all(inbox, n):
    coverage, got = Coverage(), []
    while len(got) < n:
        for delivery in await inbox.take():
            if coverage.add(delivery.what.happening):
                got.append(delivery.what.happening)
            await delivery.done()
    return got


async def test_a_publisher_stopped_without_a_broker_leaves_its_frames_to_the_next_one(tmp_path):
    async with broker_and_client(tmp_path) as (first, connection):
        port = port_of(first)
        publisher = a_publisher(connection, tmp_path)
        await first.kill()
        async with running(publisher.run()):
            publisher.offer(a_frame(0), partition=0)
            await publisher.frame(a_frame(1), partition=0)
            publisher.offer(a_frame(2), partition=0)
    async with broker(tmp_path, port=port) as again, client(again.url) as connection:
        publisher = a_publisher(connection, tmp_path)
        async with running(publisher.run()):
            await publisher.settled()
        inbox = await feed.frames(connection.jetstream(), name="all")
        assert [h.seq for h in await take_all(inbox, 3)] == [0, 1, 2]


async def test_a_full_spool_gives_up_its_oldest_counts_it_and_reports_a_gap(tmp_path, monkeypatch):
    from hanse.transmit.nats import spool

    monkeypatch.setattr(spool, "SEGMENT_BYTES_MAX", 3_000)
    gaps = Gaps()
    async with broker_and_client(tmp_path) as (first, connection):
        publisher = a_publisher(connection, tmp_path, gaps, bytes_max=9_000)
        async with running(publisher.run()):
            await first.kill()
            for seq in range(20):
                await publisher.frame(a_frame(seq, n=50), partition=0)
        status = publisher.status()
    assert status.dropped_samples == sum(g.lost for g in gaps) > 0
    assert {g.reason for g in gaps} == {GapReason.OVERFLOW}
    assert gaps[0].start_ns == a_frame(0).at_ns[0]
    assert status.spool_bytes <= 9_000


def an_event(n, kind="plan.adopted"):
    at = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
    return Event(id=f"event-{n}", at=at, kind=kind, subject="s", text=Text("en", "zh"))


def announce(record, *announced):
    for event in announced:
        payload = msgspec.json.encode(event)
        record.tx.outbox.put("bus", id=event.id, kind=event.kind, payload=payload)


async def test_events_of_the_outbox_reach_whoever_follows_their_kind(tmp_path):
    async with broker_and_client(tmp_path) as (_, connection):
        record = RecordInMemory()
        relay = events.EventRelay(connection, record)
        inbox = await feed.events(connection.jetstream(), name="flow", kinds=["plan.*"])
        async with running(relay.run()):
            announce(record, an_event(1), an_event(2, "alarm.raised"), an_event(3))
            await events.wake(connection)
            got = []
            while len(got) < 2:
                got += [d.what.id for d in await inbox.take()]
        assert got == ["event-1", "event-3"]
        assert record.tx.outbox.lanes() == []


async def test_an_event_told_twice_is_kept_once_by_the_broker(tmp_path):
    async with broker_and_client(tmp_path) as (_, connection):
        record = RecordInMemory()
        relay = events.EventRelay(connection, record)
        for _ in range(2):
            announce(record, an_event(1))
            await relay.relay_once()
        assert (await connection.jetstream().stream_info("EVENTS")).state.messages == 1


async def test_a_poisonous_event_is_set_aside_and_the_next_has_its_turn(tmp_path, monkeypatch):
    monkeypatch.setattr(events, "delay_s", lambda *_: 0.0)
    async with broker_and_client(tmp_path) as (_, connection):
        record = RecordInMemory()
        announce(record, an_event(1), an_event(2), an_event(3))
        await events.EventRelay(connection, record).relay_once()
        poison, handled, calls, finished = [], [], [], asyncio.Event()

        async def handle(event):
            calls.append(event.id)
            if event.id == "event-1":
                raise ValueError("a bug")
            if event.id == "event-2" and calls.count("event-2") < 9:
                raise Unreachable("the database is away")
            handled.append(event.id)
            if event.id == "event-3":
                finished.set()

        async def set_aside(event, error):
            poison.append((event.id, str(error)))

        inbox = await feed.events(connection.jetstream(), name="flow")
        dice = random.Random(1)
        async with running(events.serve(inbox, handle, dice=dice, on_poison=set_aside)):
            await finished.wait()
    assert poison == [("event-1", "a bug")]
    assert calls.count("event-1") == events.TRIES_MAX
    assert handled == ["event-2", "event-3"]


async def test_a_command_is_answered_and_errors_keep_their_class(tmp_path):
    async def handle(question):
        if question == 0:
            raise Refused("no capacity", subject="lathe", remedy="Ask later")
        if question == 1:
            raise ZeroDivisionError
        return {"twice": 2 * question}

    async with broker_and_client(tmp_path) as (_, connection):
        await requests.answer(connection, "plan.promise", question=int, handle=handle)
        assert await requests.ask(connection, "plan.promise", 4, answer=dict[str, int]) == {
            "twice": 8
        }
        with pytest.raises(Refused, match="no capacity") as refused:
            await requests.ask(connection, "plan.promise", 0, answer=dict)
        assert refused.value.remedy == "Ask later"
        with pytest.raises(Broken, match="ZeroDivisionError"):
            await requests.ask(connection, "plan.promise", 1, answer=dict)
        with pytest.raises(Exception, match="not what this command takes"):
            await requests.ask(connection, "plan.promise", "x", answer=dict)
        with pytest.raises(Unreachable, match="no role answers"):
            await requests.ask(connection, "plan.nothing", 1, answer=dict)


def test_every_error_comes_back_as_itself():
    error = Conflict("already awarded", subject="rfq-1", remedy="Look again", code="awarded")
    back = requests.from_fault(requests.to_fault(error))
    assert (type(back), str(back), back.name) == (Conflict, str(error), "awarded")


async def taken(inbox, n):
    """The numbers of the next frames, each done."""
    found = []
    async with asyncio.timeout(60):
        while len(found) < n:
            for delivery in await inbox.take():
                found.append(delivery.what.happening.seq)
                await delivery.done()
    return found


async def test_a_feed_whose_consumer_the_broker_lost_makes_it_again(tmp_path):
    async with broker_and_client(tmp_path) as (_, connection):
        js = connection.jetstream()
        inbox = await feed.frames(js, name="history")
        await js.publish("tele.1", codec.pack(a_frame(0)))
        assert await taken(inbox, 1) == [0]
        await js.delete_consumer("TELEMETRY", "history")
        await js.publish("tele.1", codec.pack(a_frame(1)))
        assert await taken(inbox, 2) == [0, 1], "from the oldest; effects are known by number"


async def test_one_alone_under_its_name_takes_up_what_was_left_undone(tmp_path):
    async with broker_and_client(tmp_path) as (_, connection):
        js = connection.jetstream()
        for seq in range(4):
            await js.publish("tele.1", codec.pack(a_frame(seq)))
        first = await feed.frames(js, name="history", alone=True)
        one, *rest = await first.take()
        await one.done()
        assert len(rest) == 3
        await connection.flush()
        again = await feed.frames(js, name="history", alone=True)
        assert await taken(again, 3) == [1, 2, 3]
        plain = await feed.frames(js, name="history")
        assert await plain.backlog() == 0
