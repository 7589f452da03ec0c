"""Writing to machines: off as shipped; where it is on, per signal, with bounds, rate and audit."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, Protocol

from msgspec import Meta, Struct

from hanse.collect.collector import Connection
from hanse.collect.ports import Connector, Value, World
from hanse.model.errors import HanseError, NotAllowed, TooMuch
from hanse.model.time import Instant

WRITES_PER_MINUTE_MAX = 60
TEXTS_ALLOWED_MAX = 100


class Allowed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One signal that may be written, and to what.

    A number must lie in ``low..high``; a text must be one of ``texts``. ``per_minute`` bounds
    how often.
    """

    signal: int
    low: float | None = None
    high: float | None = None
    texts: Annotated[tuple[str, ...], Meta(max_length=TEXTS_ALLOWED_MAX)] = ()
    per_minute: Annotated[int, Meta(ge=1, le=WRITES_PER_MINUTE_MAX)] = 6


class Written(Struct, frozen=True, kw_only=True):
    """One attempt to write, for the audit log; ``refused`` is empty when the device took it."""

    at: Instant
    connection: str
    signal: int
    value: Value
    by: str
    refused: str = ""


class Audit(Protocol):
    """Where every attempt to write is recorded, before and after."""

    async def intend(self, written: Written) -> None:
        """Recorded before the device is touched; if this raises, nothing is written."""
        ...

    async def done(self, written: Written) -> None:
        """What came of it."""
        ...


class Guard:
    """The only way to write to a device.

    Args:
        connection: the device.
        connector: its protocol.
        world: what the connector needs.
        audit: where attempts are recorded.
        allowed: signals that may be written; empty, as shipped, means none.
    """

    def __init__(
        self,
        connection: Connection,
        connector: Connector,
        *,
        world: World,
        audit: Audit,
        allowed: tuple[Allowed, ...] = (),
    ) -> None:
        self._connection = connection
        self._connector = connector
        self._world = dataclasses.replace(world, connection=connection.key)
        self._audit = audit
        self._allowed = {rule.signal: rule for rule in allowed}
        self._times_s: dict[int, list[float]] = {}

    async def write(self, signal: int, value: Value, *, by: str) -> None:
        """Write one signal for a person or rule, if it may be.

        Raises:
            NotAllowed: writing this signal, or this value, is not allowed.
            TooMuch: more often than allowed.
            Refused, Unreachable: the device did not take it.
        """
        attempt = Written(
            at=self._world.clock.now(),
            connection=self._connection.key,
            signal=signal,
            value=value,
            by=by,
        )
        try:
            self._check(signal, value)
            await self._audit.intend(attempt)
            await self._send(signal, value)
        except HanseError as error:
            await self._audit.done(_refused(attempt, error))
            raise
        await self._audit.done(attempt)

    def _check(self, signal: int, value: Value) -> None:
        rule = self._allowed.get(signal)
        if rule is None or self._connector.write is None:
            raise NotAllowed(
                "writing is off for this signal",
                subject=str(signal),
                remedy="The owner can allow it with bounds on the connection's page",
            )
        if not _fits(rule, value):
            raise NotAllowed(
                "the value is outside what is allowed",
                subject=f"{signal} = {value}",
                remedy=f"Allowed is {rule.low} to {rule.high} {' '.join(rule.texts)}".rstrip(),
            )
        self._check_rate(rule)

    def _check_rate(self, rule: Allowed) -> None:
        now_s = self._world.clock.monotonic_s()
        recent = [t for t in self._times_s.get(rule.signal, []) if now_s - t < 60]
        if len(recent) >= rule.per_minute:
            raise TooMuch(
                f"at most {rule.per_minute} writes a minute",
                subject=str(rule.signal),
                remedy="Wait a minute",
            )
        self._times_s[rule.signal] = [*recent, now_s]

    async def _send(self, signal: int, value: Value) -> None:
        mapping, write = self._connection.mapping, self._connector.write
        slot, bound = next((n, b) for n, b in enumerate(mapping.binds) if b.signal.id == signal)
        raw = value
        if isinstance(value, int | float) and not isinstance(value, bool):
            raw = (value - bound.offset) / bound.scale
        settings = self._connection.settings
        try:
            if write is not None:
                await write(settings, self._world, mapping.points()[slot], raw)
        except HanseError:
            raise
        except Exception as error:
            raise self._connector.explain(error, settings) from error


def _fits(rule: Allowed, value: Value) -> bool:
    if isinstance(value, str):
        return value in rule.texts
    number = float(value)
    above = rule.low is not None and number >= rule.low
    below = rule.high is not None and number <= rule.high
    return math.isfinite(number) and above and below


def _refused(attempt: Written, error: HanseError) -> Written:
    return Written(
        at=attempt.at,
        connection=attempt.connection,
        signal=attempt.signal,
        value=attempt.value,
        by=attempt.by,
        refused=f"{error.name}: {error.what}",
    )
