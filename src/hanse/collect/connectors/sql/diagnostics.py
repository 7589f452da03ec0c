"""What database errors mean and what to do about them."""

from __future__ import annotations

import sqlalchemy as sa

from hanse.collect.connectors.network import explain_network
from hanse.collect.connectors.sql.config import SqlConfig
from hanse.model.errors import BadConfig, HanseError, Refused, Unreachable


def explain(error: BaseException, settings: SqlConfig) -> HanseError:
    """An error of the database as one that says what to do now."""
    where = settings.url.rpartition("@")[2][:200]
    if isinstance(error, sa.exc.ArgumentError | sa.exc.NoSuchModuleError | ModuleNotFoundError):
        return BadConfig(
            f"not a database address: {error}"[:300],
            subject=where,
            remedy="Write it as SQLAlchemy does, and install the driver it names",
        )
    if isinstance(error, sa.exc.OperationalError):
        text = str(error.orig).strip()[:300]
        if "password" in text or "authentication" in text:
            return Refused(text, subject=where, remedy="Check user and password", code="login")
        return Unreachable(
            text, subject=where, remedy="Check that the database runs and lets this node in"
        )
    if isinstance(error, sa.exc.SQLAlchemyError):
        return Unreachable(
            str(error).partition("\n")[0][:300],
            subject=where,
            remedy="Check that this user may read the table",
        )
    return explain_network(error, where)
