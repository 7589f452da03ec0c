"""Machines: the record for what they are, the live values for what they do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from hanse.decide import Alarm, priority
from hanse.model.errors import BadInput
from hanse.model.plant import PACKML_CODES, Machine, PackMLState, Signal, SignalKind
from hanse.model.running import MachineJob
from hanse.model.text import Text
from hanse.model.time import Instant, from_ns, to_ns
from hanse.node.assets import all_assets, asset_named, is_machine
from hanse.node.context import Context
from hanse.node.pages.alarms import standing_alarms
from hanse.node.pages.live import LiveValues, series_of
from hanse.node.ruling.book import signal_title, type_title
from hanse.node.shopfloor.by_hand import JOB_ACT, JobAct, job_deeds
from hanse.node.shopfloor.records import open_jobs
from hanse.store import Tx
from hanse.transmit.nats.requests import ask
from hanse.web.views.common import Done
from hanse.web.views.plant import MachineRow, MachineView, Series, SignalNow

if TYPE_CHECKING:
    from hanse.transmit.history.query import History

LEADS = ("vibration", "spindle_load", "load", "bearing_temperature", "power")
NS_PER_US = 1_000
SHOWN_MAX = 4
COUNT_DIGITS_MAX = 6


class RecordMachines:
    """A `hanse.web.ports.Machines`."""

    def __init__(self, context: Context, live: LiveValues) -> None:
        self._store = context.store
        self._nats = context.nats
        self._clock = context.clock
        self._folder = context.history
        self._live = live
        self._history: History | None = None

    async def rows(self) -> tuple[MachineRow, ...]:
        """All machines with their lead signals."""
        return await self._store.read(self._rows)

    async def machine(self, key: str) -> MachineView:
        """One machine."""

        def read(tx: Tx) -> MachineView:
            machine = asset_named(tx, key)
            signals = tx.signals.where(asset=key)
            jobs = {job.machine: job for job in open_jobs(tx).all() if not job.taken_back}
            row = self._row(machine, signals, standing_alarms(tx), jobs.get(key))
            row = msgspec.structs.replace(row, works=is_machine(tx, key))
            shown = tuple(
                msgspec.structs.replace(
                    _called(machine.asset_type, self._now(s)), lead=s.name in LEADS
                )
                for s in signals
            )
            return MachineView(row=row, signals=shown, deeds=job_deeds(tx, key))

        return await self._store.read(read)

    async def history(
        self, signals: tuple[int, ...], *, start: Instant, end: Instant, points: int
    ) -> Series:
        """Samples between two instants."""
        remembered = self._live.past(signals, start_ns=to_ns(start), end_ns=to_ns(end))
        oldest = self._live.oldest_ns(signals)
        if oldest is not None and oldest <= to_ns(start):
            return remembered
        return await asyncio.to_thread(self._kept, signals, (start, end), points)

    def _kept(
        self, signals: tuple[int, ...], period: tuple[Instant, Instant], points: int
    ) -> Series:
        """Off the history's files; what is not yet committed comes from memory."""
        history = self._opened()
        rows: list[tuple[int, int, float]] = []
        for signal in signals:
            series = history.range(signal, *period, points_max=points)
            at_ns = (series.at_us * NS_PER_US).tolist()
            rows += [(a, signal, v) for a, v in zip(at_ns, series.value.tolist(), strict=True)]
            since_ns = max(at_ns[-1] + NS_PER_US if at_ns else 0, to_ns(period[0]))
            rows += self._live.rows((signal,), start_ns=since_ns, end_ns=to_ns(period[1]))
        return series_of(rows, signals)

    def _opened(self) -> History:
        """The history, opened once: its log is read on from where it was."""
        if self._history is None:
            from hanse.transmit.history.query import History

            self._history = History(self._folder, clock=self._clock)
        return self._history

    async def act(self, key: str, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """A person starts the next job at a machine, says how far it is, or that it is done."""
        asked = JobAct(
            machine=key,
            deed=deed,
            good=_count(values, "good"),
            scrap=_count(values, "scrap"),
            by=by,
        )
        text = await ask(self._nats, JOB_ACT, asked, answer=Text)
        return Done(text=text, href=f"/machines/{key}")

    def live(self, signals: tuple[int, ...]) -> AsyncIterator[Series]:
        """Samples of signals as they arrive."""
        return self._live.follow(signals)

    def _rows(self, tx: Tx) -> tuple[MachineRow, ...]:
        signals: dict[str, list[Signal]] = {}
        for signal in tx.signals.all():
            signals.setdefault(signal.asset, []).append(signal)
        alarms = standing_alarms(tx)
        jobs = {job.machine: job for job in open_jobs(tx).all() if not job.taken_back}
        working = {m.key for m in tx.machines.all()}
        rows = (
            self._row(m, signals.get(m.key, []), alarms, jobs.get(m.key)) for m in all_assets(tx)
        )
        return tuple(msgspec.structs.replace(r, works=r.key in working) for r in rows)

    def _row(
        self, machine: Machine, signals: list[Signal], alarms: list[Alarm], job: MachineJob | None
    ) -> MachineRow:
        own = [a for a in alarms if a.asset == machine.key]
        named = {s.name: s for s in signals}
        state = self._state(named.get("state"))
        return MachineRow(
            key=machine.key,
            title=machine.title,
            asset_type=machine.asset_type,
            type_title=type_title(machine.asset_type),
            state=state,
            since=self._at(named.get("state")),
            connected=any(s.id in self._live.last for s in signals),
            alarms=len(own),
            worst=max((priority(a.severity) for a in own), default=None),
            order=job.order if job else self._text(named.get("job_order")),
            item=job.item if job else self._text(named.get("job_item")),
            pieces_done=job.good if job else int(self._value(named.get("job_done")) or 0),
            pieces_due=job.pieces if job else int(self._value(named.get("job_quantity")) or 0),
            signals=tuple(
                msgspec.structs.replace(_called(machine.asset_type, self._now(named[n])), lead=True)
                for n in _leading(named)
            ),
        )

    def _state(self, signal: Signal | None) -> PackMLState | None:
        value = self._value(signal)
        return None if value is None else PACKML_CODES.get(int(value))

    def _at(self, signal: Signal | None) -> Instant | None:
        last = self._live.last.get(signal.id) if signal else None
        return from_ns(last.at_ns) if last else None

    def _value(self, signal: Signal | None) -> float | None:
        last = self._live.last.get(signal.id) if signal else None
        return last.value if last else None

    def _text(self, signal: Signal | None) -> str:
        last = self._live.last.get(signal.id) if signal else None
        return last.text if last else ""

    def _now(self, signal: Signal) -> SignalNow:
        last = self._live.last.get(signal.id)
        shown = SignalNow(
            id=signal.id, name=signal.name, unit=signal.unit, low=signal.low, high=signal.high
        )
        if last is None:
            return shown
        return msgspec.structs.replace(
            shown, value=last.value, text=last.text, quality=last.quality, at=from_ns(last.at_ns)
        )


def _leading(named: Mapping[str, Signal]) -> list[str]:
    """The signals a card shows: those that lead, else the first that measure something."""
    found = [name for name in LEADS if name in named]
    return found or [name for name, s in named.items() if s.kind is SignalKind.ANALOG][:SHOWN_MAX]


def _called(kind: str, signal: SignalNow) -> SignalNow:
    """A signal with what people call it."""
    return msgspec.structs.replace(signal, title=signal_title(kind, signal.name))


def _count(values: Mapping[str, str], name: str) -> int | None:
    """A count as it was typed, None where nothing was.

    Raises:
        BadInput: not a whole number.
    """
    text = values.get(name, "").strip()
    if not text:
        return None
    if not text.isdigit() or len(text) > COUNT_DIGITS_MAX:
        raise BadInput("a count is a whole number", subject=text[:40], remedy="Type digits only")
    return int(text)
