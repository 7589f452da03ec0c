"""The writing thread outlives everything that is handed to it."""

import asyncio
import threading

import pytest
from tests.unit.store.records import draft, open_record

from hanse.model.errors import Conflict
from hanse.model.plant import Machine


@pytest.fixture
def store(tmp_path):
    with open_record(tmp_path / "record.sqlite") as store:
        yield store


def machine(key):
    return Machine(key=key, title="T", asset_type="t", work_centre="w")


def put(key):
    return lambda tx: tx.machines.put(machine(key))


def test_one_who_is_told_and_fails_does_not_stop_the_writing(store):
    heard = []

    def deaf(touched):
        raise RuntimeError("the loop is closed")

    store.on_commit(deaf)
    store.on_commit(heard.append)
    for _ in range(2):
        store.write_sync(lambda tx: tx.events.append(draft()))
    store.close()
    assert len(heard) == 2
    assert store._writer.unheard == 2


def test_even_an_exit_inside_a_write_reaches_only_its_caller(store):
    def leave(tx):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        store.write_sync(leave)
    store.write_sync(put("m1"))


async def test_a_write_given_up_before_its_turn_is_not_done_one_in_work_is(store):
    working, go_on = threading.Event(), threading.Event()

    def slow(tx):
        working.set()
        go_on.wait(10)
        tx.machines.put(machine("slow"))

    begun = asyncio.create_task(store.write(slow))
    await asyncio.to_thread(working.wait, 10)
    waiting = asyncio.create_task(store.write(put("given up")))
    await asyncio.sleep(0)
    for task in (begun, waiting):
        task.cancel()
    await asyncio.gather(begun, waiting, return_exceptions=True)
    go_on.set()
    await store.write(put("after"))
    assert [m.key for m in await store.read(lambda tx: tx.machines.all())] == ["after", "slow"]


def test_what_waits_when_the_record_is_closed_is_done_and_later_writes_are_refused(tmp_path):
    store = open_record(tmp_path / "record.sqlite")
    waiting = [store._writer.submit(put(f"m{n}")) for n in range(200)]
    store.close()
    store.close()
    assert all(w.exception() is None for w in waiting)
    with pytest.raises(Conflict, match="closed"):
        store.write_sync(put("late"))
    with open_record(tmp_path / "record.sqlite") as store:
        assert store.read_sync(lambda tx: tx.machines.count()) == 200
