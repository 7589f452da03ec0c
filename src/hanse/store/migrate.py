"""Bringing a record to this version of Hanse: once, under a lock, or not at all."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from hanse.model.errors import Conflict

NEWEST = "0001"
"""The revision this version of Hanse writes; a test holds that it is the last migration."""
_KNOWN = frozenset({"0001"})
_FOLDER = Path(__file__).parent / "migrations"


def to_newest(engine: sa.Engine) -> None:
    """Run the migrations a record still needs, in one transaction that keeps all others out.

    Raises:
        Conflict: a newer Hanse wrote it.
    """
    with engine.begin() as connection:
        revision = revision_of(connection)
        if revision == NEWEST:
            return
        if revision is not None and revision not in _KNOWN:
            raise Conflict(
                f"a newer Hanse wrote this record (revision {revision}, this one knows {NEWEST})",
                subject=engine.url.render_as_string(hide_password=True),
                remedy="Install that version again, or restore the backup made before it",
            )
        _upgrade(connection)


def revision_of(connection: sa.Connection) -> str | None:
    """The revision a record is at, or None where there is none yet."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    query = sa.text("SELECT version_num FROM alembic_version")
    revision: str | None = connection.execute(query).scalar_one_or_none()
    return revision


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
