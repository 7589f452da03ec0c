"""Capacity that the lines of one quotation share: each in time by itself, not all of them together.

For: a request whose lines meet on one machine that cannot do all of them before they are wanted.
In: what the plan holds for the lines, and when each would be ready alone. Out: further lines that
say what hours a piece takes, and the hours there are: the buyer takes any mix that fits, in time.
Limits: one machine, the one with the most hours; a line that meets another elsewhere is not
counted there. What the capacity is called says nothing of the machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from msgspec import Struct, structs

from hanse.model import trade
from hanse.model.plan import Assignment, Hold
from hanse.model.time import Instant
from hanse.node.acts.express import Late, dates_without
from hanse.node.context import Context
from hanse.store import Tx

NAME = "shared-1"
PARTS_MAX = 20
HOUR_S = Decimal(3_600)
UNIT = Decimal("0.000001")


class Shared(Struct, frozen=True, kw_only=True):
    """Further lines, and the hours they may take together."""

    lines: tuple[trade.QuotationLine, ...] = ()
    limits: tuple[trade.ResourceLimit, ...] = ()


class Need(Struct, frozen=True, kw_only=True):
    """What a line takes of the shared machine: hours a piece and once."""

    part: Late
    each: Decimal
    once: Decimal

    @property
    def hours(self) -> Decimal:
        """For the whole line."""
        return self.each * Decimal(self.part.line.quantity.value) + self.once


async def shared(context: Context, parts: Sequence[Late]) -> Shared:
    """Lines to be taken in any mix that is in time; none where all are in time together."""
    if len(parts) < 2 or len(parts) > PARTS_MAX or not any(p.ready > p.due for p in parts):
        return Shared()
    held = await context.store.read(lambda tx: _held(tx, parts))
    machine = _meeting(held)
    if machine is None:
        return Shared()
    due = min(part.due - part.slack for part in parts)
    needs = [
        _need(part, hold, machine)
        for part, hold in zip(parts, held, strict=True)
        if _on(hold, machine) and await _alone(context, part, parts) <= due
    ]
    if len(needs) < 2:
        return Shared()
    hours = max(*(need.hours for need in needs), _in_time(held, machine, due))
    limit = trade.ResourceLimit(resource_id=NAME, hours=str(_up(hours)))
    return Shared(
        lines=tuple(_line(need, min(p.due for p in parts)) for need in needs), limits=(limit,)
    )


def _held(tx: Tx, parts: Sequence[Late]) -> list[Hold | None]:
    holds = {hold.key: hold for hold in tx.holds.all()}
    return [holds.get(part.line.promise_basis.reservation_id) for part in parts]


def _meeting(held: Sequence[Hold | None]) -> str | None:
    """The machine that two lines or more work on, the one with the most hours."""
    lines, seconds = Counter[str](), Counter[str]()
    for hold in held:
        found = hold.assignments if hold else ()
        lines.update({a.machine for a in found})
        for a in found:
            seconds[a.machine] += int((a.end - a.start).total_seconds())
    several = [machine for machine, count in lines.items() if count > 1]
    return max(several, key=lambda m: (seconds[m], m), default=None)


def _on(hold: Hold | None, machine: str) -> list[Assignment]:
    return [a for a in (hold.assignments if hold else ()) if a.machine == machine]


def _need(part: Late, hold: Hold | None, machine: str) -> Need:
    found = _on(hold, machine)
    once = sum(a.setup_s for a in found)
    whole = sum(int((a.end - a.start).total_seconds()) for a in found)
    pieces = Decimal(part.line.quantity.value)
    each = (Decimal(whole - once) / HOUR_S / pieces).quantize(UNIT, rounding=ROUND_FLOOR)
    return Need(part=part, each=each, once=_up(Decimal(once) / HOUR_S))


async def _alone(context: Context, part: Late, parts: Sequence[Late]) -> Instant:
    """When a line would be ready if nothing were held for the others."""
    others = tuple(p.line.promise_basis.reservation_id for p in parts if p is not part)
    promise = await dates_without(context, part, others)
    return promise.curve[0].ready_at


def _in_time(held: Sequence[Hold | None], machine: str, due: Instant) -> Decimal:
    """Hours of what is held that the machine has done in time: so many are there at least."""
    done = (a for hold in held for a in _on(hold, machine) if a.end <= due)
    return Decimal(sum(int((a.end - a.start).total_seconds()) for a in done)) / HOUR_S


def _line(need: Need, due: Instant) -> trade.QuotationLine:
    use = trade.ResourceUse(
        resource_id=NAME, hours_per_piece=str(need.each), setup_hours=str(need.once)
    )
    line = need.part.at("mix", due.replace(microsecond=0), Decimal(0))
    return structs.replace(line, resource_use=(use,))


def _up(hours: Decimal) -> Decimal:
    return hours.quantize(UNIT, rounding=ROUND_CEILING)
