"""Setting signals off the record: what may be set, asking for it, and what an owner allows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import msgspec

from hanse.collect.registry import connector
from hanse.collect.settable import shown, value_of
from hanse.model.door import Role
from hanse.model.errors import BadInput, NotAllowed, NotFound, Unreachable
from hanse.model.event import Draft
from hanse.model.plant import Signal, SignalKind
from hanse.model.setting import SetState, Settable, SignalSet
from hanse.model.text import Text
from hanse.model.time import from_ns
from hanse.model.titles import PACKML_TITLES, ROLE_TITLES
from hanse.node.assets import all_assets
from hanse.node.connections import Setup, setups
from hanse.node.context import Context
from hanse.node.pages.live import LiveValues
from hanse.node.pages.setting_forms import door_of, forms_of, rule_of
from hanse.node.ruling.book import signal_title
from hanse.node.setting.desk import SetAsk, ask_set
from hanse.node.setting.records import lapse, open_sets, set_named, settable
from hanse.store import Tx
from hanse.transmit.nats.requests import ask
from hanse.web.views.common import Done, State, Tone
from hanse.web.views.setting import AllowedRow, SetRow, SettableRow, SettingView, WritingView

DIGITS = 6
_STATES = {
    SetState.WAITING: State("waiting", Text("waits for a person", "等待确认"), Tone.WARN),
    SetState.SENT: State("sent", Text("sent, no answer yet", "已发送,尚无答复"), Tone.BUSY),
    SetState.WRITTEN: State("written", Text("set and read back", "已设定并回读"), Tone.GOOD),
    SetState.DIFFERS: State("differs", Text("reads another value", "回读值不同"), Tone.BAD),
    SetState.REFUSED: State("refused", Text("not set", "未设定"), Tone.BAD),
    SetState.UNSURE: State("unsure", Text("nobody knows", "结果不明"), Tone.BAD),
    SetState.DECLINED: State("declined", Text("declined", "已拒绝"), Tone.QUIET),
    SetState.LAPSED: State("lapsed", Text("lapsed", "已过期"), Tone.QUIET),
}


class RecordSetting:
    """A `hanse.web.ports.Setting`."""

    def __init__(self, context: Context, live: LiveValues) -> None:
        self._context = context
        self._live = live

    async def at(self, machine: str) -> SettingView:
        """What may be set at a machine, and what waits."""

        def read(tx: Tx) -> SettingView:
            signals = {s.name: s for s in tx.signals.where(asset=machine)}
            kind = next((a.asset_type for a in all_assets(tx) if a.key == machine), "")
            rows = [
                self._settable(rule, signals[rule.name], kind)
                for setup, rule in settable(tx, machine)
                if setup.enabled and rule.name in signals
            ]
            waiting = [
                seen(one, kind)
                for one in open_sets(tx).all()
                if one.asset == machine and one.state is SetState.WAITING
            ]
            return SettingView(settable=tuple(rows), waiting=tuple(waiting))

        view = await self._context.store.read(read)
        if view.waiting:
            await self._context.store.write(lapse)
            view = await self._context.store.read(read)
        return view

    async def set(
        self, machine: str, name: str, value: str, *, reason: str, by: str, id_: str
    ) -> SetRow:
        """Set a signal and tell what came of it."""
        setup, is_text = await self._context.store.read(
            lambda tx: connection_for(tx, machine, name)
        )
        wish = SignalSet(
            id=id_,
            at=self._context.clock.now(),
            asset=machine,
            name=name,
            value=value_of(value, is_text=is_text),
            by=by,
            reason=reason,
        )
        return await self._ask(setup, SetAsk(wish=wish, by=by))

    async def decide(self, attempt: str, *, agree: bool, by: str) -> SetRow:
        """Agree to an attempt that waits, or decline it."""

        def read(tx: Tx) -> tuple[SignalSet, str]:
            known = open_sets(tx).need(attempt)
            return known, connection_for(tx, known.asset, known.name)[0]

        known, setup = await self._context.store.read(read)
        deed = SetAsk(deed="agree" if agree else "decline", wish=known, by=by)
        return await self._ask(setup, deed)

    async def _ask(self, setup: str, asked: SetAsk) -> SetRow:
        """Ask; where no answer came, say what stands on the record."""
        try:
            done = await ask_set(self._context.nats, setup, asked)
        except Unreachable:
            known = await self._context.store.read(lambda tx: set_named(tx, asked.wish.id))
            if known is None or known.state is SetState.WAITING:
                raise
            done = known
        return seen(done)

    def _settable(self, rule: Settable, signal: Signal, kind: str) -> SettableRow:
        last = self._live.last.get(signal.id)
        now = "" if last is None else last.text or shown(last.value)
        return SettableRow(
            machine=rule.asset,
            name=rule.name,
            title=signal_title(kind, rule.name),
            unit=signal.unit,
            now=now,
            at=from_ns(last.at_ns) if last else None,
            low=rule.low,
            high=rule.high,
            step=rule.step,
            choices=rule.choices,
            roles=rule.roles,
            states=rule.states,
            per_minute=rule.per_minute,
            second=rule.second,
            until=rule.until,
            over=rule.until is not None and rule.until <= self._context.clock.now(),
        )

    # -- what an owner allows --------------------------------------------------------------

    async def writing(self, connection: str) -> WritingView:
        """What may be set over a connection, and the forms to change that."""
        setup = await self._context.store.read(lambda tx: setups(tx).need(connection))
        kind = connector(setup.protocol)
        return WritingView(
            connection=connection,
            can_write=kind.write is not None,
            sets=tuple(_allowed(rule) for rule in setup.sets),
            jobs=tuple(
                AllowedRow(key=door.asset, title=door.asset, bounds=_job_bounds(door.pieces_max))
                for door in setup.jobs
            ),
            forms=forms_of(setup, can_write=kind.write is not None),
        )

    async def allow(
        self, connection: str, deed: str, values: Mapping[str, str], *, by: str
    ) -> Done:
        """Allow or forbid setting a signal, or giving a machine jobs."""

        def write(tx: Tx) -> Text:
            setup = setups(tx).need(connection)
            fresh, text = _changed(setup, deed, values)
            setups(tx).put(connection, fresh)
            said = Text(f"{connection}: {text.en} ({by})", f"{connection}:{text.zh}({by})")
            tx.events.append(
                Draft(kind="collect.writing_changed", subject=connection, text=said, by=by)
            )
            return text

        text = await self._context.store.write(write)
        try:
            await ask(self._context.nats, "collect.reload", "", answer=bool)
        except Unreachable:
            return Done(text=text, href=f"/connections/{connection}/writing")  # read at its start
        return Done(text=text, href=f"/connections/{connection}/writing")


def connection_for(tx: Tx, machine: str, name: str) -> tuple[str, bool]:
    """The connection over which a signal may be set, and whether it holds texts.

    Raises:
        NotFound: there is no such signal.
        NotAllowed: its owner did not allow it.
    """
    found = next((s for s, _ in settable(tx, machine, name) if s.enabled), None)
    signal = next((s for s in tx.signals.where(asset=machine) if s.name == name), None)
    if signal is None:
        raise NotFound("there is no such signal", subject=f"{machine} {name}"[:200])
    if found is None:
        raise NotAllowed(
            "setting this signal is off",
            subject=f"{machine} {name}",
            remedy="The owner can allow it with bounds on the connection's page",
        )
    return found.key, signal.kind is SignalKind.TEXT


def seen(one: SignalSet, kind: str = "") -> SetRow:
    """An attempt as a page shows it."""
    return SetRow(
        id=one.id,
        at=one.at,
        machine=one.asset,
        name=one.name,
        title=signal_title(kind, one.name),
        value=shown(one.value),
        old="" if one.old is None else shown(one.old),
        read="" if one.read is None else shown(one.read),
        unit=one.unit,
        by=one.by,
        agreed_by=one.agreed_by,
        reason=one.reason,
        why=one.why,
        state=_STATES[one.state],
        waits=one.state is SetState.WAITING,
        event=one.event,
    )


def _changed(setup: Setup, deed: str, values: Mapping[str, str]) -> tuple[Setup, Text]:
    """A set-up after an owner's word, and the word.

    Raises:
        BadInput: no such deed, or a value that cannot be used.
    """
    key = values.get("key", "")
    if deed == "forbid":
        kept = tuple(r for r in setup.sets if f"{r.asset} {r.name}" != key)
        text = Text(f"{key} may not be set any more", f"不再允许设定 {key}")
        return msgspec.structs.replace(setup, sets=kept), text
    if deed == "forbid_jobs":
        doors = tuple(d for d in setup.jobs if d.asset != key)
        text = Text(f"{key} is given no jobs any more", f"不再向 {key} 下发任务")
        return msgspec.structs.replace(setup, jobs=doors), text
    if deed == "allow_jobs":
        door = door_of(setup, values)
        rest = tuple(d for d in setup.jobs if d.asset != door.asset)
        text = Text(f"{door.asset} is given its jobs", f"向 {door.asset} 下发任务")
        return msgspec.structs.replace(setup, jobs=(*rest, door)), text
    if deed != "allow":
        raise BadInput("there is no such deed", subject=deed)
    rule = rule_of(setup, values)
    others = tuple(r for r in setup.sets if (r.asset, r.name) != (rule.asset, rule.name))
    text = Text(f"{rule.asset} {rule.name} may be set", f"允许设定 {rule.asset} {rule.name}")
    return msgspec.structs.replace(setup, sets=(*others, rule)), text


def _allowed(rule: Settable) -> AllowedRow:
    bounds = [_values(rule), _roles(rule.roles), Text(*_per_minute(rule.per_minute))]
    if rule.states:
        titles = [PACKML_TITLES[state] for state in rule.states]
        bounds.append(
            Text(
                f"only while: {', '.join(t.en for t in titles)}",
                f"仅在以下状态:{'、'.join(t.zh for t in titles)}",
            )
        )
    if rule.second:
        bounds.append(Text("another person has to agree", "须由另一人确认"))
    if rule.until is not None:
        day = rule.until.astimezone(dt.UTC).isoformat(" ", "minutes")
        bounds.append(Text(f"until {day}", f"有效期至 {day}"))
    if rule.rule:
        said = (rule.rule, rule.rule_value)
        bounds.append(Text("rule {} proposes {}".format(*said), "规则 {} 提议 {}".format(*said)))
    if rule.address:
        bounds.append(Text(f"written to {rule.address}", f"写入 {rule.address}"))
    key = f"{rule.asset} {rule.name}"
    return AllowedRow(key=key, title=key, bounds=tuple(bounds))


def _values(rule: Settable) -> Text:
    if rule.choices or rule.low is None or rule.high is None:
        said = ", ".join(rule.choices)
        return Text(f"one of: {said}", f"可选:{said}")
    step = f", step {rule.step:g}" if rule.step else ""
    step_zh = f",步长 {rule.step:g}" if rule.step else ""
    return Text(f"{rule.low:g} to {rule.high:g}{step}", f"{rule.low:g} 至 {rule.high:g}{step_zh}")


def _roles(roles: tuple[Role, ...]) -> Text:
    titles = [ROLE_TITLES[role] for role in roles]
    return Text(", ".join(t.en for t in titles), "、".join(t.zh for t in titles))


def _per_minute(times: int) -> tuple[str, str]:
    return f"at most {times} times a minute", f"每分钟最多 {times} 次"


def _job_bounds(pieces: int) -> tuple[Text, ...]:
    return (Text(f"at most {pieces} pieces at once", f"每次最多 {pieces} 件"),)
