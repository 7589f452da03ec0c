"""Overall equipment effectiveness by ISO 22400-2, with every loss traceable to its stops.

Names as in ISO 22400-2: planned busy time PBT, actual production time APT, produced and good
quantity PQ and GQ, planned run time per item PRI. Availability = APT / PBT, effectiveness = PRI *
PQ / APT, quality ratio = GQ / PQ, OEE = their product = PRI * GQ / PBT.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from hanse.decide.stops import Stop
from hanse.model.ids import Key
from hanse.model.time import NS_PER_S

SECONDS_PER_HOUR = 3_600

Span = tuple[int, int]
"""Half open, nanoseconds since 1970."""


class Produced(Struct, frozen=True, kw_only=True):
    """What came out: pieces in all, the good ones among them, and the seconds one should take."""

    product: Key
    pieces: int
    good: int
    run_s_per_piece: float


class Loss(Struct, frozen=True, kw_only=True):
    """Time that made no good piece: what kind, why, how long, what it cost, and its stops."""

    kind: str
    reason: str
    seconds: float
    cost_minor: int
    stops: tuple[str, ...] = ()


class Oee(Struct, frozen=True, kw_only=True):
    """The figures of one machine, line, shift or product over some time. Ratios 0-1, or None.

    ``losses`` and the good run time add up to ``planned_s``; effectiveness may be above 1 where the
    standard time is too long, and then ``speed`` is a gain (negative).
    """

    of: str
    planned_s: float
    running_s: float
    standard_s: float
    good_s: float
    pieces: int
    good: int
    losses: tuple[Loss, ...]

    @property
    def availability(self) -> float | None:
        """APT / PBT."""
        return _ratio(self.running_s, self.planned_s)

    @property
    def effectiveness(self) -> float | None:
        """PRI * PQ / APT."""
        return _ratio(self.standard_s, self.running_s)

    @property
    def quality(self) -> float | None:
        """GQ / PQ."""
        return _ratio(self.good, self.pieces)

    @property
    def oee(self) -> float | None:
        """PRI * GQ / PBT."""
        return _ratio(self.good_s, self.planned_s)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def oee(
    of: str,
    *,
    planned: Sequence[Span],
    stops: Iterable[Stop],
    produced: Iterable[Produced],
    cost_per_hour_minor: int = 0,
) -> Oee:
    """The figures of one machine over its planned spans.

    Stops count where they fall into a planned span; stops that overlap count once, for the one
    that began first. Money is ``cost_per_hour_minor`` for every hour lost.
    """
    spans = _merged(planned)
    planned_s = sum(b - a for a, b in spans) / NS_PER_S
    stood = _stood(spans, stops)
    running_s = planned_s - sum(s for _, s in stood)
    made = list(produced)
    standard_s = sum(p.pieces * p.run_s_per_piece for p in made)
    good_s = sum(p.good * p.run_s_per_piece for p in made)
    rest = [("speed", running_s - standard_s), ("quality", standard_s - good_s)]
    losses = _by_reason(stood, cost_per_hour_minor)
    losses += [
        Loss(kind=kind, reason=kind, seconds=s, cost_minor=_money(s, cost_per_hour_minor))
        for kind, s in rest
        if s
    ]
    return Oee(
        of=of,
        planned_s=planned_s,
        running_s=running_s,
        standard_s=standard_s,
        good_s=good_s,
        pieces=sum(p.pieces for p in made),
        good=sum(p.good for p in made),
        losses=tuple(losses),
    )


def _merged(spans: Iterable[Span]) -> list[Span]:
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        elif end > start:
            out.append((start, end))
    return out


def _stood(spans: list[Span], stops: Iterable[Stop]) -> list[tuple[Stop, float]]:
    """Each stop's seconds inside the planned spans, none counted twice."""
    out: list[tuple[Stop, float]] = []
    reached = spans[0][0] if spans else 0
    for stop in sorted(stops, key=lambda s: s.start_ns):
        start = max(stop.start_ns, reached)
        end = stop.end_ns if stop.end_ns is not None else max((b for _, b in spans), default=0)
        inside = sum(max(min(end, b) - max(start, a), 0) for a, b in spans)
        if inside > 0:
            out.append((stop, inside / NS_PER_S))
        reached = max(reached, end)
    return out


def _by_reason(stood: list[tuple[Stop, float]], cost_per_hour_minor: int) -> list[Loss]:
    sums: dict[tuple[str, str], tuple[float, list[str]]] = {}
    for stop, seconds in stood:
        named = (f"availability.{stop.cause}", stop.reason or "unexplained")
        total, ids = sums.get(named, (0.0, []))
        sums[named] = (total + seconds, [*ids, stop.id])
    losses = [
        Loss(
            kind=kind,
            reason=reason,
            seconds=seconds,
            cost_minor=_money(seconds, cost_per_hour_minor),
            stops=tuple(ids),
        )
        for (kind, reason), (seconds, ids) in sums.items()
    ]
    return sorted(losses, key=lambda loss: -loss.seconds)


def _money(seconds: float, cost_per_hour_minor: int) -> int:
    return round(seconds * cost_per_hour_minor / SECONDS_PER_HOUR)


def roll_up(of: str, parts: Iterable[Oee]) -> Oee:
    """Several machines, shifts or products as one: times and pieces added, losses joined."""
    given = list(parts)
    sums: dict[tuple[str, str], Loss] = {}
    for loss in (loss for part in given for loss in part.losses):
        before = sums.get((loss.kind, loss.reason))
        sums[loss.kind, loss.reason] = loss if before is None else _joined(before, loss)
    return Oee(
        of=of,
        planned_s=sum(p.planned_s for p in given),
        running_s=sum(p.running_s for p in given),
        standard_s=sum(p.standard_s for p in given),
        good_s=sum(p.good_s for p in given),
        pieces=sum(p.pieces for p in given),
        good=sum(p.good for p in given),
        losses=tuple(sorted(sums.values(), key=lambda loss: -loss.seconds)),
    )


def _joined(one: Loss, other: Loss) -> Loss:
    return Loss(
        kind=one.kind,
        reason=one.reason,
        seconds=one.seconds + other.seconds,
        cost_minor=one.cost_minor + other.cost_minor,
        stops=one.stops + other.stops,
    )


def consumed(readings: Iterable[float]) -> float:
    """What a meter's counter went up by in all; a fall is a reset to zero, not a refund."""
    total, last = 0.0, None
    for reading in readings:
        if last is not None:
            total += reading - last if reading >= last else reading
        last = reading
    return total


def energy_per_piece_kwh(readings_kwh: Iterable[float], good: int) -> float | None:
    """Energy by the meter for each good piece; None where there was none."""
    used = consumed(readings_kwh)
    return used / good if good > 0 else None
