"""What if: a scenario is a copy of the live plant with edits, laid out and compared in money."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from hanse.allocate import engine
from hanse.allocate.build import Builder
from hanse.allocate.calendars import worked
from hanse.allocate.problem import NONE, Plan, Shop, cost_minor, late_s
from hanse.allocate.records import Records
from hanse.allocate.running import take_over
from hanse.allocate.view import instant
from hanse.model.plant import Calendar, Shift
from hanse.model.text import Text
from hanse.model.time import Clock, Instant

RELIEFS_MAX = 12
WEEK = (0, 1, 2, 3, 4)

Edit = Callable[[Records], Records]


class Change(Struct, frozen=True, kw_only=True):
    """An order's date in the live plan and in the scenario; None where it is not part of it."""

    order: str
    before: Instant | None
    after: Instant | None


class Scenario(Struct, frozen=True, kw_only=True):
    """A plan tried on the twin: its records, which can be adopted, and what differs."""

    records: Records
    cost_before_minor: int
    cost_after_minor: int
    late_before: int
    late_after: int
    changes: tuple[Change, ...]


class Load(Struct, frozen=True, kw_only=True):
    """How busy a machine is between now and the last due date: 0 to 1 of its open time."""

    machine: str
    busy_s: int
    open_s: int
    share: Annotated[float, Meta(ge=0)]


class Relief(Struct, frozen=True, kw_only=True):
    """Something tried on the twin, and what it would save in minor units."""

    text: Text
    saves_minor: int
    late_after: int


def scenario(
    records: Records, live: tuple[Shop, Plan], edit: Edit, budget: engine.Budget
) -> Scenario:
    """A copy of the plant with an edit, solved within the budget and compared with the live plan.

    Raises:
        BadInput: the edited records contradict themselves.
    """
    edited = edit(records)
    shop, plan = _solved(edited, budget)
    old_shop, old = live
    before, after = _dates(old_shop, old), _dates(shop, plan)
    changes = tuple(
        Change(order=key, before=before.get(key), after=after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    )
    return Scenario(
        records=edited,
        cost_before_minor=cost_minor(old_shop, old),
        cost_after_minor=cost_minor(shop, plan),
        late_before=_late(old_shop, old),
        late_after=_late(shop, plan),
        changes=changes,
    )


def _solved(records: Records, budget: engine.Budget) -> tuple[Shop, Plan]:
    builder = Builder(records, origin=budget.clock.now().replace(microsecond=0))
    before = take_over(builder, records)
    plan = engine.first_plan(builder.shop, records.rules, before)
    if budget.seconds > 0:
        plan = engine.improve(builder.shop, plan, engine.unbound(records.rules), budget)
    return builder.shop, plan


def _dates(shop: Shop, plan: Plan) -> dict[str, Instant]:
    active = [(j, job.key) for j, job in enumerate(shop.jobs) if job.active]
    return {key: instant(shop, plan.end(shop, j)) for j, key in active}


def _late(shop: Shop, plan: Plan) -> int:
    return sum(late_s(shop, plan, j) > 0 for j, job in enumerate(shop.jobs) if job.active)


def loads(shop: Shop, plan: Plan) -> list[Load]:
    """Every machine's load from now to the last due date, busiest first."""
    now = shop.not_before
    until = max([now + 86_400, *(job.due for job in shop.jobs if job.active)])
    busy = [0] * len(shop.machines)
    for op, placed in enumerate(plan.placed):
        if placed is None or placed.leader != op or not shop.jobs[shop.ops[op].order].active:
            continue
        lane = shop.ops[op].choices[placed.choice].lane
        if lane != NONE:
            span = max(now, placed.start), min(until, placed.end)
            busy[shop.lanes[lane].machine] += max(0, worked(shop.lanes[lane].calendar, *span))
    capacity = [0] * len(shop.machines)
    for lane_ in shop.lanes:
        capacity[lane_.machine] += worked(lane_.calendar, now, until)
    found = [
        Load(machine=key, busy_s=b, open_s=c, share=b / c if c else 0.0)
        for key, b, c in zip(shop.machines, busy, capacity, strict=True)
    ]
    return sorted(found, key=lambda load: -load.share)


def reliefs(records: Records, machine: str, clock: Clock) -> list[Relief]:
    """What would relieve a machine, each tried on the twin, the most saved first.

    One more shift, one more like it, one more of each person it needs, smaller lots.
    """
    budget = engine.Budget(clock, 0.0)
    fresh = msgspec.structs.replace(records, plan=())
    shop, plan = _solved(fresh, budget)
    base, found = cost_minor(shop, plan), []
    for text, edit in list(_ideas(fresh, machine))[:RELIEFS_MAX]:
        tried_shop, tried = _solved(edit(fresh), budget)
        saves = base - cost_minor(tried_shop, tried)
        found.append(Relief(text=text, saves_minor=saves, late_after=_late(tried_shop, tried)))
    return sorted(found, key=lambda relief: -relief.saves_minor)


def _ideas(records: Records, machine: str) -> Iterator[tuple[Text, Edit]]:
    yield Text(f"one more shift on {machine}", f"{machine} 增加一班"), _more_hours(machine)
    yield Text(f"one more machine like {machine}", f"增加一台同 {machine} 的设备"), _twin(machine)
    known = next(m for m in records.machines if m.key == machine)
    here = {machine, known.work_centre}
    skills = {
        skill
        for routing in records.routings
        for step in routing.steps
        if any(a.machine in here for a in step.alternatives)
        for skill in (step.skill, step.setter)
        if skill
    }
    for skill in sorted(skills):
        yield Text(f"one more person with {skill}", f"增加一名具备 {skill} 的人员"), _person(skill)
    yield Text("lots of half the size", "批量减半"), _half_lots


def _more_hours(machine: str) -> Edit:
    def edit(records: Records) -> Records:
        open_all = Calendar(
            key="one-more-shift", shifts=(Shift(days=WEEK, start_min=0, end_min=1_440),)
        )
        return msgspec.structs.replace(
            records,
            calendars=(*records.calendars, open_all),
            machines=tuple(
                msgspec.structs.replace(m, calendar=open_all.key) if m.key == machine else m
                for m in records.machines
            ),
        )

    return edit


def _twin(machine: str) -> Edit:
    def edit(records: Records) -> Records:
        like = next(m for m in records.machines if m.key == machine)
        more = msgspec.structs.replace(like, key=f"{machine}-more")
        return msgspec.structs.replace(records, machines=(*records.machines, more))

    return edit


def _person(skill: str) -> Edit:
    def edit(records: Records) -> Records:
        like = next(p for p in records.people if skill in p.skills)
        more = msgspec.structs.replace(like, key=f"{like.key}-more", skills=(skill,))
        return msgspec.structs.replace(records, people=(*records.people, more))

    return edit


def _half_lots(records: Records) -> Records:
    largest = max((int(o.quantity) for o in records.orders), default=2)
    return msgspec.structs.replace(
        records,
        items=tuple(
            msgspec.structs.replace(item, lot_max=max(1, (item.lot_max or largest) // 2))
            for item in records.items
        ),
    )
