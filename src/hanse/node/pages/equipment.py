"""Connections to equipment, and files with records."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from zoneinfo import ZoneInfo

import msgspec

from hanse.collect.diagnostics import Diagnostics, LineState
from hanse.collect.inspect import Look, look_with
from hanse.collect.mapping import Line
from hanse.collect.ports import World
from hanse.collect.registry import connector, names, settings_of
from hanse.links.imports import Setting, read_file
from hanse.links.imports.read import Imported
from hanse.model.errors import BadInput, Conflict, NotFound, Unreachable
from hanse.model.event import Draft
from hanse.model.text import Text
from hanse.node.collecting import wire as collecting
from hanse.node.collecting.heard import pause
from hanse.node.collecting.secrets import secret_in, settled
from hanse.node.connections import (
    RecordTrust,
    Setup,
    mapping_of,
    setups,
    trust,
)
from hanse.node.context import Context
from hanse.node.planning import wire
from hanse.node.records import put_records
from hanse.packs.load import load_shipped
from hanse.store import Tx
from hanse.transmit.nats.requests import ask
from hanse.web.views.common import Deed, Done, Field, FieldKind, State, Tone
from hanse.web.views.connecting import (
    BadRow,
    Choosing,
    ConnectionRow,
    ConnectionView,
    ConnectorKind,
    Found,
    ImportReport,
    MappedSignal,
    SampleFile,
)

REPORTS_MAX = 20
BAD_SHOWN_MAX = 200
ROWS_SHOWN_MAX = 20
_STATES = {
    LineState.RUNNING: State("running", Text("collecting", "采集中"), Tone.GOOD),
    LineState.CONNECTING: State("connecting", Text("connecting", "连接中"), Tone.BUSY),
    LineState.WAITING: State("waiting", Text("tries again", "重试中"), Tone.BAD),
    LineState.STOPPED: State("stopped", Text("stopped", "已停止"), Tone.QUIET),
    LineState.DONE: State("done", Text("read to its end", "已读完"), Tone.GOOD),
}


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

    def __init__(self, context: Context) -> None:
        self._context = context

    async def rows(self) -> tuple[ConnectionRow, ...]:
        """All connections."""
        found = await self._context.store.read(lambda tx: setups(tx).all())
        now = await self._diagnostics(s.key for s in found if s.enabled)
        return tuple(_row(setup, now.get(setup.key)) for setup in found)

    async def one(self, name: str) -> ConnectionView:
        """One connection."""

        def read(tx: Tx) -> tuple[Setup, list[object]]:
            return setups(tx).need(name), list(tx.gaps.where(connection=name, order="-start_ns"))

        setup, gaps = await self._context.store.read(read)
        now = await self._diagnostics([name])
        signals = tuple(
            MappedSignal(path=line.address, asset=line.asset, name=line.name, unit=line.unit)
            for line in setup.lines
        )
        return ConnectionView(
            row=_row(setup, now.get(name)),
            gaps=tuple(gaps[:50]),  # type: ignore[arg-type]
            signals=signals,
            deeds=_deeds(setup),
        )

    async def kinds(self) -> tuple[ConnectorKind, ...]:
        """The protocols this node speaks."""
        return tuple(_kind(name) for name in names())

    async def add(self, kind: str, values: Mapping[str, str], *, by: str) -> Done:
        """Make a connection from the values of its form."""
        given = {k: v for k, v in values.items() if v != "" and k != "name"}
        name = values.get("name") or f"{kind}-{self._context.ids.new('c')[-6:]}"
        settings = settled(self._context.folder, name, settings_of(kind, given))
        setup = Setup(key=name, protocol=kind, settings=settings)

        def write(tx: Tx) -> None:
            if setups(tx).get(name) is not None:
                raise Conflict("a connection of this name is there", subject=name)
            setups(tx).put(name, setup)
            tx.events.append(_noted("collect.connection_added", name, by))

        await self._context.store.write(write)
        return Done(text=Text("added", "已添加"), href=f"/connections/{name}/browse")

    async def browse(self, name: str, *, limit: int) -> tuple[Found, ...]:
        """Look at the device's tree, with proposals."""
        setup = await self._context.store.read(lambda tx: setups(tx).need(name))
        found = await look_at(self._context, setup)
        rows = [
            Found(
                path=signal.line.address[:400],
                title=signal.line.name,
                value="" if signal.value is None else str(signal.value)[:100],
                unit=signal.line.unit,
                kind=signal.line.kind.value,
                asset=asset.key,
                name=signal.line.name,
                chosen=signal.chosen,
            )
            for asset in found.assets
            for signal in asset.signals
        ]
        return tuple(rows[:limit])

    async def choose(self, name: str, chosen: tuple[Choosing, ...], *, by: str) -> Done:
        """Collect these variables from now on."""
        setup = await self._context.store.read(lambda tx: setups(tx).need(name))
        found = await look_at(self._context, setup)
        known = {s.line.address: s.line for a in found.assets for s in a.signals}
        lines = tuple(_line(known, c) for c in chosen)
        await put_lines(self._context, setup, lines, by=by)
        return Done(text=Text("collecting", "开始采集"), href=f"/connections/{name}")

    async def act(self, name: str, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Pause, resume, trust a certificate."""
        del values
        if deed not in {"pause", "resume", "trust"}:
            raise BadInput("there is no such deed", subject=deed)

        def write(tx: Tx) -> None:
            setup = setups(tx).need(name)
            if deed == "trust":
                trust(tx, name)
            else:
                setups(tx).put(name, msgspec.structs.replace(setup, enabled=deed == "resume"))
                if deed == "pause":
                    pause(tx, name)
            tx.events.append(_noted(f"collect.connection_{deed}d", name, by))

        await self._context.store.write(write)
        await reload(self._context)
        return Done(text=Text("done", "已完成"), href=f"/connections/{name}")

    async def _diagnostics(self, keys: Iterable[str]) -> dict[str, Diagnostics]:
        return await collecting.diagnostics(self._context.nats, keys)


async def look_at(context: Context, setup: Setup) -> Look:
    """Look at a connection's device."""
    settings = settings_of(setup.protocol, setup.settings)
    world = replace(world_of(context), connection=setup.key)
    return await look_with(connector(setup.protocol), settings, world, asset=setup.key)


async def put_lines(context: Context, setup: Setup, lines: tuple[Line, ...], *, by: str) -> None:
    """Collect these signals of a connection from now on; machines nobody knew are made."""

    def write(tx: Tx) -> None:
        fresh = msgspec.structs.replace(setup, lines=lines)
        setups(tx).put(setup.key, fresh)
        mapping_of(tx, fresh)
        tx.events.append(_noted("collect.signals_chosen", setup.key, by))

    await context.store.write(write)
    await reload(context)


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
    address = str(setup.settings.get("url") or setup.settings.get("file") or "")
    if now is None:
        paused = State("paused", Text("paused", "已暂停"), Tone.QUIET)
        row = ConnectionRow(name=setup.key, kind=setup.protocol, address=address, state=paused)
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


def _deeds(setup: Setup) -> tuple[Deed, ...]:
    trusting = Deed(name="trust", label=Text("Trust the certificate shown", "信任所示证书"))
    if setup.enabled:
        return (Deed(name="pause", label=Text("Pause", "暂停")), trusting)
    return (Deed(name="resume", label=Text("Resume", "恢复"), main=True), trusting)


def _kind(name: str) -> ConnectorKind:
    found = connector(name)
    about = (found.config.__doc__ or "").partition("\n")[0]
    named = Field(name="name", label=Text("Name", "名称"), required=False)
    fields = [_field(f) for f in msgspec.inspect.type_info(found.config).fields]  # type: ignore[attr-defined]
    return ConnectorKind(
        name=name,
        title=found.title,
        about=Text(about, found.title.zh),
        fields=(named, *fields)[:40],
        browses=found.browse is not None,
    )


def _field(field: msgspec.inspect.Field) -> Field:
    extra = getattr(field.type, "extra_json_schema", None) or {}
    hint = str(extra.get("description", ""))
    default = field.default
    value = "" if default is msgspec.NODEFAULT or default is None else str(default)
    flag = isinstance(default, bool)
    return Field(
        name=re.sub(r"[^a-z0-9_]", "_", field.name),
        label=Text(field.name.replace("_", " "), field.name.replace("_", " ")),
        kind=FieldKind.FLAG if flag else FieldKind.TEXT,
        value=("1" if default else "") if flag else value,
        required=field.required,
        hint=Text(hint, hint),
    )


class RecordImports:
    """A `hanse.web.ports.Imports`. Checked files wait in memory, the newest REPORTS_MAX."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: dict[str, tuple[Imported, ImportReport]] = {}

    async def samples(self) -> tuple[SampleFile, ...]:
        """Files that ship, to start from."""
        pack = load_shipped("machining")
        return tuple(SampleFile(name=n, about=pack.about) for n in sorted(pack.samples))

    async def sample(self, name: str) -> bytes:
        """One of them."""
        found = load_shipped("machining").samples.get(name)
        if found is None:
            raise NotFound("there is no such sample", subject=name)
        return found

    async def check(self, file: str, content: bytes, *, by: str) -> ImportReport:
        """Read a file without taking it in."""
        del by
        zone = ZoneInfo(self._context.settings.firm.timezone)
        setting = Setting(now=self._context.clock.now(), timezone=zone)
        found = read_file(file, content, setting=setting)
        key = hashlib.sha256(content).hexdigest()[:20]
        report = _report(key, file, found)
        while len(self._waiting) >= REPORTS_MAX:
            self._waiting.pop(next(iter(self._waiting)))
        self._waiting[key] = (found, report)
        return report

    async def one(self, report: str) -> ImportReport:
        """The report of a file that was checked or taken in."""
        return self._need(report)[1]

    async def apply(self, report: str, *, by: str) -> ImportReport:
        """Take the good rows in; the plan follows."""
        found, seen = self._need(report)
        await take_in_file(self._context, seen.file, found, by=by)
        applied = msgspec.structs.replace(seen, applied=True)
        self._waiting[report] = (found, applied)
        return applied

    def _need(self, report: str) -> tuple[Imported, ImportReport]:
        if report not in self._waiting:
            raise NotFound("this file was not checked", subject=report, remedy="Choose it again")
        return self._waiting[report]


async def take_in_file(context: Context, file: str, found: Imported, *, by: str) -> dict[str, int]:
    """Keep the good rows of a file and have the plan laid out again."""
    values = {s.kind: found.values(s.kind) for s in found.sheets if s.kind}

    def write(tx: Tx) -> dict[str, int]:
        counts = put_records(tx, values)
        said = ", ".join(f"{n} {kind}" for kind, n in counts.items())
        text = Text(f"{file} was taken in: {said}", f"已导入 {file}:{said}")
        draft = Draft(
            kind="links.file_imported", subject=file, text=text, by=by, about=dict(counts)
        )
        tx.events.append(draft)
        return counts

    counts = await context.store.write(write)
    if context.nats is not None:
        try:
            question = wire.Reload()
            await ask(context.nats, wire.RELOAD, question, answer=wire.PlanChanged, wait_s=30.0)
        except Unreachable:
            return counts  # the plan role reads the record when it starts
    return counts


def _report(key: str, file: str, found: Imported) -> ImportReport:
    good = [v for sheet in found.sheets for v in sheet.values]
    problems = found.problems
    first = good[0].__struct_fields__ if good else ()
    return ImportReport(
        id=key,
        file=file,
        kind=", ".join(s.kind for s in found.sheets if s.kind),
        good=len(good),
        bad=tuple(
            BadRow(row=p.row, column=p.column, value="", what=p.what, remedy=p.remedy)
            for p in problems[:BAD_SHOWN_MAX]
        ),
        bad_count=len(problems),
        columns=tuple(first),
        rows=tuple(
            tuple(str(getattr(v, f, ""))[:60] for f in first) for v in good[:ROWS_SHOWN_MAX]
        ),
    )
