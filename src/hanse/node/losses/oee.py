"""OEE of machines, lines, shifts and products from the facts, each loss with its stops."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from hanse.decide import Oee, Produced, Stop, consumed, oee, roll_up
from hanse.decide.oee import Span
from hanse.model.plant import Calendar
from hanse.model.time import to_ns
from hanse.node.losses.facts import Counter, Known, MachineFacts, open_hours
from hanse.node.losses.reasons import is_planned

BY = ("machine", "line", "shift", "product")
NO_PRODUCT = ""


def figures(
    about: Known, facts: Sequence[MachineFacts], stood: dict[str, list[Stop]], by: str
) -> list[tuple[str, Oee]]:
    """(what, figures) of each machine, line, shift or product; the worst losses first inside."""
    match by:
        case "line":
            lines = sorted({f.machine.work_centre for f in facts})
            return [
                (
                    line,
                    roll_up(
                        line,
                        [_whole(about, f, stood) for f in facts if f.machine.work_centre == line],
                    ),
                )
                for line in lines
            ]
        case "shift":
            return _by_shift(about, facts, stood)
        case "product":
            return _by_product(about, facts, stood)
        case _:
            return [(f.machine.key, _whole(about, f, stood)) for f in facts]


def _whole(about: Known, facts: MachineFacts, stood: dict[str, list[Stop]]) -> Oee:
    return _of(facts.machine.key, about, facts, (stood, facts.planned))


def _of(
    name: str,
    about: Known,
    facts: MachineFacts,
    within: tuple[dict[str, list[Stop]], Sequence[Span]],
) -> Oee:
    """One machine over some spans: planned stops are no busy time."""
    stood, spans = within
    own = stood.get(facts.machine.key, [])
    end_ns = to_ns(about.end)
    off = [(s.start_ns, s.end_ns or end_ns) for s in own if is_planned(s.reason)]
    planned = minus(spans, off)
    return oee(
        name,
        planned=planned,
        stops=[s for s in own if not is_planned(s.reason)],
        produced=_produced(about, facts, spans),
        cost_per_hour_minor=facts.machine.cost_per_hour_minor,
    )


def _by_shift(
    about: Known, facts: Sequence[MachineFacts], stood: dict[str, list[Stop]]
) -> list[tuple[str, Oee]]:
    parts: dict[str, list[Oee]] = {}
    for fact in facts:
        calendar = about.calendars.get(fact.machine.calendar)
        for name, spans in _shifts(about, calendar):
            parts.setdefault(name, []).append(_of(name, about, fact, (stood, spans)))
    return [(name, roll_up(name, found)) for name, found in sorted(parts.items())]


def _shifts(about: Known, calendar: Calendar | None) -> Iterable[tuple[str, list[Span]]]:
    """Each shift of a calendar by its hours; round the clock where there is none."""
    if calendar is None or not calendar.shifts:
        return [("00:00–24:00", [(to_ns(about.start), to_ns(about.end))])]
    found: dict[str, list[Span]] = {}
    for shift in calendar.shifts:
        alone = msgspec.structs.replace(calendar, shifts=(shift,))
        name = f"{_clock(shift.start_min)}–{_clock(shift.end_min)}"
        found.setdefault(name, []).extend(open_hours(alone, about.start, about.end))
    return found.items()


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _by_product(
    about: Known, facts: Sequence[MachineFacts], stood: dict[str, list[Stop]]
) -> list[tuple[str, Oee]]:
    parts: dict[str, list[Oee]] = {}
    for fact in facts:
        for item, spans in _runs(about, fact).items():
            inside = cut(fact.planned, spans)
            parts.setdefault(item, []).append(_of(item, about, fact, (stood, inside)))
    return [(item, roll_up(item, found)) for item, found in sorted(parts.items())]


def _runs(about: Known, facts: MachineFacts) -> dict[str, list[Span]]:
    """When each product was on a machine, by its jobs; the rest belongs to no product."""
    found: dict[str, list[Span]] = {}
    start, end = to_ns(about.start), to_ns(about.end)
    for job in facts.jobs:
        begin = max(to_ns(job.started_at), start) if job.started_at else start
        until = min(to_ns(job.ended_at), end) if job.ended_at else end
        if until > begin:
            found.setdefault(job.item, []).append((begin, until))
    rest = minus([(start, end)], [s for spans in found.values() for s in spans])
    return {**found, NO_PRODUCT: rest} if rest else found


def _produced(about: Known, facts: MachineFacts, spans: Sequence[Span]) -> list[Produced]:
    """What came out in some spans, by product, counted by the machine's own counters."""
    good, scrap = facts.readings.get("parts_good", []), facts.readings.get("parts_scrap", [])
    made = []
    for item, on in _runs(about, facts).items():
        inside = cut(spans, on)
        well = sum(round(counted(good, span)) for span in inside)
        badly = sum(round(counted(scrap, span)) for span in inside)
        if well + badly:
            run_s = _run_s(about, facts, item)
            made.append(
                Produced(product=item or "-", pieces=well + badly, good=well, run_s_per_piece=run_s)
            )
    return made


def _run_s(about: Known, facts: MachineFacts, item: str) -> float:
    """The standard seconds a piece: of its job, else of its routing, else the machine's least."""
    key = facts.machine.key
    of_job = next((j.run_s for j in facts.jobs if j.item == item), 0.0)
    own = [run_s for (machine, _), run_s in about.run_s.items() if machine == key]
    return (of_job or about.run_s.get((key, item), 0.0) or min(own, default=0.0)) / _rate(facts)


def _rate(facts: MachineFacts) -> float:
    return facts.machine.rate


def counted(readings: Counter, span: Span) -> float:
    """What a counter went up by in a span; a fall is a reset."""
    times = [at for at, _ in readings]
    first = max(bisect.bisect_left(times, span[0]) - 1, 0)
    last = bisect.bisect_left(times, span[1])
    return consumed(value for _, value in readings[first:last])


def energy_kwh(facts: MachineFacts) -> float | None:
    """What its meter counted; None where it has none."""
    readings = facts.readings.get("energy")
    return None if not readings else consumed(value for _, value in readings)


def cut(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """The time that is in both."""
    rest = list(others)
    found = [(max(a, c), min(b, d)) for a, b in spans for c, d in rest]
    return sorted((a, b) for a, b in found if b > a)


def minus(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """The time of some spans that is in none of the others."""
    taken = sorted(others)
    found: list[Span] = []
    for start, end in spans:
        edges = [(start, start), *((a, b) for a, b in taken if b > start and a < end), (end, end)]
        reached = start
        for (_, before), (after, _) in pairwise(edges):
            reached = max(reached, before)
            if after > reached:
                found.append((reached, min(after, end)))
    return found
