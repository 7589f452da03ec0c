"""Plan versions: the newest kept plain, older ones packed, the oldest let go."""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

import msgspec
import sqlalchemy as sa

from hanse.model.errors import Broken, Conflict
from hanse.model.plan import PlanVersion
from hanse.model.time import to_ns
from hanse.store.schema import PLANS

VERSIONS_MAX = 500
"""Plan versions that are kept; when one more comes the oldest goes."""
_PLAIN, _PACKED = "msgpack", "msgpack+zlib"
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(PlanVersion).decode


class Plans:
    """The plan versions inside one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put(self, version: PlanVersion) -> None:
        """Keep the next version; it is the current one from now on.

        Raises:
            Conflict: its number does not follow the current one's: it was made from another plan.
        """
        newest = self.number()
        if version.number != newest + 1:
            raise Conflict(
                f"plan {version.number} does not follow plan {newest}",
                subject="plan",
                remedy="Plan again from the current version",
            )
        self._pack(newest)
        self._connection.execute(PLANS.insert(), _row_of(version))
        old = PLANS.c.number <= version.number - VERSIONS_MAX
        self._connection.execute(PLANS.delete().where(old))

    def number(self) -> int:
        """The current version's number; 0 before the first plan."""
        return int(self._connection.execute(sa.select(sa.func.max(PLANS.c.number))).scalar() or 0)

    def current(self) -> PlanVersion | None:
        """The current version, or None before the first."""
        return self.get(self.number())

    def get(self, number: int) -> PlanVersion | None:
        """One version, or None where there is none or it was let go.

        Raises:
            Broken: its bytes were changed on disk.
        """
        row = self._connection.execute(sa.select(PLANS).where(PLANS.c.number == number)).first()
        return None if row is None else version_of(row)

    def numbers(self) -> list[int]:
        """The versions that are kept, rising."""
        query = sa.select(PLANS.c.number).order_by(PLANS.c.number)
        return list(self._connection.execute(query).scalars())

    def _pack(self, number: int) -> None:
        query = sa.select(PLANS.c.body).where(PLANS.c.number == number, PLANS.c.form == _PLAIN)
        body = self._connection.execute(query).scalar_one_or_none()
        if body is not None:
            fresh = {"form": _PACKED, "body": zlib.compress(body, 1)}
            self._connection.execute(PLANS.update().where(PLANS.c.number == number).values(**fresh))


def _row_of(version: PlanVersion) -> dict[str, Any]:
    body = _encode(version)
    return {
        "number": version.number,
        "made_at_ns": to_ns(version.made_at),
        "cause": version.cause,
        "cost_minor": version.cost_minor,
        "assignments": len(version.assignments),
        "form": _PLAIN,
        "body": body,
        "sum": hashlib.sha256(body).hexdigest(),
    }


def version_of(row: Any) -> PlanVersion:
    """The version of a SQL row; ``sum`` covers the plain bytes."""
    try:
        body = zlib.decompress(row.body) if row.form == _PACKED else row.body
    except zlib.error as error:
        raise Broken("a plan was changed on disk", subject=f"plan {row.number}") from error
    if hashlib.sha256(body).hexdigest() != row.sum:
        raise Broken("a plan was changed on disk", subject=f"plan {row.number}")
    return _decode(body)
