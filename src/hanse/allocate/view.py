"""From the searches' indices back to the vocabulary: versions, moves and their sentences."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hanse.allocate.problem import NONE, Choice, Placed, Plan, Shop, cost_minor, late_s
from hanse.model.plan import Assignment, Move, MoveReason, PlanVersion
from hanse.model.text import Text
from hanse.model.time import Instant

MOVES_MAX = 10_000
DURATIONS_MAX = 10_000
"""How many lengths of time are kept in words."""


class Because(NamedTuple):
    """What set a change off: its reason, and the event it is told with."""

    reason: MoveReason
    text: Text
    cause: str | None = None


class Versioned(NamedTuple):
    """A plan with what a version says about it."""

    number: int
    made_at: Instant
    because: Because | None
    moves: tuple[Move, ...]
    bound_minor: int | None = None

    def laid_out(self) -> bool:
        """Whether it was only just laid out, so that nobody counts on it."""
        return self.because is not None and self.because.reason is MoveReason.PLANNER


def instant(shop: Shop, at_s: int) -> Instant:
    """The instant of so many seconds from the shop's origin."""
    return shop.origin + dt.timedelta(seconds=at_s)


def assignment(shop: Shop, op: int, placed: Placed) -> Assignment:
    """One placement in the vocabulary."""
    task = shop.ops[op]
    pin = shop.pins.get(op)
    return Assignment(
        order=shop.jobs[task.order].key,
        step=task.step,
        lot=task.lot,
        machine=machine_of(shop, task.choices[placed.choice]),
        start=instant(shop, placed.start),
        end=instant(shop, placed.end),
        pieces=task.pieces,
        setup_s=placed.setup_s,
        person=_unit(shop, placed.operator),
        setter=_unit(shop, placed.setter),
        tool=_unit(shop, placed.tool),
        started=op in shop.fixed and placed.start <= shop.not_before,
        pinned=pin is not None,
    )


def _unit(shop: Shop, unit: int) -> str:
    return "" if unit == NONE else shop.units[unit].key


def assignments(shop: Shop, plan: Plan, ops: Iterable[int] | None = None) -> list[Assignment]:
    """Placements of active operations by start, then machine."""
    chosen = range(len(plan.placed)) if ops is None else ops
    found = [
        assignment(shop, op, placed)
        for op in chosen
        if (placed := plan.placed[op]) is not None and shop.jobs[shop.ops[op].order].active
    ]
    return sorted(found, key=lambda a: (a.start, a.machine, a.order, a.lot))


def version(shop: Shop, plan: Plan, about: Versioned) -> PlanVersion:
    """A numbered plan in the vocabulary."""
    active = [(j, job) for j, job in enumerate(shop.jobs) if job.active]
    late = {job.key: late_s(shop, plan, j) for j, job in active}
    return PlanVersion(
        number=about.number,
        made_at=about.made_at,
        cause=None if about.because is None else about.because.cause,
        assignments=tuple(assignments(shop, plan)),
        moves=about.moves,
        late={key: seconds for key, seconds in late.items() if seconds},
        cost_minor=cost_minor(shop, plan),
        bound_minor=about.bound_minor,
        overtime=tuple(shop.overtime),
        ready={job.key: instant(shop, plan.end(shop, j)) for j, job in active},
    )


def moves(shop: Shop, old: Plan, new: Plan, because: Because) -> tuple[Move, ...]:
    """Each operation that stands elsewhere than before, with the reason in a sentence."""
    found = []
    for op, (was, now) in enumerate(zip(old.placed, new.placed, strict=False)):
        if was is None or now is None or was == now:
            continue
        if (was.choice, was.start) == (now.choice, now.start):
            continue
        task = shop.ops[op]
        text = _sentence(shop, op, (was, now), because)
        key = shop.jobs[task.order].key
        found.append(
            Move(order=key, step=task.step, reason=because.reason, text=text, lot=task.lot)
        )
        if len(found) >= MOVES_MAX:
            break
    return tuple(found)


def machine_of(shop: Shop, choice: Choice) -> str:
    """What a way to do an operation is called: its machine, or ``subcontract``."""
    return "subcontract" if choice.lane == NONE else shop.machines[choice.machine]


def _sentence(shop: Shop, op: int, pair: tuple[Placed, Placed], because: Because) -> Text:
    was, now = pair
    choices = shop.ops[op].choices
    before, after = (machine_of(shop, choices[p.choice]) for p in pair)
    shift = now.start - was.start
    moved = f"moved from {before} to {after}" if before != after else f"stays on {after}"
    moved_zh = f"从 {before} 移到 {after}" if before != after else f"仍在 {after}"
    later, later_zh = _shift(shift)
    return Text(
        f"Step {shop.ops[op].step} {moved}, {later}: {because.text.en}",
        f"工序 {shop.ops[op].step} {moved_zh},{later_zh}:{because.text.zh}",
    )


def _shift(seconds: int) -> tuple[str, str]:
    if not seconds:
        return "at the same time", "时间不变"
    en, zh = duration(abs(seconds))
    return (f"{en} later", f"推迟 {zh}") if seconds > 0 else (f"{en} earlier", f"提前 {zh}")


def duration(seconds: int) -> tuple[str, str]:
    """A length of time for people, in English and Chinese: ``3 h 20 min``, ``3 小时 20 分``."""
    return _duration(-(-seconds // 60))


@functools.lru_cache(DURATIONS_MAX)
def _duration(minutes: int) -> tuple[str, str]:
    days, rest = divmod(minutes, 1_440)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d", "天"), (hours, "h", "小时"), (minutes, "min", "分")]
    shown = [part for part in parts if part[0]][:2] or [(0, "min", "分")]
    en = " ".join(f"{n} {unit}" for n, unit, _ in shown)
    return en, " ".join(f"{n} {unit}" for n, _, unit in shown)


def changed(old: Sequence[Placed | None], new: Sequence[Placed | None]) -> int:
    """How many operations stand elsewhere than before."""
    return sum(
        1
        for was, now in zip(old, new, strict=False)
        if was is not None
        and now is not None
        and (was.choice, was.start) != (now.choice, now.start)
    )
