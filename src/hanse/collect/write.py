"""Setting signals of devices: off as shipped; where it is on, through this guard and no other way.

The guard stands beside the connector. It asks the device what the signal and the machine's state
are, records what it is about to do, sends it once, and reads it back. A command that may have been
carried out is never sent again by itself: it ends as `SetState.UNSURE`, for a person to look.
"""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Protocol

import msgspec

from hanse.collect.collector import Connection
from hanse.collect.mapping import Bind
from hanse.collect.picking import pick
from hanse.collect.ports import Connector, Point, World
from hanse.collect.settable import check_person, check_state, check_value, same
from hanse.model.door import Role
from hanse.model.errors import BadInput, HanseError, NotAllowed, Refused, TooMuch
from hanse.model.setting import SetState, Settable, SignalSet, Value
from hanse.model.time import NS_PER_S, Instant

SEND_S_MAX = 15.0
"""How long a device has to answer a write."""
READ_S_MAX = 10.0
STATE_AGE_S_MAX = 60.0
"""A state that is not asked for but was told counts for so long."""
LOOK_AGAIN_S = 0.2
STATE = "state"
_RATE_S = 60.0


class Audit(Protocol):
    """Where every attempt is recorded, before the device is touched and after."""

    async def intend(self, attempt: SignalSet) -> None:
        """Recorded before; if this raises, nothing is sent.

        Raises:
            Conflict: this attempt was made before.
        """
        ...

    async def done(self, attempt: SignalSet) -> None:
        """What came of it."""
        ...


class Seen(Protocol):
    """What a device told last, for protocols in which nothing can be asked."""

    async def newest(
        self, signal: int, *, since_ns: int, wait_s: float
    ) -> tuple[Value, int] | None:
        """A value and its time, later than ``since_ns``; waited for, None where none came."""
        ...


class Guard:
    """The only way to set a signal of one connection's device.

    Args:
        connection: the device.
        connector: its protocol.
        world: what the connector needs.
        audit: where attempts are recorded.
        seen: what was told last, by those that cannot be asked.
        rules: the signals that may be set; empty, as shipped, means none.
    """

    def __init__(
        self,
        connection: Connection,
        connector: Connector,
        *,
        world: World,
        audit: Audit,
        seen: Seen,
        rules: tuple[Settable, ...] = (),
    ) -> None:
        self._connection = connection
        self._connector = connector
        self._world = dataclasses.replace(world, connection=connection.key)
        self._audit = audit
        self._seen = seen
        self._rules = {(rule.asset, rule.name): rule for rule in rules}
        self._binds = {(b.signal.asset, b.signal.name): b for b in connection.mapping.binds}
        self._times_s: dict[tuple[str, str], list[float]] = {}
        self._turn = asyncio.Lock()

    def rule(self, asset: str, name: str) -> Settable:
        """What its owner allows for a signal.

        Raises:
            NotAllowed: nothing.
        """
        rule = self._rules.get((asset, name))
        if rule is None or self._connector.write is None or (asset, name) not in self._binds:
            raise NotAllowed(
                "setting this signal is off",
                subject=f"{asset} {name}",
                remedy="The owner can allow it with bounds on the connection's page",
            )
        return rule

    def check(self, wish: SignalSet, role: Role | None) -> Settable:
        """Whether someone may set this, as far as it can be told without asking the device.

        Raises:
            NotAllowed, BadInput: no, and why.
        """
        rule = self.rule(wish.asset, wish.name)
        check_person(rule, role, at=self._world.clock.now())
        check_value(rule, wish.value)
        return rule

    async def set(self, wish: SignalSet, role: Role | None) -> SignalSet:
        """Set a signal once, if it may be, and tell what came of it. One after another.

        Raises:
            NotAllowed, BadInput, Conflict, TooMuch: it may not be; nothing was sent.
            Unreachable, Refused: the device could not be asked first; nothing was sent.
        """
        async with self._turn:
            rule = self.check(wish, role)
            bind = self._binds[wish.asset, wish.name]
            known = await self._before(rule, bind)
            self._check_rate(rule)
            attempt = msgspec.structs.replace(
                wish, state=SetState.SENT, old=known, unit=bind.signal.unit
            )
            await self._audit.intend(attempt)
            done = await self._carried_out(rule, bind, attempt)
            await self._audit.done(done)
            return done

    # -- before ----------------------------------------------------------------------------

    async def _before(self, rule: Settable, bind: Bind) -> Value | None:
        """What it reads now, and whether the machine is in a state for it."""
        state = self._binds.get((rule.asset, STATE)) if rule.states else None
        now_ns = self._world.clock.ns()
        if self._connector.read is None:
            since_ns = now_ns - round(STATE_AGE_S_MAX * NS_PER_S)
            told = state and await self._seen.newest(state.signal.id, since_ns=since_ns, wait_s=0)
            check_state(rule, told[0] if told else None)
            old = await self._seen.newest(bind.signal.id, since_ns=0, wait_s=0)
            return old[0] if old else None
        wanted = [bind, state] if state else [bind]
        values = await self._asked(wanted)
        check_state(rule, values[1] if state else None)
        return values[0]

    def _check_rate(self, rule: Settable) -> None:
        now_s, key = self._world.clock.monotonic_s(), (rule.asset, rule.name)
        recent = [t for t in self._times_s.get(key, []) if now_s - t < _RATE_S]
        if len(recent) >= rule.per_minute:
            raise TooMuch(
                f"at most {rule.per_minute} times a minute",
                subject=f"{rule.asset} {rule.name}",
                remedy="Wait a minute",
            )
        self._times_s[key] = [*recent, now_s]

    # -- the deed --------------------------------------------------------------------------

    async def _carried_out(self, rule: Settable, bind: Bind, attempt: SignalSet) -> SignalSet:
        sent_ns = self._world.clock.ns()
        try:
            async with asyncio.timeout(SEND_S_MAX):
                await self._send(rule, bind, attempt.value)
        except (Refused, NotAllowed, BadInput) as error:
            return _ended(attempt, SetState.REFUSED, why=_why(error))
        except HanseError as error:
            return await self._looked(rule, bind, attempt, why=_why(error))
        except TimeoutError:
            return await self._looked(rule, bind, attempt, why="the device did not answer")
        read, at = await self._read_back(rule, bind, attempt.value, sent_ns)
        if same(attempt.value, read, tolerance=rule.tolerance):
            return _ended(attempt, SetState.WRITTEN, read=read, at=at)
        if read is None:
            why = "the device took it, and it could not be read back"
            return _ended(attempt, SetState.UNSURE, why=why)
        return _ended(attempt, SetState.DIFFERS, read=read, at=at)

    async def _looked(
        self, rule: Settable, bind: Bind, attempt: SignalSet, *, why: str
    ) -> SignalSet:
        """It may have been carried out: the device is asked, and nothing is sent again."""
        now_ns = self._world.clock.ns()
        read, at = await self._read_back(rule, bind, attempt.value, now_ns)
        arrived = same(attempt.value, read, tolerance=rule.tolerance)
        changed = not same(attempt.value, attempt.old, tolerance=rule.tolerance)
        state = SetState.WRITTEN if arrived and changed else SetState.UNSURE
        return _ended(attempt, state, read=read, at=at, why=why)

    async def _send(self, rule: Settable, bind: Bind, value: Value) -> None:
        settings, write = self._connection.settings, self._connector.write
        if write is None:
            return
        point = _point(bind)
        if rule.address or rule.payload:
            point = msgspec.structs.replace(
                point, address=rule.address or point.address, path="", type="",
                payload=rule.payload,
            )  # fmt: skip
        try:
            await write(settings, self._world, point, raw_of(bind, value))
        except HanseError:
            raise
        except (OSError, TimeoutError):
            raise TimeoutError from None
        except Exception as error:
            raise self._connector.explain(error, settings) from error

    # -- after -----------------------------------------------------------------------------

    async def _read_back(
        self, rule: Settable, bind: Bind, wanted: Value, since_ns: int
    ) -> tuple[Value | None, Instant | None]:
        """What it reads until it is what was written, at most ``read_back_s``."""
        clock, read = self._world.clock, None
        until_s = clock.monotonic_s() + rule.read_back_s
        while True:
            left_s = until_s - clock.monotonic_s()
            try:
                found = await self._now(bind, since_ns, max(0.0, left_s))
                read = read if found is None else found
            except HanseError:
                left_s = min(left_s, until_s - clock.monotonic_s())
            if same(wanted, read, tolerance=rule.tolerance) or left_s <= 0:
                return read, None if read is None else clock.now()
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _now(self, bind: Bind, since_ns: int, wait_s: float) -> Value | None:
        if self._connector.read is not None:
            return (await self._asked([bind]))[0]
        told = await self._seen.newest(bind.signal.id, since_ns=since_ns, wait_s=wait_s)
        return told[0] if told else None

    async def _asked(self, binds: list[Bind]) -> list[Value | None]:
        read, settings = self._connector.read, self._connection.settings
        if read is None:
            return [None] * len(binds)
        try:
            async with asyncio.timeout(READ_S_MAX):
                found = await read(settings, self._world, [_point(b) for b in binds])
        except HanseError:
            raise
        except Exception as error:
            raise self._connector.explain(error, settings) from error
        return [_scaled(b, value) for b, value in zip(binds, found, strict=True)]


def raw_of(bind: Bind, value: Value) -> Value:
    """A signal's value as the device has it: without scale and offset."""
    if isinstance(value, str | bool) or (bind.scale == 1.0 and not bind.offset):
        return value
    return (value - bind.offset) / bind.scale


def _scaled(bind: Bind, found: object) -> Value | None:
    raw = pick(found, bind.path) if bind.path else found
    if isinstance(raw, bool | str):
        return raw
    return float(raw) * bind.scale + bind.offset if isinstance(raw, int | float) else None


def _point(bind: Bind) -> Point:
    signal = bind.signal
    return Point(slot=0, address=bind.address, kind=signal.kind, path=bind.path, type=bind.type)


def _why(error: HanseError) -> str:
    return str(error)[:400]


def _ended(
    attempt: SignalSet,
    state: SetState,
    *,
    read: Value | None = None,
    at: Instant | None = None,
    why: str = "",
) -> SignalSet:
    return msgspec.structs.replace(attempt, state=state, read=read, read_at=at, why=why)
