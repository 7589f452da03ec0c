"""What is known of machines over a time: states, silence, counters, jobs, open hours."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from hanse.allocate.calendars import expand
from hanse.decide.oee import Span
from hanse.decide.states import StateChange, StateMap, StateTracker, packml
from hanse.model.errors import BadInput
from hanse.model.plant import Calendar, Machine, Signal, SignalKind
from hanse.model.running import MachineJob, StateSpan
from hanse.model.sample import Gap
from hanse.model.time import NS_PER_S, Clock, Instant, from_ns, to_ns
from hanse.node.assets import asset_named
from hanse.node.connections import setups
from hanse.node.shopfloor.records import ended_jobs, open_jobs
from hanse.packs.load import load_shipped
from hanse.store import Tx
from hanse.transmit.history.query import History
from hanse.transmit.history.rows import Rows

HOURS_MAX = 24 * 31
NAMES = ("state", "parts_good", "parts_scrap", "energy")
STATE_WORDS = "state_words"
"""The attribute of a machine that names the words its control says its state in."""
NS_PER_US = 1_000
Counter = list[tuple[int, float]]
"""Readings in order of time: (nanoseconds, value)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Known:
    """What the record says of the machines over a time."""

    start: Instant
    end: Instant
    machines: tuple[Machine, ...]
    calendars: dict[str, Calendar]
    signals: tuple[Signal, ...]
    gaps: dict[str, tuple[Gap, ...]]
    jobs: dict[str, tuple[MachineJob, ...]]
    run_s: dict[tuple[str, str], float]
    began: dict[str, StateSpan]


@dataclasses.dataclass(frozen=True, kw_only=True)
class MachineFacts:
    """One machine over a time. ``readings`` are its counters by name."""

    machine: Machine
    changes: tuple[StateChange, ...]
    readings: dict[str, Counter]
    silent: tuple[Span, ...]
    jobs: tuple[MachineJob, ...]
    planned: tuple[Span, ...]


def known(tx: Tx, start: Instant, end: Instant, *, machine: str = "") -> Known:
    """The record's part, of one machine or of all."""
    machines = (asset_named(tx, machine),) if machine else tuple(tx.machines.all())
    keys = {m.key for m in machines}
    signals = [s for s in tx.signals.all() if s.asset in keys and s.name in NAMES]
    jobs: dict[str, list[MachineJob]] = {}
    for job in (*open_jobs(tx).all(), *ended_jobs(tx).all()):
        if job.started_at and job.started_at < end and (job.ended_at or end) > start:
            jobs.setdefault(job.machine, []).append(job)
    return Known(
        start=start,
        end=end,
        machines=machines,
        calendars={c.key: c for c in tx.calendars.all()},
        signals=tuple(signals),
        gaps=_gaps(tx, start, end),
        jobs={k: tuple(sorted(v, key=lambda j: j.started_at or end)) for k, v in jobs.items()},
        run_s=_run_s(tx, machines),
        began={m.key: span for m in machines if (span := _began(tx, m.key, start))},
    )


def _began(tx: Tx, machine: str, start: Instant) -> StateSpan | None:
    """The state a machine was in when the time began, as the record has it."""
    found = tx.state_spans.where(
        machine=machine, below={"start_ns": to_ns(start) + 1}, order="-start_ns", limit=1
    )
    return found[0] if found else None


def _gaps(tx: Tx, start: Instant, end: Instant) -> dict[str, tuple[Gap, ...]]:
    """Each machine's gaps, by the connections that hear it."""
    of: dict[str, set[str]] = {}
    for setup in setups(tx).all():
        for line in setup.lines:
            of.setdefault(setup.key, set()).add(line.asset)
    found: dict[str, list[Gap]] = {}
    for gap in tx.gaps.all():
        until = gap.end_ns if gap.end_ns is not None else to_ns(end)
        if gap.start_ns < to_ns(end) and until > to_ns(start):
            for asset in of.get(gap.connection, ()):
                found.setdefault(asset, []).append(gap)
    return {asset: tuple(gaps) for asset, gaps in found.items()}


def _run_s(tx: Tx, machines: Iterable[Machine]) -> dict[tuple[str, str], float]:
    """The standard seconds a piece of an item takes on a machine, by the routings."""
    centres = {m.key: m.work_centre for m in machines}
    found: dict[tuple[str, str], float] = {}
    for routing in tx.routings.all():
        for way in (way for step in routing.steps for way in step.alternatives):
            for key, centre in centres.items():
                if way.machine in {key, centre}:
                    place = (key, routing.item)
                    found[place] = min(found.get(place, way.run_s), way.run_s)
    return found


def read(about: Known, folder: Path, *, clock: Clock) -> tuple[MachineFacts, ...]:
    """The facts with what history adds to them. Runs in any thread."""
    ids = [s.id for s in about.signals]
    rows = _rows(History(folder, clock=clock), ids, about) if ids else None
    return tuple(_facts(about, machine, rows) for machine in about.machines)


def _rows(history: History, ids: Sequence[int], about: Known) -> tuple[Rows, dict[int, float]]:
    """Samples of the time, and the value of each signal just before it."""
    start_us, end_us = to_ns(about.start) // NS_PER_US, to_ns(about.end) // NS_PER_US
    rows = history.rows(ids, start_us, end_us, lean=False)
    before = history.as_of(ids, about.start)
    values = zip(before.signal.tolist(), before.value.tolist(), strict=True)
    return rows, {signal: value for signal, value in values if not np.isnan(value)}


def _facts(
    about: Known, machine: Machine, rows: tuple[Rows, dict[int, float]] | None
) -> MachineFacts:
    signals = {s.name: s for s in about.signals if s.asset == machine.key}
    changes: tuple[StateChange, ...] = ()
    readings: dict[str, Counter] = {}
    for name, signal in signals.items():
        samples, before = _samples(rows, signal) if rows else ([], None)
        if name == "state":
            changes = _changes(about, machine, samples, before)
        elif signal.kind is not SignalKind.TEXT:
            numbers = [(at, said) for at, said in samples if isinstance(said, float)]
            first = [] if before is None else [(to_ns(about.start), before)]
            readings[name] = [*first, *numbers]
    return MachineFacts(
        machine=machine,
        changes=changes,
        readings=readings,
        silent=tuple(_silent(about, machine.key)),
        jobs=about.jobs.get(machine.key, ()),
        planned=tuple(_after(_open(about, machine), changes)),
    )


def _samples(
    rows: tuple[Rows, dict[int, float]], signal: Signal
) -> tuple[list[tuple[int, float | str]], float | None]:
    table, before = rows
    own = table.take(table.signal == signal.id)
    texts = own.text.tolist() if own.text is not None else [None] * len(own)
    columns = zip(own.at_us.tolist(), own.value.tolist(), own.quality.tolist(), texts, strict=True)
    found: list[tuple[int, float | str]] = []
    for at_us, value, quality, text in columns:
        if quality < 2 and (text or value == value):  # noqa: PLR0124 (NaN)
            found.append((at_us * NS_PER_US, text or float(value)))
    return found, before.get(signal.id)


def _changes(
    about: Known, machine: Machine, samples: list[tuple[int, float | str]], before: float | None
) -> tuple[StateChange, ...]:
    words, tracker = state_map(machine), StateTracker()
    began = about.began.get(machine.key)
    is_same = began is not None and before is not None and packml(before, words) is began.state
    since_ns = to_ns(began.start) if began is not None and is_same else to_ns(about.start)
    first: list[tuple[int, float | str]] = [] if before is None else [(since_ns, before)]
    told = (
        tracker.take(machine.key, said, words, at_ns=at_ns) for at_ns, said in (*first, *samples)
    )
    return tuple(change for change in told if change is not None)


def state_map(machine: Machine) -> StateMap:
    """How a machine says its state.

    PackML numbers and usual words, or the pack words of a
    make of control that its attribute names.
    """
    named = load_shipped("machining").states.get(str(machine.attributes.get(STATE_WORDS, "")))
    return StateMap(
        asset_type=machine.asset_type,
        signal="state",
        states=named.states if named else {},
        packml_codes=named.packml_codes if named else True,
    )


def _silent(about: Known, machine: str) -> Iterable[Span]:
    """When nothing was heard of it."""
    for gap in about.gaps.get(machine, ()):
        begin = max(gap.start_ns, to_ns(about.start))
        end = min(gap.end_ns if gap.end_ns is not None else to_ns(about.end), to_ns(about.end))
        if end > begin:
            yield begin, end


def _after(spans: Iterable[Span], changes: tuple[StateChange, ...]) -> Iterable[Span]:
    """Spans from when its state was first known: before that nothing can be said of it."""
    if changes:
        first = changes[0].at_ns
        yield from ((max(a, first), b) for a, b in spans if b > first)


def _open(about: Known, machine: Machine) -> Iterable[Span]:
    """Its open hours (planned busy time)."""
    calendar = about.calendars.get(machine.calendar)
    if calendar is None:
        return iter([(to_ns(about.start), to_ns(about.end))])
    return open_hours(calendar, about.start, about.end)


def shift_began(calendar: Calendar | None, at: Instant) -> Instant | None:
    """When the shift began that is on at an instant; None between shifts and where there are none.

    Shifts that follow on one another without a break are told apart by their own hours.
    """
    if calendar is None:
        return None
    day = dt.timedelta(days=1)
    began = [
        start
        for shift in calendar.shifts
        for start, end in open_hours(
            msgspec.structs.replace(calendar, shifts=(shift,)), at - day, at + day
        )
        if start <= to_ns(at) < end
    ]
    return from_ns(max(began)) if began else None


def open_hours(calendar: Calendar, start: Instant, end: Instant) -> Iterable[Span]:
    """The open hours of a calendar between two instants; none where it never opens."""
    length_s = int((end - start).total_seconds())
    try:
        found = expand(calendar, start, length_s)
    except BadInput:
        return
    for a, b in zip(found.opens, found.closes, strict=True):
        if a < length_s:
            yield to_ns(start) + a * NS_PER_S, to_ns(start) + min(b, length_s) * NS_PER_S
