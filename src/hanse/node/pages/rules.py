"""Rules off the record: the list, templates, trials on the node's own history, arming."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from hanse.decide import templates
from hanse.decide.templates import Slot, Template
from hanse.model.errors import NotFound
from hanse.model.plant import Signal
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.node.assets import all_assets, titles_of
from hanse.node.context import Context
from hanse.node.ruling import book
from hanse.node.ruling.book import RuleFile, Standing, signal_title, type_title
from hanse.node.ruling.folder import tell_decide
from hanse.node.ruling.trial import Line, Question, Told, Tried, answer, question
from hanse.store import Tx
from hanse.web.views.common import Done, Field, Option
from hanse.web.views.rules import (
    RuleFileView,
    RuleRow,
    RuleVersion,
    SignalChoice,
    TemplateForm,
    TemplateRow,
    TrialLine,
    TrialSpan,
    TrialView,
    TypeChoice,
)

LINE_MAX = 400


class RecordRules:
    """A `hanse.web.ports.Rules`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._one_at_a_time = asyncio.Lock()

    async def rows(self) -> tuple[RuleRow, ...]:
        """Every rule, shipped and own."""
        return await self._context.store.read(_rows)

    async def file(self, key: str) -> RuleFileView:
        """A file of rules with its versions."""

        def read(tx: Tx) -> RuleFileView:
            kept = book.rule_files(tx).need(key)
            rows = tuple(r for r in _rows(tx) if r.file == key)
            versions = tuple(
                RuleVersion(number=v.number, by=v.by, at=v.at, text=v.text)
                for v in book.versions(tx, key)
            )
            return RuleFileView(
                key=key, text=kept.text, folder=kept.folder, versions=versions, rules=rows
            )

        return await self._context.store.read(read)

    async def types(self) -> tuple[TypeChoice, ...]:
        """The types of asset this node has, with their signals and the templates that fit."""
        return await self._context.store.read(_types)

    async def form(self, kind: str, signal: str, template: str) -> TemplateForm:
        """The form of a template for a signal of a type."""
        chosen = templates.template(template)
        return await self._context.store.read(lambda tx: _form(tx, kind, signal, chosen))

    async def draft(
        self, kind: str, signal: str, template: str, values: Mapping[str, str]
    ) -> tuple[str, str]:
        """The filled-in template: a free key for its file, and its text."""
        chosen = templates.template(template)
        named = signal_title(kind, signal)
        table = templates.fill(chosen, values, asset_type=kind, signal=signal, named=named)

        def free(tx: Tx) -> str:
            taken = {one.rule.key for one in book.standing(tx)} | set(book.rule_files(tx).keys())
            names = (f"{table['key']}-{n}" if n > 1 else table["key"] for n in range(1, 1_000))
            return next(name for name in names if name not in taken)

        key = await self._context.store.read(free)
        return key, msgspec.toml.encode({"rule": [{**table, "key": key}]}).decode()

    async def trial(self, key: str, text: str, *, start: Instant, end: Instant) -> TrialView:
        """What the rules of a text would have done on history; one trial at a time."""

        def read(tx: Tx) -> tuple[Question, dict[str, str]]:
            titles = titles_of(tx)
            return question(tx, text, key=key, start=start, end=end), titles

        asked, titles = await self._context.store.read(read)
        folder, clock = self._context.history, self._context.clock
        async with self._one_at_a_time:
            tried = await asyncio.to_thread(answer, asked, folder, clock=clock)
        return _trial(tried, asked, titles)

    async def keep(self, key: str, text: str, *, by: str) -> Done:
        """Keep a file as its next version; the engine takes it up."""
        file = RuleFile(key=key, text=text)
        event = await self._context.store.write(lambda tx: book.keep(tx, file, by=by))
        if event is None:
            return Done(text=Text("nothing changed", "没有变化"), href="/rules")
        await tell_decide(self._context.nats)
        return Done(text=event.text, event=event.id, href="/rules")

    async def remove(self, key: str, *, by: str) -> Done:
        """Take a file away; the engine takes it up."""
        event = await self._context.store.write(lambda tx: book.forget(tx, key, by=by))
        await tell_decide(self._context.nats)
        return Done(text=event.text, event=event.id, href="/rules")

    async def arm(self, rule: str, *, armed: bool, by: str) -> Done:
        """Arm or disarm a rule; the engine takes it up."""
        event = await self._context.store.write(lambda tx: book.arm(tx, rule, armed=armed, by=by))
        await tell_decide(self._context.nats)
        return Done(text=event.text, event=event.id, href="/rules")


def _rows(tx: Tx) -> tuple[RuleRow, ...]:
    machines = [m.asset_type for m in all_assets(tx)]
    rows = [_row(one, machines.count(one.rule.asset_type)) for one in book.standing(tx)]
    return tuple(sorted(rows, key=lambda r: (not r.machines, r.asset_type, not r.file, r.key)))


def _row(one: Standing, machines: int) -> RuleRow:
    said = one.arming
    file = one.file
    return RuleRow(
        key=one.rule.key,
        title=one.rule.heading,
        kind=str(type(one.rule).__struct_config__.tag),
        asset_type=one.rule.asset_type,
        type_title=type_title(one.rule.asset_type),
        armed=one.armed,
        pack=one.pack,
        file=file.key if file else "",
        folder=bool(file and file.folder),
        version=file.number if file else 0,
        by=said.by if said else (file.by if file else ""),
        at=said.at if said else (file.at if file else None),
        machines=machines,
    )


def _types(tx: Tx) -> tuple[TypeChoice, ...]:
    machines = all_assets(tx)
    signals: dict[str, dict[str, Signal]] = {}
    kind_of = {m.key: m.asset_type for m in machines}
    for signal in tx.signals.all():
        if signal.asset in kind_of:
            signals.setdefault(kind_of[signal.asset], {})[signal.name] = signal
    return tuple(
        TypeChoice(
            key=kind,
            title=type_title(kind),
            machines=tuple(m.title[:LINE_MAX] for m in machines if m.asset_type == kind),
            signals=tuple(_choice(kind, s) for _, s in sorted(signals.get(kind, {}).items())),
        )
        for kind in sorted(set(kind_of.values()))
    )


def _choice(kind: str, signal: Signal) -> SignalChoice:
    fitting = templates.fitting(signal.kind)
    return SignalChoice(
        name=signal.name,
        title=signal_title(kind, signal.name),
        unit=signal.unit,
        templates=tuple(TemplateRow(key=t.key, title=t.title, about=t.about) for t in fitting),
    )


def _form(tx: Tx, kind: str, signal: str, chosen: Template) -> TemplateForm:
    assets, signals = book.plant_of(tx)
    keys = {a.key for a in assets if a.asset_type == kind}
    mine = [s for s in signals if s.asset in keys and s.name == signal]
    if not mine:
        raise NotFound("no asset of the type has the signal", subject=f"{kind} {signal}"[:80])
    given = sorted({n for a in assets if a.asset_type == kind for n in a.attributes})
    high = next((s.high for s in mine if s.high is not None), None)
    fields = [
        _field(slot, templates.proposed(slot, signal, high=high, attributes=given), mine[0])
        for slot in chosen.slots
    ]
    severity = Field(
        name="severity",
        label=Text("How bad", "严重程度"),
        value=str(chosen.severity),
        hint=Text("1 to 1000; over 750 is critical", "1 到 1000;超过 750 为紧急"),
    )
    return TemplateForm(
        title=chosen.title,
        about=chosen.about,
        fields=(*fields, severity),
        attributes=tuple(_attribute(tx, kind, name) for name in given),
    )


def _field(slot: Slot, value: str, signal: Signal) -> Field:
    unit = f" {signal.unit}" if signal.unit else ""
    hint = (
        Text(
            f"A number{unit}, or the name of an attribute of the asset",
            f"数字{unit},或资产属性的名称",
        )
        if slot.level
        else Text("", "")
    )
    return Field(name=slot.name, label=slot.label, value=value, required=slot.required, hint=hint)


def _attribute(tx: Tx, kind: str, name: str) -> Option:
    """An attribute with the values it has on the machines of a type."""
    assets, _ = book.plant_of(tx)
    values: list[Any] = [
        a.attributes[name] for a in assets if a.asset_type == kind and name in a.attributes
    ]
    said = ", ".join(dict.fromkeys(f"{v:g}" if isinstance(v, float | int) else v for v in values))
    return Option(value=name, label=Text(f"{name}: {said}"[:LINE_MAX], f"{name}:{said}"[:LINE_MAX]))


def _trial(tried: Tried, asked: Question, titles: Mapping[str, str]) -> TrialView:
    kinds = {a.key: a.asset_type for a in asked.assets}
    by_machine = sorted(tried.alarms_by_asset.items(), key=lambda pair: (-pair[1], pair[0]))
    return TrialView(
        start=tried.start.astimezone(dt.UTC),
        end=tried.end.astimezone(dt.UTC),
        rules=tried.rules,
        machines=tried.assets,
        samples=tried.samples,
        alarms=tried.alarms,
        chatter=tried.chatter,
        active_s=tried.active_s,
        delay_mean_s=tried.delay_mean_s,
        delay_worst_s=tried.delay_worst_s,
        by_machine=tuple((titles.get(key, key), count) for key, count in by_machine),
        told=tuple(_span(told, titles) for told in tried.told),
        lines=tuple(_line(line, kinds[line.asset], titles) for line in tried.lines),
    )


def _span(told: Told, titles: Mapping[str, str]) -> TrialSpan:
    return TrialSpan(
        machine=told.asset,
        machine_title=titles.get(told.asset, told.asset),
        text=Text(told.text_en, told.text_zh),
        start=told.start,
        end=told.end,
        delay_s=told.delay_s,
    )


def _line(line: Line, kind: str, titles: Mapping[str, str]) -> TrialLine:
    return TrialLine(
        machine=line.asset,
        machine_title=titles.get(line.asset, line.asset),
        name=line.name,
        title=signal_title(kind, line.name),
        unit=line.unit,
        at=line.at,
        value=line.value,
        limits=line.limits,
    )
