"""What has started: it stays where it is, follows what its machine reports, pauses or is split."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from operator import attrgetter

import msgspec

from hanse.allocate.build import Builder
from hanse.allocate.calendars import finish, next_open
from hanse.allocate.outcome import shrink
from hanse.allocate.problem import NONE, Placed, Plan, Shop
from hanse.allocate.records import Records
from hanse.allocate.view import machine_of
from hanse.model.errors import BadInput
from hanse.model.order import Progress
from hanse.model.plan import Assignment, Outage, OutageKind, Pin

Span = tuple[int, int]
SLIP_S = 60
"""A machine that is so far from its plan is on time."""


def tick(shop: Shop, plan: Plan, now: int, frozen_s: int) -> bool:
    """Time has come to ``now``: what started, and what the frozen zone holds, becomes fixed."""
    shop.not_before = max(shop.not_before, now)
    edge = now + frozen_s
    changed = False
    for op, placed in enumerate(plan.placed):
        if placed is not None and placed.start < edge and op not in shop.fixed:
            shop.fixed[op] = placed
            changed = True
    return changed


def split_at(builder: Builder, plan: Plan, outage: Outage, span: Span) -> None:
    """What an outage interrupts: the rest may go elsewhere; before its time comes it only waits."""
    shop = builder.shop
    for op in [o for o, p in shop.fixed.items() if _hit(builder, o, p, outage)]:
        if not shop.jobs[shop.ops[op].order].active:
            continue
        placed = shop.fixed[op]
        if placed.end <= span[0] or placed.start >= span[1]:
            continue
        if placed.start >= shop.not_before:
            del shop.fixed[op]
        elif span[0] > shop.not_before and outage.kind == OutageKind.MACHINE:
            _pause(shop, plan, op, span[0])
        else:
            _split(shop, op, min(span[0], shop.not_before))


def _hit(builder: Builder, op: int, placed: Placed, outage: Outage) -> bool:
    if outage.kind == OutageKind.PERSON:
        unit = builder.names.people[outage.resource]
        led = builder.shop.fixed.get(placed.leader, placed)
        return unit in (led.operator, led.setter)
    if outage.kind == OutageKind.TOOL:
        led = builder.shop.fixed.get(placed.leader, placed)
        return led.tool in builder.shop.groups[builder.names.tools[outage.resource]]
    choice = builder.shop.ops[op].choices[placed.choice]
    return choice.lane != NONE and builder.shop.machines[choice.machine] == outage.resource


def _pause(shop: Shop, plan: Plan, op: int, at: int) -> None:
    """A started operation waits through an outage that is still to come."""
    placed = shop.fixed[op]
    calendar = shop.lanes[shop.ops[op].choices[placed.choice].lane].calendar
    end = finish(calendar, next_open(calendar, at), max(1, placed.end - at))
    plan.placed[op] = shop.fixed[op] = placed._replace(end=end, out_at=max(placed.out_at, end))


def _split(shop: Shop, op: int, at: int) -> None:
    """The pieces an interrupted operation still owes become free to go elsewhere."""
    placed, task = shop.fixed.pop(op), shop.ops[op]
    made = shop.made.get(op, 0)
    if op not in shop.made and task.choices[placed.choice].machine not in shop.reporting:
        whole = max(1, placed.end - placed.run_at)
        made = task.pieces * max(0, min(at, placed.end) - placed.run_at) // whole
    made = min(made, task.pieces - 1)
    shop.past.append((op, placed._replace(end=max(at, placed.start)), made))
    count(shop, op, made)


def hand_on(shop: Shop, plan: Plan, gone: AbstractSet[int]) -> None:
    """Batches whose first operation is gone are led, and served, by the next one in them."""
    led: dict[int, int] = {}
    for op, placed in enumerate(plan.placed):
        if placed is None or placed.leader not in gone or op in gone:
            continue
        first = led.setdefault(placed.leader, op)
        was = plan.placed[placed.leader]
        now = placed._replace(leader=first)
        if first == op and was is not None:
            units = {"operator": was.operator, "setter": was.setter, "tool": was.tool}
            now = now._replace(**units)
        plan.placed[op] = now
        if op in shop.fixed:
            shop.fixed[op] = now


def count(shop: Shop, op: int, made: int) -> None:
    """So many pieces of an operation are behind it; it is an operation for the rest."""
    job = shop.jobs[shop.ops[op].order]
    if op in job.last:
        job.made_pieces += made
    shop.made.pop(op, None)
    shop.counted[op] = shop.counted.get(op, 0) + made
    shrink(shop, op, shop.ops[op].pieces - made)


def release(shop: Shop, op: int) -> None:
    """Nobody works on an operation now: what was made is counted, the rest is free."""
    if op in shop.fixed and shop.fixed[op].start < shop.not_before:
        _split(shop, op, shop.not_before)
        return
    shop.fixed.pop(op, None)
    made = min(shop.made.get(op, 0), shop.ops[op].pieces - 1)
    if made:
        count(shop, op, made)


def note(builder: Builder, op: int, progress: Progress) -> None:
    """Keep what a machine says of an operation."""
    shop, names = builder.shop, builder.names
    task = shop.ops[op]
    told = max(0, progress.good - shop.counted.get(op, 0))
    shop.made[op] = max(shop.made.get(op, 0), min(task.pieces, told))
    if progress.finished_at is not None:
        shop.ended.add(op)
    for lane in names.lanes.get(progress.machine, ()):
        shop.reporting.add(shop.lanes[lane].machine)


def remaining_placed(builder: Builder, plan: Plan, op: int, progress: Progress) -> Placed:
    """Where a reported operation stands: ended, or ending when its rest is done at its pace."""
    shop = builder.shop
    was = shop.fixed.get(op) or plan.placed[op]
    index = _choice(builder, op, progress.machine, was)
    now = shop.not_before
    start = min(now, now if was is None else was.start)
    if was is None and progress.finished_at is not None:
        start = min(start, builder.seconds(progress.finished_at))
    if progress.started_at is not None:
        start = builder.seconds(progress.started_at)
    run = start if was is None or shop.made.get(op) else max(start, start + was.setup_s)
    if progress.finished_at is not None:
        run, end = start, max(start, builder.seconds(progress.finished_at))
    else:
        run, end = _rest(shop, op, index, run)
    operator = NONE if was is None else was.operator
    left = end if operator != NONE else start
    setup_s = 0 if was is None else was.setup_s
    return Placed(index, setup_s, start, start, run, left, end, end, operator, NONE, NONE, op)


def _rest(shop: Shop, op: int, index: int, run_at: int) -> tuple[int, int]:
    """From when to when the rest of an operation runs: from now on once pieces are made."""
    task, now = shop.ops[op], shop.not_before
    choice = task.choices[index]
    owed = max(0, task.pieces - shop.made.get(op, 0))
    since = run_at if owed == task.pieces and op in shop.made else now
    work = -(-choice.run_s * owed // task.pieces)
    lane = shop.lanes[choice.lane].calendar if choice.lane != NONE else None
    end = since + work if lane is None else finish(lane, next_open(lane, since), work)
    return since, max(end, now + min(1, owed))


def as_planned(was: Placed | None, now: Placed) -> Placed:
    """A report within SLIP_S of the plan keeps the plan's end, so that nothing need move."""
    if was is None or was.choice != now.choice or abs(now.end - was.end) > SLIP_S:
        return now
    end = max(was.end, now.start)
    left = min(was.left_at, end) if now.operator != NONE else now.left_at
    return now._replace(end=end, out_at=min(was.out_at, end), left_at=max(left, now.run_at))


def _choice(builder: Builder, op: int, machine: str, was: Placed | None) -> int:
    named = [machine_of(builder.shop, choice) for choice in builder.shop.ops[op].choices]
    if machine and (was is None or named[was.choice] != machine):
        if machine in named:
            return named.index(machine)
        raise BadInput(
            f"{machine} cannot do step {builder.shop.ops[op].step}",
            subject=f"order {builder.shop.jobs[builder.shop.ops[op].order].key}",
            remedy="Correct the report or add the machine to the routing",
        )
    return 0 if was is None else was.choice


def give_way(shop: Shop, op: int, placed: Placed) -> None:
    """What was thought to have begun on a machine that says it is at another operation has not.

    Nobody has reported it, and its lane does one thing at a time: it is free to wait or go.
    """
    lane = shop.ops[op].choices[placed.choice].lane
    if lane == NONE or shop.lanes[lane].batch_max:
        return
    for other in [o for o in shop.fixed if o != op and o not in shop.made and o not in shop.ended]:
        held, task = shop.fixed[other], shop.ops[other]
        meets = held.start < placed.end and placed.start < held.end
        if meets and task.choices[held.choice].lane == lane and shop.jobs[task.order].active:
            del shop.fixed[other]


def take_over(builder: Builder, records: Records) -> Plan | None:
    """Pins, progress and an earlier plan's places into a fresh shop."""
    shop, ops = builder.shop, builder.names.ops
    for pin in records.pins:
        op = ops.get((pin.order, pin.lot, pin.step))
        if op is not None and (known := _known_pin(builder, op, pin)) is not None:
            shop.pins[op] = known
    before, busy = Plan([None] * len(shop.ops)), dict[int, int]()
    for entry in sorted(records.plan, key=attrgetter("start")):
        op = ops.get((entry.order, entry.lot, entry.step))
        if op is not None and (again := _again(builder, op, entry)) is not None:
            before.placed[op] = placed = _on_free_lane(shop, op, again, busy)
            if entry.started or placed.start < 0:
                shop.fixed[op] = placed
    for progress in records.progress:
        op = ops.get((progress.order, progress.lot, progress.step))
        if op is not None:
            _take_progress(builder, before, op, progress)
    return before if records.plan else None


def _known_pin(builder: Builder, op: int, pin: Pin) -> tuple[int, int] | None:
    """None where the machine cannot do it any more, or never could."""
    try:
        return pin_of(builder, op, pin)
    except BadInput:
        return None


def pin_of(builder: Builder, op: int, pin: Pin) -> tuple[int, int]:
    """The choice and the earliest second that a planner's word means for an operation."""
    at = 0 if pin.start is None else builder.seconds(pin.start)
    return _choice(builder, op, pin.machine, None), at


def _take_progress(builder: Builder, before: Plan, op: int, progress: Progress) -> None:
    """A report of before a restart: running where the plan has it, else only counted."""
    shop, was = builder.shop, before.placed[op]
    note(builder, op, progress)
    if progress.finished_at is None and progress.paused:
        shop.fixed.pop(op, None)
        release(shop, op)
        return
    try:
        now = remaining_placed(builder, before, op, progress)
    except BadInput:  # a report, or a file, that names a machine which cannot do it
        now = remaining_placed(builder, before, op, msgspec.structs.replace(progress, machine=""))
    shop.fixed[op] = now if progress.finished_at is not None else as_planned(was, now)
    give_way(shop, op, shop.fixed[op])


def _again(builder: Builder, op: int, entry: Assignment) -> Placed | None:
    try:
        index = _choice(builder, op, entry.machine, None)
    except BadInput:
        return None
    start, end = builder.seconds(entry.start), builder.seconds(entry.end)
    who = builder.names.people.get(entry.person, NONE)
    left = end if who != NONE else start
    return Placed(index, entry.setup_s, start, start, start, left, end, end, who, NONE, NONE, op)


def _on_free_lane(shop: Shop, op: int, placed: Placed, busy: dict[int, int]) -> Placed:
    """On a lane of its machine that is free by then: records name the machine, not the lane.

    ``busy``: until when each lane is, by what began before.
    """
    choices = shop.ops[op].choices
    known = choices[placed.choice]
    if known.lane == NONE or shop.lanes[known.lane].batch_max:
        return placed
    lanes = ((k, c.lane) for k, c in enumerate(choices) if c.machine == known.machine)
    free = (k for k, lane in lanes if lane != NONE and busy.get(lane, placed.start) <= placed.start)
    choice = next(free, placed.choice)
    lane = choices[choice].lane
    busy[lane] = max(busy.get(lane, placed.end), placed.end)
    return placed._replace(choice=choice)
