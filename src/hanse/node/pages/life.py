"""Remaining life off the record: machines, versions, training, windows for the planner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec

from hanse.decide.life.model import HISTORIES_MIN
from hanse.flows.commands import AnyCommand, TakeMachineOut
from hanse.model.errors import BadInput, NotFound
from hanse.model.event import Event
from hanse.model.running import Question
from hanse.model.time import Instant, parse_instant
from hanse.node.acts.people import answer_question
from hanse.node.context import Context
from hanse.node.living import book
from hanse.node.living.book import LifeNow, LifeVersion
from hanse.node.living.studio import ASKED
from hanse.node.ruling.book import signal_title, type_title
from hanse.node.settings import LifeWatch
from hanse.store import Tx
from hanse.web.views.common import Done
from hanse.web.views.life import (
    LifeNumbers,
    LifeRow,
    LifeTypeView,
    LifeVersionRow,
    LifeView,
    WindowRow,
)

REASON_MAX = 400
TYPED_S = 60.0
"""A form knows minutes: less than one is no change."""
STALE_S = 300.0
"""A training that has not said anything for so long is not shown as running."""


class RecordLives:
    """A `hanse.web.ports.Lives`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def rows(self) -> tuple[LifeRow, ...]:
        """Every watched machine, the shortest life first."""

        def read(tx: Tx) -> list[LifeRow]:
            windows = {w.machine: w for w in _windows(tx)}
            known = {one.asset: one for one in book.lives_now(tx).all()}
            return [
                _row(tx, watch, machine, (known.get(machine), windows.get(machine)))
                for watch in self._context.settings.life
                for machine in (m.key for m in book.machines_of(tx, watch.asset_type))
            ]

        return tuple(sorted(await self._context.store.read(read), key=_left_s))

    async def machine(self, key: str) -> LifeView:
        """One watched machine."""

        def read(tx: Tx) -> LifeView:
            watch = self._watch(tx.machines.need(key).asset_type)
            windows = {w.machine: w for w in _windows(tx)}
            now = book.lives_now(tx).get(key)
            return LifeView(
                row=_row(tx, watch, key, (now, windows.get(key))),
                learned=_learned(tx, watch, self._context.clock.now()),
            )

        return await self._context.store.read(read)

    async def train(self, asset_type: str, *, by: str) -> Done:
        """Ask for a new version now; the decide role hears of it."""
        self._watch(asset_type)
        event = await self._context.store.write(lambda tx: book.ask_training(tx, asset_type, by=by))
        await self._context.nats.publish(ASKED)
        return Done(text=event.text, event=event.id, href="/life")

    async def windows(self) -> tuple[WindowRow, ...]:
        """Windows that wait for the planner's word."""
        found = await self._context.store.read(lambda tx: tuple(_windows(tx)))
        return tuple(sorted(found, key=lambda w: w.since))

    async def answer(
        self, approval: str, *, since: Instant | None, reason: str, accepted: bool, by: str
    ) -> Done:
        """Accept a window, or decline it with a reason."""
        now = self._context.clock.now()

        def write(tx: Tx) -> Event:
            asked = tx.questions.need(approval)
            prepared = _prepared(asked)
            if prepared is None:
                raise NotFound("it is no proposal of maintenance", subject=approval)
            instead = _moved(prepared, since, now) if accepted else None
            return answer_question(
                tx, approval, agreed=accepted, by=by, note=reason, instead=instead
            )

        if not accepted and not reason.strip():
            raise BadInput(
                "a reason is needed", subject=approval, remedy="Say why it is not maintained"
            )
        event = await self._context.store.write(write)
        return Done(text=event.text, event=event.id, href="/plan")

    def _watch(self, asset_type: str) -> LifeWatch:
        for watch in self._context.settings.life:
            if watch.asset_type == asset_type:
                return watch
        raise NotFound(
            "its remaining life is not watched",
            subject=asset_type,
            remedy="Name the type under [[life]] in config.toml",
        )


def _moved(prepared: TakeMachineOut, since: Instant | None, now: Instant) -> TakeMachineOut | None:
    """The window from another instant; None where it stays where it was proposed."""
    if since is None or abs((since - prepared.since).total_seconds()) < TYPED_S:
        return None
    if since < now:
        raise BadInput("it would begin in the past", subject=prepared.machine)
    return msgspec.structs.replace(prepared, since=since)


def _prepared(asked: Question) -> TakeMachineOut | None:
    try:
        command: AnyCommand = msgspec.json.decode(asked.prepared, type=AnyCommand)
    except msgspec.ValidationError:
        return None
    is_window = isinstance(command, TakeMachineOut) and command.planned
    return command if is_window and isinstance(command, TakeMachineOut) else None


def _windows(tx: Tx) -> Iterable[WindowRow]:
    """Open proposals, each with what the interval says."""
    for asked in tx.questions.where(state="open"):
        prepared = _prepared(asked)
        if prepared is not None:
            yield _window(tx, asked, prepared)


def _window(tx: Tx, asked: Question, prepared: TakeMachineOut) -> WindowRow:
    question = tx.events.get(asked.event)
    short = tx.events.get(question.cause) if question and question.cause else None
    machine = tx.machines.get(prepared.machine)
    latest = str(short.about.get("latest", "")) if short else ""
    return WindowRow(
        approval=asked.id,
        machine=prepared.machine,
        machine_title=machine.title if machine else prepared.machine,
        since=prepared.since,
        until=prepared.since + dt.timedelta(seconds=prepared.repair_s),
        latest=parse_instant(latest) if latest else None,
        text=short.text if short else asked.text,
        event=short.id if short else asked.event,
        loop=asked.loop,
    )


def _left_s(row: LifeRow) -> tuple[float, str]:
    return (row.numbers.left_s if row.numbers else float("inf"), row.machine_title)


def _row(
    tx: Tx, watch: LifeWatch, key: str, about: tuple[LifeNow | None, WindowRow | None]
) -> LifeRow:
    now, window = about
    machine = tx.machines.need(key)
    return LifeRow(
        machine=key,
        machine_title=machine.title,
        asset_type=watch.asset_type,
        type_title=type_title(watch.asset_type),
        numbers=_numbers(watch, now) if now else None,
        window=window,
    )


def _numbers(watch: LifeWatch, now: LifeNow) -> LifeNumbers:
    return LifeNumbers(
        at=now.at,
        version=now.version,
        left_s=now.steps * watch.step_s,
        low_s=now.low * watch.step_s,
        high_s=now.high * watch.step_s,
        capped=now.capped,
        signals=tuple(
            (signal_title(watch.asset_type, name), min(max(share, 0.0), 1.0))
            for name, share in now.signals.items()
        ),
    )


def _learned(tx: Tx, watch: LifeWatch, now: Instant) -> LifeTypeView:
    kind = watch.asset_type
    training = book.training_of(tx, kind)
    found = book.versions(tx, kind)
    used = next((v.number for v in reversed(found) if v.adopted), 0)
    is_fresh = (now - training.at).total_seconds() < STALE_S
    return LifeTypeView(
        asset_type=kind,
        title=type_title(kind),
        signals=tuple(signal_title(kind, name) for name in watch.signals),
        failed_by=watch.failed_by,
        step_s=watch.step_s,
        horizon_s=watch.horizon_s,
        cap_s=watch.cap_steps * watch.step_s,
        lives=training.lives,
        lives_needed=HISTORIES_MIN,
        share=training.share if is_fresh else None,
        asked_by=training.asked_by,
        error=training.error[:REASON_MAX],
        versions=tuple(_version(v, watch.step_s, used) for v in reversed(found)),
    )


def _version(version: LifeVersion, step_s: float, used: int) -> LifeVersionRow:
    def seconds(steps: float | None) -> float | None:
        return None if steps is None else steps * step_s

    return LifeVersionRow(
        number=version.number,
        at=version.at,
        since=version.since,
        until=version.until,
        lives=version.histories,
        rows=version.rows,
        error_s=version.rmse * step_s,
        cover=min(max(version.cover, 0.0), 1.0),
        adopted=version.adopted,
        in_use=version.number == used,
        old_error_s=seconds(version.old_rmse),
        new_error_s=seconds(version.new_rmse),
    )
