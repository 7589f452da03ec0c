"""The migrations make exactly the tables the code works with."""

import pkgutil

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import hanse.store
from hanse.store import Store, migrate
from hanse.store.engine import engine_of, url_of
from hanse.store.spec import METADATA


def test_the_tables_of_the_migrations_are_those_of_the_code(place, store):
    for module in pkgutil.iter_modules(hanse.store.__path__, "hanse.store."):
        __import__(module.name)
    engine = engine_of(url_of(place), writes=False)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_the_newest_revision_is_the_last_migration():
    script = ScriptDirectory(str(migrate._FOLDER))
    assert script.get_current_head() == migrate.NEWEST
    assert {r.revision for r in script.walk_revisions()} == migrate._KNOWN


def test_a_migration_that_fails_leaves_nothing_behind(place, clock, ids, monkeypatch):
    monkeypatch.setattr(migrate, "_upgrade", _half)
    with pytest.raises(RuntimeError):
        Store.open(place, clock=clock, ids=ids)
    monkeypatch.undo()
    with Store.open(place, clock=clock, ids=ids) as store:
        assert store.read_sync(lambda tx: tx.machines.count()) == 0


def _half(connection):
    connection.execute(sa.text("CREATE TABLE machines (key TEXT)"))
    raise RuntimeError("power cut")
