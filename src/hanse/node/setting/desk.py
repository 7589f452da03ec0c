"""The collect role's side: who asks is looked up, the guard decides, the record remembers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import msgspec
from msgspec import Struct
from nats.aio.client import Client

from hanse.collect.ports import World
from hanse.collect.registry import connector
from hanse.collect.write import STATE, Guard
from hanse.model.door import Role
from hanse.model.errors import Conflict, HanseError, NotAllowed, NotFound, Unreachable
from hanse.model.setting import SetState, SignalSet
from hanse.node.collecting.wire import set_at
from hanse.node.connections import Setup, connection_of, mapping_of, setups
from hanse.node.context import Context
from hanse.node.setting.proposing import RULE
from hanse.node.setting.records import begin, keep_set, lapse, open_sets, role_of, set_named
from hanse.node.setting.tap import Tap
from hanse.store import Store, Tx
from hanse.transmit.nats.requests import ask

ANSWER_S = 60.0


class SetAsk(Struct, frozen=True, kw_only=True):
    """Set a signal; or agree to, or decline, an attempt that waits (``wish`` names it)."""

    deed: Literal["set", "agree", "decline"] = "set"
    wish: SignalSet
    by: str


async def ask_set(client: Client, connection: str, asked: SetAsk) -> SignalSet:
    """Ask for a signal to be set; the same ``wish.id`` again is answered and not done again.

    Raises:
        NotFound: the connection is off.
        Unreachable: no answer; what became of it stands on the record under its id.
        NotAllowed, BadInput, Conflict, TooMuch, Refused: it was not sent.
    """
    try:
        return await ask(client, set_at(connection), asked, answer=SignalSet, wait_s=ANSWER_S)
    except Unreachable as error:
        if error.what != "no role answers this":
            raise
        raise NotFound(
            "nothing is collected from its connection now",
            subject=connection[:80],
            remedy="Switch the connection on",
        ) from error


class SetDesk:
    """Answers for the connections that run in this process."""

    def __init__(self, context: Context, world: Callable[[], World], tap: Tap) -> None:
        self._context = context
        self._store = context.store
        self._world = world
        self._tap = tap
        self._guards: dict[str, tuple[Setup, Guard]] = {}

    async def handle(self, connection: str, asked: SetAsk) -> SignalSet:
        """Do what is asked, once."""
        await self._store.write(lapse)
        known = await self._store.read(lambda tx: set_named(tx, asked.wish.id))
        role = await self._store.read(lambda tx: role_of(tx, asked.by))
        guard = await self._guard(connection)
        if asked.deed == "set":
            return known or await self._set(guard, asked, role)
        return await self._decide(guard, asked, known, role)

    async def _set(self, guard: Guard, asked: SetAsk, role: Role | None) -> SignalSet:
        wish = msgspec.structs.replace(
            asked.wish, by=asked.by, state=SetState.WAITING, at=self._context.clock.now()
        )
        try:
            if guard.check(wish, role).second:
                return await self._keep(wish)
            return await self._kept(await guard.set(wish, role))
        except HanseError as error:
            await self._not_sent(wish, error)
            raise

    async def _decide(
        self, guard: Guard, asked: SetAsk, known: SignalSet | None, role: Role | None
    ) -> SignalSet:
        if known is None or known.state is not SetState.WAITING:
            raise Conflict("this waits for nobody", subject=asked.wish.id)
        if known.by == asked.by and asked.deed == "agree":
            raise NotAllowed("another person has to agree", subject=known.asset)
        agreed = msgspec.structs.replace(known, agreed_by=asked.by)
        guard.check(agreed, role)
        if asked.deed == "decline":
            return await self._keep(msgspec.structs.replace(agreed, state=SetState.DECLINED))
        if known.by.startswith(RULE) and guard.rule(known.asset, known.name).second:
            first = msgspec.structs.replace(known, by=asked.by)
            return await self._keep(first)  # two people, also where a rule asked first
        return await self._kept(await guard.set(agreed, role))

    async def _keep(self, attempt: SignalSet) -> SignalSet:
        return await self._store.write(lambda tx: keep_set(tx, attempt))

    async def _kept(self, done: SignalSet) -> SignalSet:
        """An attempt as it stands on record: with its event."""
        return await self._store.read(lambda tx: set_named(tx, done.id)) or done

    async def _not_sent(self, wish: SignalSet, error: HanseError) -> None:
        """An attempt that came to nothing is on record as well, once."""

        def write(tx: Tx) -> None:
            known = set_named(tx, wish.id)
            if known is None or known.state is SetState.WAITING:
                why = str(error)[:400]
                keep_set(tx, msgspec.structs.replace(wish, state=SetState.REFUSED, why=why))

        await self._store.write(write)

    async def _guard(self, connection: str) -> Guard:
        setup = await self._store.read(lambda tx: setups(tx).need(connection))
        kept = self._guards.get(connection)
        if kept is None or kept[0] != setup:
            mapping = await self._store.write(lambda tx: mapping_of(tx, setup))
            made = Guard(
                connection_of(setup, mapping),
                connector(setup.protocol),
                world=self._world(),
                audit=_OnRecord(self._store),
                seen=self._tap,
                rules=setup.sets,
            )
            kept = self._guards[connection] = setup, made
        return kept[1]

    async def watch(self, setup: Setup) -> None:
        """Keep the last values that the guard of a connection will ask for."""
        if not setup.sets or connector(setup.protocol).read is not None:
            return
        wanted = {(r.asset, name) for r in setup.sets for name in (r.name, STATE)}
        mapping = await self._store.write(lambda tx: mapping_of(tx, setup))
        self._tap.watch(
            b.signal.id for b in mapping.binds if (b.signal.asset, b.signal.name) in wanted
        )


class _OnRecord:
    """A `hanse.collect.write.Audit`: attempts and their events, in one transaction each."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def intend(self, attempt: SignalSet) -> None:
        """Before the device is touched."""
        await self._store.write(partial(begin, attempt=attempt))

    async def done(self, attempt: SignalSet) -> None:
        """What came of it."""

        def write(tx: Tx) -> None:
            sent = open_sets(tx).get(attempt.id)
            keep_set(tx, msgspec.structs.replace(attempt, event=sent.event if sent else ""))

        await self._store.write(write)
