"""The record after kill -9, a full disk, flipped bits, and with two processes writing at once."""

import random
import resource
import subprocess
import sys
import time

import pytest
from tests.faults.store.child import step
from tests.unit.store.records import fill, open_record

from hanse.model.errors import HanseError, TooMuch
from hanse.store import peer_lane
from hanse.store.verify import verify

KILLS = 4
FLIPS = 30


def child(path, name, *count):
    command = [sys.executable, "-m", "tests.faults.store.child", str(path), name, *count]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert started.stdout.readline() == "ready\n"
    return started


def test_what_was_acknowledged_is_there_after_kill_9(tmp_path):
    path, dice, acknowledged = tmp_path / "record.sqlite", random.Random(7), []
    for n in range(KILLS):
        writer = child(path, f"w{n}")
        time.sleep(dice.uniform(0.02, 0.3))
        writer.kill()
        said = writer.communicate()[0]
        acknowledged += said[: said.rfind("\n") + 1].split()
        with open_record(path) as store:
            ids = {e.id for _, e in store.read_sync(lambda tx: tx.events.after(0, limit=10**6))}
            assert set(acknowledged) <= ids
            assert verify(store).findings == ()
    assert len(acknowledged) > KILLS


def test_two_processes_write_to_one_record_and_both_are_whole(tmp_path):
    path = tmp_path / "record.sqlite"
    open_record(path).close()
    writers = [child(path, name, "150") for name in ("a", "b")]
    said = [writer.communicate()[0].split() for writer in writers]
    with open_record(path) as store:
        assert store.read_sync(lambda tx: tx.events.count()) == 300
        for name, ids in zip("ab", said, strict=True):
            kept = store.read_sync(lambda tx, name=name: tx.events.find(subject=name))
            assert [e.id for e in kept] == ids
        assert verify(store).findings == ()


def test_a_full_disk_is_a_clear_error_and_nothing_is_lost(tmp_path):
    path = tmp_path / "record.sqlite"
    with open_record(path) as store:
        fill(store)
        written = fill_the_disk(store, path)
        assert store.read_sync(lambda tx: tx.events.count()) == written
        assert store.write_sync(lambda tx: step(tx, "after", 0))
        assert verify(store).findings == ()


def fill_the_disk(store, path):
    """Write until no file of this process may grow any more; how many events there are then."""
    size = max(p.stat().st_size for p in path.parent.iterdir())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100_000, hard))
    try:
        with pytest.raises(TooMuch, match="the disk is full") as told:
            write_on(store)
        assert told.value.name == "disk-full"
        assert told.value.remedy
        return store.read_sync(lambda tx: tx.events.count())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write_on(store):
    for n in range(100_000):
        store.write_sync(lambda tx, n=n: step(tx, "filler", n))


def contents(path):
    """Everything a record says, or the error it gives, or the findings of verify."""
    try:
        with open_record(path) as store:
            found = verify(store).findings
            return found or store.read_sync(everything)
    except HanseError as error:
        return error


def everything(tx):
    tables = (tx.machines, tx.items, tx.work_orders, tx.signals, tx.users)
    return (
        [t.all() for t in tables],
        tx.events.after(0),
        tx.plans.current(),
        tx.outbox.due(peer_lane("x")),
        tx.audit.page(),
    )


def test_a_flipped_bit_is_found_or_harmless_never_believed(tmp_path):
    path = tmp_path / "record.sqlite"
    with open_record(path) as store:
        fill(store)
    whole, before, dice = path.read_bytes(), contents(path), random.Random(11)
    outcomes = {"told": 0, "harmless": 0, "believed": []}
    for _ in range(FLIPS):
        at, bit = dice.randrange(100, len(whole)), dice.randrange(8)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
        after = contents(path)
        if after == before:
            outcomes["harmless"] += 1
        elif isinstance(after, HanseError) or hasattr(after[0], "check"):
            outcomes["told"] += 1
        else:
            outcomes["believed"].append(at)
    print(outcomes)
    assert outcomes["believed"] == []
    assert outcomes["told"]
