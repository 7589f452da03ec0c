"""The database goes away, comes back, or is held by somebody else."""

import sqlite3

import pytest
from tests.conformance.store.places import postgresql_server, server_binaries
from tests.faults.store.child import step
from tests.unit.store.records import fill, open_record

from hanse.model.errors import BadConfig, Conflict, Unreachable
from hanse.model.ids import Counter
from hanse.model.time import StillClock
from hanse.store import Store, engine
from hanse.store.verify import verify


@pytest.mark.skipif(server_binaries() is None, reason="PostgreSQL is not on this machine")
def test_a_server_that_goes_away_is_an_error_that_says_so_and_work_goes_on_when_it_is_back():
    with (
        postgresql_server() as server,
        Store.open(server.url, clock=StillClock(), ids=Counter()) as store,
    ):
        fill(store)
        before = store.write_sync(lambda tx: step(tx, "a", 0))
        server.stop()
        for use in (store.write_sync, store.read_sync):
            with pytest.raises(Unreachable) as told:
                use(lambda tx: tx.events.count())
            assert told.value.remedy
        server.start()
        assert store.read_sync(lambda tx: tx.events.get(before)) is not None
        store.write_sync(lambda tx: step(tx, "a", 1))
        assert verify(store).findings == ()


def test_a_record_held_by_another_process_is_an_error_that_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "BUSY_MS_MAX", 100)
    with open_record(tmp_path / "record.sqlite") as store:
        holder = sqlite3.connect(tmp_path / "record.sqlite", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unreachable, match="another process holds the record"):
            store.write_sync(lambda tx: step(tx, "a", 0))
        assert store.read_sync(lambda tx: tx.events.count()) == 0
        holder.execute("ROLLBACK")
        holder.close()
        store.write_sync(lambda tx: step(tx, "a", 0))


def test_a_backup_is_whole_and_knows_that_it_is_a_copy(tmp_path):
    with open_record(tmp_path / "record.sqlite") as store:
        fill(store)
        copy = store.backup(tmp_path / "copy.sqlite")
        store.write_sync(lambda tx: step(tx, "later", 0))
        assert store.copied_ns is None
        with pytest.raises(Conflict):
            store.backup(copy)
    with open_record(copy) as restored:
        assert restored.copied_ns
        assert restored.read_sync(lambda tx: tx.events.count()) == 3
        assert verify(restored).findings == ()
        restored.caught_up()
        assert restored.copied_ns is None


def test_a_restored_record_numbers_on_behind_what_a_partner_has_seen(tmp_path):
    with open_record(tmp_path / "record.sqlite") as store:
        store.write_sync(lambda tx: step(tx, "x", 0))
        store.write_sync(lambda tx: tx.outbox.continue_after("peer:x", 41))
        store.write_sync(lambda tx: tx.outbox.continue_after("peer:x", 3))
        assert store.read_sync(lambda tx: tx.outbox.next_number("peer:x")) == 42


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite://", "nonsense://"])
def test_a_place_that_is_no_record_is_refused_with_what_to_write(url):
    with pytest.raises(BadConfig, match="SQLite file or in PostgreSQL"):
        Store.open(url, clock=StillClock(), ids=Counter())


def test_a_file_that_is_no_record_is_told_and_left_alone(tmp_path):
    path = tmp_path / "record.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    before = path.read_bytes()
    with pytest.raises(Exception, match="the record is damaged"):
        open_record(path)
    assert path.read_bytes() == before
