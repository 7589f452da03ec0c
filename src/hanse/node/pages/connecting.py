"""Connections to equipment: their state, adding one, choosing signals, mappings as files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from secrets import token_urlsafe
from urllib.parse import quote

import msgspec
from msgspec import Struct

from hanse.collect.diagnostics import Diagnostics, LineState, Trouble
from hanse.collect.inspect import Look, look_with
from hanse.collect.mapping import Line, from_toml, to_toml
from hanse.collect.ports import World
from hanse.collect.registry import connector, connector_of_url, names, settings_of
from hanse.collect.scan import scan
from hanse.model.errors import BadInput, Conflict, NotFound, Unreachable
from hanse.model.event import Draft
from hanse.model.sample import Gap
from hanse.model.text import Text
from hanse.node.collecting import wire as collecting
from hanse.node.collecting.choosing import (
    every_type,
    free_name,
    keep_lines,
    known_types,
    own_networks,
    shown,
)
from hanse.node.collecting.heard import pause
from hanse.node.collecting.recognising import recognised
from hanse.node.collecting.secrets import revealed, secret_in, settled
from hanse.node.connections import (
    Pinned,
    RecordTrust,
    Setup,
    mapping_of,
    pins,
    setups,
    trust,
)
from hanse.node.context import Context
from hanse.node.pages.connection_facts import facts_of
from hanse.node.pages.connector_forms import given, kind_of
from hanse.node.pages.live import LiveValues
from hanse.store import Tx
from hanse.transmit.nats.requests import ask
from hanse.web.views.common import Deed, Done, Option, State, Tone
from hanse.web.views.connecting import (
    Answering,
    Choosing,
    ConnectionRow,
    ConnectionView,
    ConnectorKind,
    DoorSheet,
    Found,
    MappedSignal,
    TroubleRow,
)

_STATES = {
    LineState.RUNNING: State("running", Text("collecting", "采集中"), Tone.GOOD),
    LineState.CONNECTING: State("connecting", Text("connecting", "连接中"), Tone.BUSY),
    LineState.WAITING: State("waiting", Text("tries again", "重试中"), Tone.BAD),
    LineState.STOPPED: State("stopped", Text("stopped", "已停止"), Tone.QUIET),
    LineState.DONE: State("done", Text("read to its end", "已读完"), Tone.GOOD),
}


_PAUSED = State("paused", Text("paused", "已暂停"), Tone.QUIET)
_ABSENT = State("absent", Text("not running", "未运行"), Tone.BAD)
_DONE = {"pause": "paused", "resume": "resumed", "trust": "trusted", "remove": "removed"}
DOORS = frozenset({"manual", "push"})
"""Protocols that wait at a door of this node, each with a token of its own."""
TOKEN_BYTES = 18
GAPS_SHOWN_MAX = 50
PATH_SHOWN_MAX = 400
WRONG_SHOWN_MAX = 5
SCAN_S_MAX = 90.0
ANSWERING_MAX = 200


def world_of(context: Context) -> World:
    """What a connector may use, outside the collect role."""
    return World(
        clock=context.clock,
        dice=context.dice,
        trust=RecordTrust(context.store),
        keys=context.folder / "keys",
        secret=partial(secret_in, context.folder),
    )


class RecordConnections:
    """A `hanse.web.ports.Connections`."""

    def __init__(self, context: Context, live: LiveValues, url: str) -> None:
        self._context = context
        self._live = live
        self._url = url

    async def rows(self) -> tuple[ConnectionRow, ...]:
        """All connections."""
        found = await self._context.store.read(lambda tx: setups(tx).all())
        now = await self._diagnostics(s.key for s in found if s.enabled)
        return tuple(_row(setup, now.get(setup.key)) for setup in found)

    async def one(self, name: str) -> ConnectionView:
        """One connection."""

        def read(tx: Tx) -> tuple[Setup, list[Gap], list[int], Pinned | None]:
            setup = setups(tx).need(name)
            gaps = tx.gaps.where(connection=name, order="-start_ns", limit=GAPS_SHOWN_MAX)
            ids = [bind.signal.id for bind in mapping_of(tx, setup).binds]
            return setup, gaps, ids, pins(tx).get(name)

        setup, gaps, ids, pin = await self._context.store.read(read)
        now = (await self._diagnostics([name])).get(name)
        signals = tuple(
            MappedSignal(
                path=line.address[:PATH_SHOWN_MAX],
                asset=line.asset,
                name=line.name,
                unit=line.unit,
                value=self._value(signal),
            )
            for line, signal in zip(setup.lines, ids, strict=True)
        )
        return ConnectionView(
            row=_row(setup, now),
            gaps=tuple(gaps),
            signals=signals,
            facts=facts_of(setup, now, pin),
            deeds=_deeds(setup, pin),
            troubles=() if now is None else tuple(_trouble(t) for t in now.troubles),
            by_hand=setup.protocol in DOORS,
        )

    async def kinds(self) -> tuple[ConnectorKind, ...]:
        """The protocols this node speaks."""
        return tuple(kind_of(name) for name in names())

    async def add(self, kind: str, values: Mapping[str, str], *, by: str) -> Done:
        """Make a connection from the values of its form."""
        fields = given(kind, values)
        if kind in DOORS and "token" not in fields:
            fields["token"] = token_urlsafe(TOKEN_BYTES)
        asked = values.get("name", "")
        name = await self._put(settings_of(kind, fields), protocol=kind, name=asked, by=by)
        end = "/browse" if connector(kind).browse else "/mapping"
        return Done(text=Text("added", "已添加"), href=f"/connections/{name}{end}")

    async def add_url(self, url: str, *, name: str, by: str) -> Done:
        """Make a connection from an address; looking at the device comes next."""
        protocol, settings = connector_of_url(url)
        name = await self._put(settings, protocol=protocol.name, name=name, by=by)
        return Done(text=Text("added", "已添加"), href=f"/connections/{name}/browse")

    async def _put(self, settings: Struct, *, protocol: str, name: str, by: str) -> str:
        """Keep a new connection, its secrets with the keys; its name."""
        address = str(getattr(settings, "url", "") or getattr(settings, "host", ""))
        store = self._context.store
        key = name or await store.read(lambda tx: free_name(tx, protocol, _as_url(address)))
        kept = settled(self._context.folder, key, settings)
        setup = msgspec.convert({"key": key, "protocol": protocol, "settings": kept}, Setup)

        def write(tx: Tx) -> None:
            if setups(tx).get(key) is not None:
                raise Conflict("a connection of this name is there", subject=key)
            setups(tx).put(key, setup)
            tx.events.append(_noted("collect.connection_added", key, by))

        await store.write(write)
        return key

    async def browse(self, name: str, *, limit: int) -> tuple[Found, ...]:
        """Look at the device's tree, with proposals."""
        setup = await self._context.store.read(lambda tx: setups(tx).need(name))
        found = await look_at(self._context, setup)
        chosen = {line.address for line in setup.lines}
        rows = [
            Found(
                path=signal.line.address[:PATH_SHOWN_MAX],
                title=signal.line.name,
                value="" if signal.value is None else str(signal.value)[:100],
                unit=signal.line.unit,
                kind=signal.line.kind.value,
                asset=asset.key,
                name=signal.line.name,
                asset_type=asset.asset_type,
                chosen=signal.line.address in chosen if chosen else signal.chosen,
            )
            for asset in found.assets
            for signal in asset.signals
        ]
        return tuple(rows[:limit])

    async def asset_types(self) -> tuple[Option, ...]:
        """What a machine may be."""
        return tuple(Option(value=key, label=title) for key, title in known_types())

    async def choose(self, name: str, chosen: tuple[Choosing, ...], *, by: str) -> Done:
        """Collect these variables from now on."""
        setup = await self._context.store.read(lambda tx: setups(tx).need(name))
        found = await look_at(self._context, setup)
        known = {s.line.address: s.line for a in found.assets for s in a.signals}
        lines = [_line(known, c) for c in chosen]
        types = {c.asset: c.asset_type for c in chosen if c.asset_type}
        await self._collect(setup, lines, types=types, by=by)
        machines = ", ".join(sorted({line.asset for line in lines}))
        text = Text(
            f"{len(lines)} signals of {machines} are collected from now on",
            f"今后采集 {machines} 的 {len(lines)} 个信号",
        )
        return Done(text=text, href="/machines")

    async def mapping(self, name: str) -> str:
        """What a connection collects, as a TOML file."""
        return to_toml((await self._need(name)).lines)

    async def put_mapping(self, name: str, text: str, *, by: str) -> Done:
        """Collect what a TOML file says from now on; all of it or nothing."""
        lines, wrong = from_toml(text)
        if wrong:
            told = "; ".join(f"{e.subject}: {e.what}" for e in wrong[:WRONG_SHOWN_MAX])
            raise BadInput(told, subject=name, remedy="Correct these tables; nothing was changed")
        await self._collect(await self._need(name), lines, types={}, by=by)
        return Done(text=Text("collecting", "开始采集"), href=f"/connections/{name}")

    async def link(self, name: str) -> DoorSheet:
        """The address of a door for values, with its token: for the owner's eyes."""
        setup = await self._need(name)
        if setup.protocol not in DOORS:
            raise NotFound("this connection has no door", subject=name)
        settings = settings_of(setup.protocol, setup.settings)
        token = revealed(self._context.folder, getattr(settings, "token", ""))
        manual = setup.protocol == "manual"
        path = f"/count/{quote(name)}/{quote(token)}" if manual else f"/push/v1/{quote(name)}"
        machines = tuple(sorted({line.asset for line in setup.lines}))
        return DoorSheet(
            connection=name,
            url=self._url.rstrip("/") + path,
            token="" if manual else token,
            machines=machines,
        )

    async def networks(self) -> tuple[str, ...]:
        """Networks that may be looked through when a person says so."""
        return await asyncio.to_thread(own_networks)

    async def scan(self, network: str) -> tuple[Answering, ...]:
        """What answers in a private network on the ports of the protocols we speak."""
        found = []
        async with asyncio.timeout(SCAN_S_MAX):
            async for one in scan(network):
                found.append(Answering(host=one.host, port=one.port, url=one.url))  # noqa: PERF401
        return tuple(sorted(found, key=lambda a: (a.host, a.port)))[:ANSWERING_MAX]

    async def _collect(
        self, setup: Setup, lines: Sequence[Line], *, types: Mapping[str, str], by: str
    ) -> None:
        def write(tx: Tx) -> None:
            keep_lines(tx, setup, lines, types=types)
            tx.events.append(_noted("collect.signals_chosen", setup.key, by))

        await self._context.store.write(write)
        await reload(self._context)

    async def _need(self, name: str) -> Setup:
        return await self._context.store.read(lambda tx: setups(tx).need(name))

    def _value(self, signal: int) -> str:
        last = self._live.last.get(signal)
        if last is None:
            return ""
        return last.text[:60] or ("" if last.value is None else f"{last.value:.6g}")

    async def act(self, name: str, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Pause, resume, trust a certificate, remove."""
        del values
        if deed not in _DONE:
            raise BadInput("there is no such deed", subject=deed)

        def write(tx: Tx) -> None:
            setup = setups(tx).need(name)
            if deed == "trust":
                trust(tx, name, by=by)
                return
            if deed == "remove":
                setups(tx).delete(name)
            else:
                setups(tx).put(name, msgspec.structs.replace(setup, enabled=deed == "resume"))
                if deed == "pause":
                    pause(tx, name)
            tx.events.append(_noted(f"collect.connection_{_DONE[deed]}", name, by))

        await self._context.store.write(write)
        await reload(self._context)
        back = "/connections" if deed == "remove" else f"/connections/{name}"
        return Done(text=Text("done", "已完成"), href=back)

    async def _diagnostics(self, keys: Iterable[str]) -> dict[str, Diagnostics]:
        return await collecting.diagnostics(self._context.nats, keys)


async def look_at(context: Context, setup: Setup) -> Look:
    """Look at a connection's device."""
    settings = settings_of(setup.protocol, setup.settings)
    world = replace(world_of(context), connection=setup.key)
    found = await look_with(connector(setup.protocol), settings, world)
    return recognised(found, every_type(), device=setup.key)


async def reload(context: Context) -> None:
    """Have collect and decide begin anew from the record, where they run."""
    for command in ("collect.reload", "decide.reload"):
        try:
            await ask(context.nats, command, "", answer=bool)
        except Unreachable:
            continue  # it reads the record when it starts


def _noted(kind: str, name: str, by: str) -> Draft:
    said = kind.partition(".")[2].replace("_", " ")
    return Draft(
        kind=kind, subject=name, text=Text(f"{name}: {said} by {by}", f"{name}:{said}({by})"), by=by
    )


def _line(known: Mapping[str, Line], chosen: Choosing) -> Line:
    line = known.get(chosen.path)
    if line is None:
        raise NotFound("the device has no such variable any more", subject=chosen.path)
    return msgspec.structs.replace(
        line,
        asset=chosen.asset or line.asset,
        name=chosen.name or line.name,
        unit=chosen.unit or line.unit,
    )


def _row(setup: Setup, now: Diagnostics | None) -> ConnectionRow:
    address = shown(setup.settings)[:PATH_SHOWN_MAX]
    if now is None:
        state = _ABSENT if setup.enabled else _PAUSED
        row = ConnectionRow(name=setup.key, kind=setup.protocol, address=address, state=state)
        return msgspec.structs.replace(row, signals=len(setup.lines))
    error = now.last_error
    return ConnectionRow(
        name=setup.key,
        kind=setup.protocol,
        address=address,
        state=_STATES[now.state],
        since=now.since,
        error=Text(error.what, error.what) if error else Text("", ""),
        remedy=Text(error.remedy, error.remedy) if error else Text("", ""),
        error_at=error.at if error else None,
        rate_per_s=now.rate_hz,
        lag_ms=None if now.lag_s is None else now.lag_s * 1000,
        round_trip_ms=None if now.round_trip_s is None else now.round_trip_s * 1000,
        gaps=now.gaps,
        samples=now.samples,
        signals=now.signals,
        certificate_days=now.certificate_days,
    )


def _deeds(setup: Setup, pin: Pinned | None) -> tuple[Deed, ...]:
    remove = Deed(
        name="remove",
        label=Text("Remove", "移除"),
        confirm=Text("Its history stays. Remove it?", "历史数据会保留。确认移除?"),
        danger=True,
    )
    trusting = Deed(
        name="trust", label=Text("Trust the certificate shown", "信任所示证书"), main=True
    )
    asked = (trusting,) if pin is not None and pin.asked else ()
    if setup.enabled:
        return (*asked, Deed(name="pause", label=Text("Pause", "暂停")), remove)
    return (*asked, Deed(name="resume", label=Text("Resume", "恢复"), main=True), remove)


def _trouble(trouble: Trouble) -> TroubleRow:
    return TroubleRow(
        at=trouble.at,
        what=f"{trouble.subject}: {trouble.what}"[:PATH_SHOWN_MAX],
        remedy=trouble.remedy[:PATH_SHOWN_MAX],
        times=trouble.times,
    )


def _as_url(address: str) -> str:
    return address if "://" in address else f"//{address}"
