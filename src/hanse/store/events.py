"""The events of a node: appended, never changed, chained by SHA-256, found by what people ask."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from hanse.model.errors import BadInput
from hanse.model.event import Draft, Event
from hanse.model.ids import Ids
from hanse.model.time import Clock, from_ns, to_ns
from hanse.store.outbox import Outbox
from hanse.store.schema import EVENTS

CAUSES_MAX = 1_000
"""How many causes back an explanation is followed."""
GIVEN_MAX = 1_000
"""Events one query gives unless asked for fewer."""
ABOUT_BYTES_MAX = 64_000
START = "0" * 64
_HEAD = sa.select(EVENTS.c.seq, EVENTS.c.sum).order_by(EVENTS.c.seq.desc()).limit(1)
_BY_ID = sa.select(EVENTS).where(EVENTS.c.id == sa.bindparam("sought"))
_BY_ONCE = sa.select(EVENTS).where(EVENTS.c.once == sa.bindparam("sought"))
COVERED = ("seq", "id", "at_ns", "kind", "subject", "en", "zh", "cause", "loop", "by", "about")


class Events:
    """The events inside one transaction."""

    def __init__(
        self, connection: sa.Connection, *, clock: Clock, ids: Ids, outbox: Outbox
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._ids = ids
        self._outbox = outbox

    def append(self, draft: Draft, *, once: str | None = None) -> Event:
        """Record what happened and announce it on the node's own bus when this is committed.

        Args:
            draft: what happened; without a loop of its own it belongs to its cause's.
            once: a key under which it happens once: a second append gives the first event.

        Raises:
            BadInput: not of the shape of an event, ``about`` over ABOUT_BYTES_MAX, or its cause is
                not in this record.
        """
        known = None if once is None else self.by_once(once)
        if known is not None:
            return known
        event = self._dated(draft)
        row = row_of(event) | {"once": once}
        seq, before = self.head()
        row["seq"] = seq + 1
        row["sum"] = chained(before, row)
        self._connection.execute(EVENTS.insert(), row)
        self._outbox.announce(event, number=row["seq"])
        return event

    def append_once(self, once: str, draft: Draft) -> tuple[Event, bool]:
        """As `append` under a key, and whether it happened just now."""
        known = self.by_once(once)
        return (known, False) if known else (self.append(draft, once=once), True)

    def get(self, event: str) -> Event | None:
        """The event of that id, or None."""
        return self._one(_BY_ID, event)

    def by_once(self, once: str) -> Event | None:
        """The event appended under that key, or None."""
        return self._one(_BY_ONCE, once)

    def find(
        self,
        *,
        kind: str | None = None,
        subject: str | None = None,
        loop: str | None = None,
        cause: str | None = None,
        since_ns: int | None = None,
        before_ns: int | None = None,
        newest_first: bool = False,
        limit: int = GIVEN_MAX,
    ) -> list[Event]:
        """Events by what people ask, in the order they were recorded.

        Args:
            kind: the kind; ``alarm.*`` finds all kinds that begin so.
            subject: what it happened to.
            loop: all that one disturbance set off.
            cause: what one event led to directly.
            since_ns: not before that instant.
            before_ns: before that instant.
            newest_first: the last ones, falling.
            limit: at most so many.
        """
        exact = {"subject": subject, "loop": loop, "cause": cause}
        tests = [EVENTS.c[name] == value for name, value in exact.items() if value is not None]
        if kind is not None:
            tests.append(_of_kind(kind))
        if since_ns is not None:
            tests.append(EVENTS.c.at_ns >= since_ns)
        if before_ns is not None:
            tests.append(EVENTS.c.at_ns < before_ns)
        order = EVENTS.c.seq.desc() if newest_first else EVENTS.c.seq
        query = sa.select(EVENTS).where(*tests).order_by(order).limit(limit)
        return [event_of(row) for row in self._connection.execute(query).mappings()]

    def after(self, seq: int, *, limit: int = GIVEN_MAX) -> list[tuple[int, Event]]:
        """Events recorded after a number, each with its own: for replay and for live pages."""
        query = sa.select(EVENTS).where(EVENTS.c.seq > seq).order_by(EVENTS.c.seq).limit(limit)
        rows = self._connection.execute(query).mappings()
        return [(row["seq"], event_of(row)) for row in rows]

    def chain(self, event: str) -> list[Event]:
        """An event and what caused it, back to the first cause: the first cause comes first."""
        found: list[Event] = []
        here = self.get(event)
        while here is not None and len(found) < CAUSES_MAX:
            found.append(here)
            here = self.get(here.cause) if here.cause else None
        return found[::-1]

    def loops(self, *, limit: int = GIVEN_MAX) -> list[str]:
        """The loops that had an event last, newest first."""
        last = sa.func.max(EVENTS.c.seq)
        query = sa.select(EVENTS.c.loop).where(EVENTS.c.loop.is_not(None))
        query = query.group_by(EVENTS.c.loop).order_by(last.desc()).limit(limit)
        return list(self._connection.execute(query).scalars())

    def count(self, *, kind: str | None = None) -> int:
        """How many events there are."""
        query = sa.select(sa.func.count()).select_from(EVENTS)
        query = query if kind is None else query.where(_of_kind(kind))
        return int(self._connection.execute(query).scalar_one())

    def head(self) -> tuple[int, str]:
        """The last number and sum of the chain; ``(0, START)`` before the first event."""
        row = self._connection.execute(_HEAD).first()
        return (row.seq, row.sum) if row else (0, START)

    def _dated(self, draft: Draft) -> Event:
        event = Event(
            id=self._ids.new("event"),
            at=self._clock.now(),
            kind=draft.kind,
            subject=draft.subject,
            text=draft.text,
            cause=draft.cause,
            loop=draft.loop or self._loop_of(draft.cause),
            by=draft.by,
            about=draft.about,
        )
        return checked(event)

    def _loop_of(self, cause: str | None) -> str | None:
        if cause is None:
            return None
        found = self.get(cause)
        if found is None:
            raise BadInput("the cause is not in this record", subject=cause)
        return found.loop

    def _one(self, query: sa.Select[Any], sought: str) -> Event | None:
        row = self._connection.execute(query, {"sought": sought}).mappings().first()
        return None if row is None else event_of(row)


def checked(event: Event) -> Event:
    """The event as it will be read again: every bound held, ``about`` in plain JSON values.

    Raises:
        BadInput: a field is out of its bounds, or ``about`` is over ABOUT_BYTES_MAX.
    """
    try:
        body = msgspec.json.encode(event)
        plain = msgspec.json.decode(body, type=Event)
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        raise BadInput(f"not an event: {error}", subject=event.kind) from error
    if len(body) > ABOUT_BYTES_MAX:
        raise BadInput(
            f"an event carries at most {ABOUT_BYTES_MAX} bytes",
            subject=event.kind,
            remedy="Keep the rest as a document and name its hash",
        )
    return plain


def row_of(event: Event) -> dict[str, Any]:
    """An event as its SQL row, without number, key and sum."""
    return {
        "id": event.id,
        "at_ns": to_ns(event.at),
        "kind": event.kind,
        "subject": event.subject,
        "en": event.text.en,
        "zh": event.text.zh,
        "cause": event.cause,
        "loop": event.loop,
        "by": event.by,
        "about": msgspec.json.encode(event.about).decode(),
    }


def event_of(row: Mapping[Any, Any]) -> Event:
    """The event of a SQL row."""
    plain = {k: row[k] for k in ("id", "kind", "subject", "cause", "loop", "by")}
    plain |= {"at": from_ns(row["at_ns"]), "about": msgspec.json.decode(row["about"])}
    return msgspec.convert(plain | {"text": {"en": row["en"], "zh": row["zh"]}}, Event)


def chained(before: str, row: Mapping[Any, Any], covered: Iterable[str] = COVERED) -> str:
    """SHA-256 over the sum before and the row's covered columns, as a JSON array."""
    values = msgspec.json.encode([before, *(row[name] for name in covered)])
    return hashlib.sha256(values).hexdigest()


def _of_kind(kind: str) -> sa.ColumnElement[bool]:
    if kind.endswith(".*"):
        low = kind[:-1]
        return sa.and_(EVENTS.c.kind >= low, EVENTS.c.kind < low[:-1] + "/")
    return EVENTS.c.kind == kind
