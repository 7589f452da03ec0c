import asyncio
import contextlib
import datetime as dt

import msgspec
import pytest
from tests.conformance.connectors.builders import RealClock, a_world
from tests.unit.collect.test_intake import a_bind, an_intake

from hanse.collect import Mapping, connector, look_with
from hanse.collect.connectors.manual.config import ManualConfig
from hanse.collect.connectors.manual.source import Desk
from hanse.collect.connectors.memory import MemoryInFolder
from hanse.collect.connectors.push.config import PushConfig
from hanse.collect.connectors.push.source import Door, collect
from hanse.collect.doors import Delivery, Doors
from hanse.model.errors import BadInput, Conflict, NotAllowed, NotFound, TooMuch, Unreachable
from hanse.model.time import to_ns


def points_of(*binds):
    return Mapping(binds=binds).points()


def said(value, **changes):
    return Delivery(body=msgspec.json.encode(value), **{"token": "t", **changes})


class SettledIntake:
    """An intake whose sink keeps at once."""

    def __init__(self, *binds):
        self.inner, self.packer = an_intake(*binds, clock=RealClock())

    def __getattr__(self, name):
        return getattr(self.inner, name)

    async def settled(self):
        return


def a_door(tmp_path, *binds):
    intake = SettledIntake(*binds)
    door = Door(PushConfig(token="t"), points_of(*binds), intake, a_world(tmp_path))
    return door, intake


async def test_values_are_taken_with_the_senders_time(tmp_path):
    door, intake = a_door(tmp_path, a_bind(1), a_bind(2))
    at = "2026-03-01T10:00:00Z"
    got = await door.take(said({"a1": 1.5, "a2": True, "at": at, "other": 3}))
    await door.take(said([{"name": "a1", "value": 2, "at": 1772359200}]))
    frame = intake.packer.cut(0)
    assert (got.taken, got.rejected) == (2, ("other",))
    assert frame.value.tolist() == [1.5, 1.0, 2.0]
    sent = to_ns(dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC))
    assert frame.at_ns.tolist() == [sent] * 3


@pytest.mark.parametrize("body", [b"", b"[1]", b"3", b'[{"value": 3}]', b"[" * 200_000, b"\xff"])
async def test_bad_deliveries_are_refused_and_unknown_names_told(tmp_path, body):
    door, intake = a_door(tmp_path, a_bind(1))
    with pytest.raises(BadInput):
        await door.take(Delivery(body=body, token="t"))
    with pytest.raises(NotAllowed):
        await door.take(Delivery(body=b'{"a1": 1}', token="other"))
    assert len(intake.packer) == 0


async def test_a_sender_that_falls_silent_is_a_gap(tmp_path):
    bind = a_bind(1)
    intake = SettledIntake(bind)
    config = PushConfig(token="t", silent_s=0.2)
    with pytest.raises(Unreachable) as told:
        await collect(config, points_of(bind), intake, a_world(tmp_path, connection="d"))
    assert told.value.name == "no-notification"


async def test_a_door_is_open_once_and_only_while_its_connection_runs(tmp_path):
    doors = Doors()
    with doors.opened("d", None), pytest.raises(Conflict), doors.opened("d", None):
        pass
    with pytest.raises(NotFound):
        await doors.deliver("d", said({}))


def a_desk(tmp_path, intake, *binds, **settings):
    memory = MemoryInFolder(tmp_path / "memory")
    world = a_world(tmp_path, memory=memory, connection="desk")
    return Desk(ManualConfig(token="t", **settings), points_of(*binds), intake, world)


async def test_counters_survive_a_restart_and_an_entry_sent_twice_counts_once(tmp_path):
    bind = a_bind(1)
    intake = SettledIntake(bind)
    at = 1_772_359_200
    for n in range(3):
        desk = a_desk(tmp_path, intake, bind)
        entry = {"name": "a1", "add": 2, "id": f"press-{n}", "at": at}
        await desk.take(said(entry))
        await desk.take(said([entry]))
    frame = intake.packer.cut(0)
    assert frame.value.tolist() == [2.0, 4.0, 6.0]
    assert set(frame.at_ns.tolist()) == {at * 10**9}


async def test_bad_entries_are_told_one_by_one(tmp_path):
    bind = a_bind(1)
    intake = SettledIntake(bind)
    desk = a_desk(tmp_path, intake, bind, step_max=10)
    entries = [{"name": "a1", "add": 11}, {"name": "x", "value": 1}, {"name": "a1", "value": 3}]
    got = await desk.take(said(entries))
    assert (got.taken, len(got.rejected)) == (1, 2)
    with pytest.raises(NotAllowed):
        await desk.take(said(entries, token=""))
    assert (await desk.take(said(entries[2], token="", by="ann"))).taken == 1
    for body in (b"", b'{"nam": 1}', b'{"name": "a1", "value": {}}'):
        with pytest.raises(BadInput):
            await desk.take(Delivery(body=body, token="t"))


def test_memory_keeps_the_old_or_the_new_text_and_is_bounded(tmp_path):
    memory = MemoryInFolder(tmp_path / "m")
    assert memory.get("a") == ""
    memory.put("a", "1")
    memory.put("a", "2")
    assert MemoryInFolder(tmp_path / "m").get("a") == "2"
    with pytest.raises(TooMuch):
        memory.put("a", "x" * 1_000_001)


async def test_nobody_waits_at_a_door_that_was_closed(tmp_path):
    world = a_world(tmp_path, connection="d")
    task = asyncio.create_task(collect(PushConfig(token="t"), (), SettledIntake(), world))
    await asyncio.sleep(0.05)
    assert (await world.doors.deliver("d", said({}))).taken == 0
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    with pytest.raises(NotFound):
        await world.doors.deliver("d", said({}))


async def test_what_people_usually_enter_is_proposed(tmp_path):
    seen = await look_with(connector("manual"), ManualConfig(), a_world(tmp_path), asset="saw")
    (asset,) = seen.assets
    kinds = {p.line.name: p.line.kind.value for p in asset.signals if p.chosen}
    assert kinds == {
        "parts_good": "counter",
        "parts_scrap": "counter",
        "state": "state",
        "stop_reason": "text",
    }
