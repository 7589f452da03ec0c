"""The independent checker: judges a plan by the shop's rules, sharing no code with any decoder.

It only reads the data classes of `problem`; what it computes, it computes in its own plain way.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from hanse.allocate.problem import Op, Placed, Plan, Shop

VIOLATIONS_MAX = 1_000


Span = tuple[int, int, int]
"""Start, end, and for which operation."""


class Violation(NamedTuple):
    """A rule that a plan breaks, where, and by what."""

    rule: str
    subject: str
    text: str


def check(shop: Shop, plan: Plan) -> list[Violation]:
    """Every rule a plan breaks, at most VIOLATIONS_MAX; empty when it is right.

    Rules: ``complete``, ``release``, ``now``, ``precedence``, ``calendar``, ``pause``, ``setup``,
    ``machine``, ``person``, ``tool``, ``skill``, ``batch``, ``material``, ``fixed``, ``pin``.
    """
    found: list[Violation] = []
    for part in (_complete, _times, _precedence, _work, _lanes, _units, _batches, _material):
        for violation in part(shop, plan):
            found.append(violation)
            if len(found) >= VIOLATIONS_MAX:
                return found
    return found


def _name(shop: Shop, op: int) -> str:
    task = shop.ops[op]
    return f"{shop.jobs[task.order].key} lot {task.lot} step {task.step}"


def _each(shop: Shop, plan: Plan) -> Iterator[tuple[int, Op, Placed]]:
    for op, placed in enumerate(plan.placed):
        if placed is not None and shop.jobs[shop.ops[op].order].active:
            yield op, shop.ops[op], placed


def _there(shop: Shop, plan: Plan) -> Iterator[tuple[int, Op, Placed]]:
    """Everything that occupies something: the work of orders that are complete stays."""
    for op, placed in enumerate(plan.placed):
        if placed is not None and (op in shop.fixed or shop.jobs[shop.ops[op].order].active):
            yield op, shop.ops[op], placed


def _doubled(spans: Iterable[Span], held: Collection[int]) -> Iterator[int]:
    """Who begins while another is not over; what has started may overlap with its like."""
    over = over_free = -(2**62)
    for start, end, op in sorted(spans):
        if start < (over_free if op in held else over):
            yield op
        over = max(over, end)
        if op not in held:
            over_free = max(over_free, end)


def _complete(shop: Shop, plan: Plan) -> Iterator[Violation]:
    for job in shop.jobs:
        for op in job.ops if job.active else ():
            if plan.placed[op] is None:
                yield Violation("complete", _name(shop, op), "is not in the plan")
        lots = sum(shop.ops[op].pieces + shop.counted.get(op, 0) for op in job.last)
        if job.active and lots + job.done_pieces < job.quantity:
            yield Violation("complete", job.key, "is not planned for all of its pieces")


def _times(shop: Shop, plan: Plan) -> Iterator[Violation]:
    for op, task, placed in _each(shop, plan):
        held = shop.fixed.get(op)
        if held is not None:
            if held != placed:
                yield Violation("fixed", _name(shop, op), "was moved though it is fixed")
            continue
        if placed.start < shop.jobs[task.order].release:
            yield Violation("release", _name(shop, op), "starts before its order may start")
        if placed.start < shop.not_before:
            yield Violation("now", _name(shop, op), "starts in the past")
        pin = shop.pins.get(op)
        if pin is not None and (placed.choice != pin[0] or placed.start < pin[1]):
            yield Violation("pin", _name(shop, op), "is not where the planner pinned it")


def _site(shop: Shop, task: Op, placed: Placed) -> int | None:
    lane = task.choices[placed.choice].lane
    return shop.lanes[lane].site if lane >= 0 else None


def _precedence(shop: Shop, plan: Plan) -> Iterator[Violation]:
    for op, task, placed in _each(shop, plan):
        if op in shop.fixed:
            continue
        here = _site(shop, task, placed)
        for link in task.preds:
            before = plan.placed[link.op]
            if before is None:
                continue
            there = _site(shop, shop.ops[link.op], before)
            away = 0 if here is None or there is None else shop.transport[there][here]
            lag = link.lag_s + away
            overlapping = link.transfer > 0 and before.out_at < before.end and here is not None
            if placed.start < (before.out_at if overlapping else before.end) + lag:
                yield Violation("precedence", _name(shop, op), "starts before its parts are there")
            if overlapping:
                share = min(link.transfer, task.pieces)
                tail = -(-task.choices[placed.choice].run_s * share // task.pieces)
                if placed.end < before.end + lag + tail:
                    yield Violation("precedence", _name(shop, op), "ends before its last parts")


Openings = tuple[list[int], list[int]]


def _open_s(calendars: list[Openings], start: int, end: int) -> int:
    """Seconds in ``[start, end)`` that every calendar is open, window by window."""
    total = 0
    opens, closes = calendars[0]
    i = max(0, bisect_right(opens, start) - 1)
    while i < len(opens) and opens[i] < end:
        a, b = max(start, opens[i]), min(end, closes[i])
        if a < b:
            total += b - a if len(calendars) == 1 else _open_s(calendars[1:], a, b)
        i += 1
    return total


def _work(shop: Shop, plan: Plan) -> Iterator[Violation]:
    """Setup, attended and unattended work take exactly the open time between their instants."""
    for op, task, placed in _each(shop, plan):
        if op in shop.fixed or placed.leader != op:
            continue
        choice = task.choices[placed.choice]
        if choice.lane < 0:
            if placed.end - placed.start != choice.run_s:
                yield Violation("calendar", _name(shop, op), "is not out for its lead time")
            continue
        if placed.setup_s < choice.setup_s:
            yield Violation("setup", _name(shop, op), "has less setup than its own")
        yield from _phases(shop, op, placed)
        if not task.may_pause and placed.end - placed.run_at != choice.run_s:
            yield Violation("pause", _name(shop, op), "pauses though it may not")


def _phases(shop: Shop, op: int, placed: Placed) -> Iterator[Violation]:
    task = shop.ops[op]
    choice = task.choices[placed.choice]
    lane = shop.lanes[choice.lane].calendar
    attended = choice.attended_s if task.operator >= 0 else 0
    setting = placed.setter if placed.setter >= 0 else placed.operator
    for who, start, end, work in (
        *_first_out(shop, op, placed, attended),
        (setting, placed.start, placed.set_at, placed.setup_s),
        (placed.operator, placed.run_at, placed.left_at, attended),
        (-1, placed.left_at, placed.end, choice.run_s - attended),
    ):
        calendars = [(lane.opens, lane.closes)]
        if who >= 0:
            calendars.append((shop.units[who].calendar.opens, shop.units[who].calendar.closes))
        if start > end or _open_s(calendars, start, end) != work:
            yield Violation("calendar", _name(shop, op), f"does not find {work} open seconds")
    if placed.run_at < placed.set_at or placed.left_at < placed.run_at:
        yield Violation("calendar", _name(shop, op), "runs before it is set up")
    able = shop.groups[task.operator] if task.operator >= 0 else ()
    if (attended and placed.operator < 0) or (placed.operator >= 0 and placed.operator not in able):
        yield Violation("skill", _name(shop, op), "is attended by nobody who can")
    sets = task.setter if task.setter >= 0 else task.operator
    if placed.setup_s and sets >= 0 and setting not in shop.groups[sets]:
        yield Violation("skill", _name(shop, op), "is set up by nobody who can")


Phase = tuple[int, int, int, int]
"""Who works from when to when, and for how many seconds."""


def _first_out(shop: Shop, op: int, placed: Placed, attended: int) -> Iterator[Phase]:
    """The work until the first transfer batch is out; all of it where nothing is handed over."""
    task = shop.ops[op]
    run_s = task.choices[placed.choice].run_s
    if not task.transfer or shop.lanes[task.choices[placed.choice].lane].batch_max:
        if placed.out_at != placed.end:
            yield -1, placed.end, placed.end, 1
        return
    first = -(-run_s * min(task.transfer, task.pieces) // task.pieces)
    if first > attended:
        yield -1, placed.left_at, placed.out_at, first - attended
    else:
        yield placed.operator, placed.run_at, placed.out_at, first


def _lanes(shop: Shop, plan: Plan) -> Iterator[Violation]:
    """One operation at a time on a lane, and enough setup between each two of them."""
    busy: dict[int, list[Span]] = defaultdict(list)
    for op, task, placed in _there(shop, plan):
        lane = task.choices[placed.choice].lane
        if lane >= 0 and placed.leader == op:
            busy[lane].append((placed.start, placed.end, op))
    for lane, spans in busy.items():
        machine = shop.machines[shop.lanes[lane].machine]
        for op in _doubled(spans, shop.fixed):
            yield Violation("machine", f"{machine}: {_name(shop, op)}", "runs while another does")
        family = shop.lanes[lane].family
        for _, _, op in sorted(spans):
            if op not in shop.fixed and _setup_short(shop, plan, op, family):
                text = "has less setup than the change of family needs"
                yield Violation("setup", f"{machine}: {_name(shop, op)}", text)
            family = shop.ops[op].family


def _setup_short(shop: Shop, plan: Plan, op: int, family: int) -> bool:
    """Whether an operation has less setup than its own and the change of family need."""
    task, placed = shop.ops[op], plan.placed[op]
    assert placed is not None
    choice = task.choices[placed.choice]
    return placed.setup_s < choice.setup_s + shop.changes[choice.machine][family][task.family]


def _units(shop: Shop, plan: Plan) -> Iterator[Violation]:
    """One thing at a time for every person and tool."""
    busy: dict[int, list[Span]] = defaultdict(list)
    for op, task, placed in _there(shop, plan):
        for unit, start, end in _served(placed):
            if end > start:
                busy[unit].append((start, end, op))
        inside = task.choices[placed.choice].lane >= 0 and op not in shop.fixed
        needs_tool = task.tool >= 0 and placed.leader == op and inside
        if needs_tool and placed.tool not in shop.groups[task.tool]:
            yield Violation("tool", _name(shop, op), "runs without its tool")
    tools = {unit for task in shop.ops if task.tool >= 0 for unit in shop.groups[task.tool]}
    for unit, spans in busy.items():
        for op in _doubled(spans, shop.fixed):
            rule = "tool" if unit in tools else "person"
            yield Violation(rule, f"{shop.units[unit].key}: {_name(shop, op)}", "is needed twice")


def _served(placed: Placed) -> Iterator[tuple[int, int, int]]:
    if placed.tool >= 0:
        yield placed.tool, placed.start, placed.end
    if placed.setter >= 0:
        yield placed.setter, placed.start, placed.set_at
    if placed.operator >= 0:
        until = placed.left_at if placed.left_at > placed.run_at else placed.set_at
        yield placed.operator, placed.run_at if placed.setter >= 0 else placed.start, until


def _batches(shop: Shop, plan: Plan) -> Iterator[Violation]:
    """Who shares a batch shares its oven, its times and its kind, and all of them fit in."""
    pieces: dict[int, int] = defaultdict(int)
    for _, task, placed in _there(shop, plan):
        pieces[placed.leader] += task.pieces
    for op, task, placed in _each(shop, plan):
        if op in shop.fixed:
            continue
        lane = task.choices[placed.choice].lane
        batch_max = shop.lanes[lane].batch_max if lane >= 0 else 0
        leader, led = shop.ops[placed.leader], plan.placed[placed.leader]
        if placed.leader != op and not batch_max:
            yield Violation("batch", _name(shop, op), "shares a machine that takes no batches")
        elif led is None or led.leader != placed.leader or led[1:8] != placed[1:8]:
            yield Violation("batch", _name(shop, op), "does not run with its batch")
        elif _kind(leader, led) != _kind(task, placed):
            yield Violation("batch", _name(shop, op), "is in a batch of another family")
        elif batch_max and pieces[placed.leader] > max(batch_max, leader.pieces):
            yield Violation("batch", _name(shop, op), "overfills its batch")


def _kind(task: Op, placed: Placed) -> tuple[int, int, int]:
    choice = task.choices[placed.choice]
    return choice.lane, task.family, choice.run_s


def _material(shop: Shop, plan: Plan) -> Iterator[Violation]:
    """What is taken before it could be bought anew is on hand, whatever else is taken."""
    takes: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for op, task, placed in _there(shop, plan):
        for item, quantity in task.materials:
            if placed.start < shop.buy_at[item]:
                takes[item].append((placed.start, quantity, op))
    for item, wanted in takes.items():
        held = [take for take in wanted if take[2] in shop.fixed]
        free = [take for take in wanted if take[2] not in shop.fixed]
        for op in _short(shop.supply[item], _had(shop.supply[item], held), free):
            yield Violation("material", f"{shop.items[item]}: {_name(shop, op)}", "is not there")


Take = tuple[int, int, int]
"""When, how much, and for which operation."""


def _had(supply: list[tuple[int, int]], held: list[Take]) -> list[Take]:
    """What started work takes: as it began, the stock was there, or it came from elsewhere."""
    had: list[Take] = []
    for take in sorted(held, key=lambda take: take[2]):
        if not list(_short(supply, [*had, take], [])):
            had.append(take)
    return had


def _short(supply: list[tuple[int, int]], had: list[Take], free: list[Take]) -> Iterator[int]:
    """Operations at which less than nothing would be on hand."""
    changes = [(at, 0, quantity, -1) for at, quantity in supply]
    changes += [(at, 1, -quantity, op) for at, quantity, op in (*had, *free)]
    level = 0
    for _, _, delta, op in sorted(changes):
        level += delta
        if op >= 0 and level < 0:
            yield op
