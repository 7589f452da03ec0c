"""A good plan is damaged in one way only, and the checker names that rule and no other."""

import functools
import random
from dataclasses import replace

import pytest
from benchmarks.odd import odd

from hanse.allocate.build import Builder
from hanse.allocate.calendars import without
from hanse.allocate.check import check
from hanse.allocate.decoder import Orders, decode
from hanse.allocate.problem import NONE, Job, Link

SEEDS = range(12)


_shop = functools.cache(functools.partial(odd, orders=10))


def planned(seed):
    """A shop, a plan of it that breaks nothing, and dice."""
    records, at = _shop(seed)
    shop = Builder(records, origin=at).shop
    dice = random.Random(seed)
    plan = decode(shop, Orders([dice.random() for _ in shop.ops]))
    assert check(shop, plan) == []
    return shop, plan, dice


def rows(shop, plan):
    """Operations on machines, with their tasks and choices."""
    for op, placed in enumerate(plan.placed):
        task = shop.ops[op]
        choice = task.choices[placed.choice]
        if choice.lane != NONE:
            yield op, task, choice, placed


def put(plan, op, **more):
    plan.placed[op] = plan.placed[op]._replace(**more)


def closed(shop, lane, span):
    """A machine shut for a while; its own hours, whoever shares its calendar."""
    shop.lanes[lane].calendar = without(shop.lanes[lane].calendar, [span])


def beside(shop, plan, op, *, lane, **units):
    """One more order whose only operation stands at the same time as another one."""
    task, placed = shop.ops[op], plan.placed[op]
    choice = task.choices[placed.choice]
    way = choice._replace(lane=lane, attended_s=choice.attended_s if "operator" in units else 0)
    needs = {"operator": NONE, "setter": NONE, "tool": NONE}
    needs |= {unit: getattr(task, unit) for unit in units}
    index = len(shop.ops)
    job = Job("more", "more", 1, 0, 0, 0, 0, [index], [index])
    alone = {"order": len(shop.jobs), "preds": [], "materials": [], "choices": [way]}
    shop.ops.append(replace(task, **alone, **needs))
    shop.jobs.append(job)
    served = {unit: units.get(unit, NONE) for unit in needs}
    plan.placed.append(placed._replace(choice=0, leader=index, **served))


def one_more_lane(shop, lane, family):
    shop.lanes.append(replace(shop.lanes[lane], family=family))
    return len(shop.lanes) - 1


def last_of_all(shop, plan):
    """Operations after which nothing comes on their machine, and for which nothing waits."""
    after = {link.op for task in shop.ops for link in task.preds}
    ends = {}
    for op, _, choice, placed in rows(shop, plan):
        ends[choice.lane] = max(ends.get(choice.lane, (0, 0)), (placed.start, op))
    return [op for _, op in ends.values() if op not in after and shared_by_none(plan, op)]


def complete(shop, plan):
    for op in last_of_all(shop, plan):
        if plan.placed[op].leader == op:
            yield lambda op=op: plan.placed.__setitem__(op, None)


def release(shop, plan):
    for _, task, _, placed in rows(shop, plan):
        job = shop.jobs[task.order]
        yield lambda job=job, at=placed.start: setattr(job, "release", at + 1)


def now(shop, plan):
    first = min(p.start for p in plan.placed)
    yield lambda: setattr(shop, "not_before", first + 1)


def precedence(shop, plan):
    for _, task, _, placed in rows(shop, plan):
        for n, link in enumerate(task.preds):
            room = placed.start - plan.placed[link.op].out_at
            slow = link._replace(lag_s=room + 1)
            yield lambda task=task, n=n, slow=slow: task.preds.__setitem__(n, slow)
        for link in task.preds:
            if link.transfer and plan.placed[link.op].out_at < plan.placed[link.op].end:
                whole = [Link(link.op, placed.start - plan.placed[link.op].end + 1, 0)]
                yield lambda task=task, whole=whole: setattr(task, "preds", whole)


def calendar(shop, plan):
    for op, task, choice, placed in rows(shop, plan):
        if placed.leader != op:
            continue
        if task.may_pause and placed.end - placed.left_at > 2:
            span = (placed.end - 2, placed.end - 1)
            yield lambda lane=choice.lane, span=span: closed(shop, lane, span)
        if not task.transfer:
            later = placed.end + 1
            if op in last_of_all(shop, plan) and task.may_pause and task.tool == NONE:
                yield lambda op=op, later=later: put(plan, op, end=later, out_at=later)


def pause(shop, plan):
    for op, task, choice, placed in rows(shop, plan):
        if placed.leader == op and placed.end - placed.run_at != choice.run_s:
            yield lambda task=task: setattr(task, "may_pause", False)


def setup(shop, plan):
    for op, task, choice, placed in rows(shop, plan):
        if placed.leader == op and sum(p.leader == op for p in plan.placed) == 1:
            more = choice._replace(setup_s=placed.setup_s + 1)
            ways = [more if c is choice else c for c in task.choices]
            yield lambda task=task, ways=ways: setattr(task, "choices", ways)
        if placed.leader == op and placed.setup_s:
            lane = shop.lanes[choice.lane]
            dear = [[s + 10**6 for s in row] for row in shop.changes[lane.machine]]
            yield lambda m=lane.machine, dear=dear: shop.changes.__setitem__(m, dear)


def machine(shop, plan):
    for op, _, choice, placed in rows(shop, plan):
        if placed.leader == op and placed.operator == placed.setter == NONE:
            yield lambda op=op, lane=choice.lane: beside(shop, plan, op, lane=lane)


def person(shop, plan):
    for op, task, choice, placed in rows(shop, plan):
        if placed.operator != NONE and placed.left_at > placed.run_at and placed.setter == NONE:
            yield lambda op=op, task=task, choice=choice, who=placed.operator: beside(
                shop, plan, op, lane=one_more_lane(shop, choice.lane, task.family), operator=who
            )


def tool(shop, plan):
    for op, task, choice, placed in rows(shop, plan):
        if placed.tool != NONE:
            yield lambda op=op: put(plan, op, tool=NONE)
        if placed.tool != NONE and placed.operator == placed.setter == NONE:
            yield lambda op=op, task=task, choice=choice, what=placed.tool: beside(
                shop, plan, op, lane=one_more_lane(shop, choice.lane, task.family), tool=what
            )


def skill(shop, plan):
    for op, task, _, placed in rows(shop, plan):
        if placed.setter != NONE:
            yield lambda group=task.setter: shop.groups.__setitem__(group, [])
            paused = placed.set_at - placed.start > placed.setup_s
            if placed.operator == NONE and not paused and shared_by_none(plan, op):
                yield lambda op=op: put(plan, op, setter=NONE)
        if placed.operator != NONE:
            yield lambda group=task.operator: shop.groups.__setitem__(group, [])
        elif task.operator == NONE and not placed.setup_s and placed.leader == op:
            yield lambda op=op: put(plan, op, operator=0)


def shared_by_none(plan, op):
    led = [k for k, p in enumerate(plan.placed) if p.leader == op]
    return led == [op]


def batch(shop, plan):
    for op, task, choice, placed in rows(shop, plan):
        lane = shop.lanes[choice.lane]
        if placed.leader == op:
            continue
        if not any(t.transfer for _, t, c, _ in rows(shop, plan) if c.lane == choice.lane):
            yield lambda lane=lane: setattr(lane, "batch_max", 0)
        yield lambda lane=lane: setattr(lane, "batch_max", 1)
        yield lambda task=task: setattr(task, "family", task.family + 7)
        yield lambda op=op, at=placed.end: put(plan, op, end=at + 1, out_at=at + 1)
        longer = [c._replace(run_s=c.run_s + 1) for c in task.choices]
        yield lambda task=task, longer=longer: setattr(task, "choices", longer)
    for op in last_of_all(shop, plan):
        if not shop.lanes[shop.ops[op].choices[plan.placed[op].choice].lane].batch_max:
            other = next(k for k in range(len(plan.placed)) if k != op)
            yield lambda op=op, other=other: put(plan, op, leader=other)


def material(shop, plan):
    for _, task, _, placed in rows(shop, plan):
        for item, quantity in task.materials:
            if placed.start < shop.buy_at[item] and quantity:
                yield lambda item=item: shop.supply.__setitem__(item, [])
                low = sum(q for _, q in shop.supply[item])
                more = [(i, low + 1 if i == item else q) for i, q in task.materials]
                yield lambda task=task, more=more: setattr(task, "materials", more)


def fixed(shop, plan):
    for op, _, _, placed in rows(shop, plan):
        held = placed._replace(start=placed.start - 1)
        yield lambda op=op, held=held: shop.fixed.__setitem__(op, held)


def pin(shop, plan):
    for op, task, _, placed in rows(shop, plan):
        yield lambda op=op, p=placed: shop.pins.__setitem__(op, (p.choice, p.start + 1))
        if len(task.choices) > 1:
            other = (placed.choice + 1) % len(task.choices)
            yield lambda op=op, other=other: shop.pins.__setitem__(op, (other, 0))


RULES = (
    complete, release, now, precedence, calendar, pause, setup, machine, person, tool, skill,
    batch, material, fixed, pin,
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_plan_damaged_in_one_way_breaks_that_rule_and_no_other(rule):
    tried = 0
    for seed in SEEDS:
        shop, plan, dice = planned(seed)
        number = len(list(rule(shop, plan)))
        for n in dice.sample(range(number), min(3, number)):
            shop, plan, _ = planned(seed)
            list(rule(shop, plan))[n]()
            found = {violation.rule for violation in check(shop, plan)}
            assert found == {rule.__name__}, (seed, n)
            tried += 1
    assert tried >= 8, "the shops gave too little to damage"


def test_a_first_batch_that_is_out_before_its_pieces_are_made_is_seen():
    seen = 0
    for seed in SEEDS:
        shop, plan, _ = planned(seed)
        for op, task, _, placed in list(rows(shop, plan)):
            early = placed.run_at + 1
            if task.transfer and placed.out_at > early + 1 and shared_by_none(plan, op):
                put(plan, op, out_at=early)
                assert "calendar" in {violation.rule for violation in check(shop, plan)}
                seen += 1
    assert seen > 20


def test_stock_that_started_work_has_taken_is_not_there_for_others():
    seen = 0
    for seed in SEEDS:
        shop, plan, _ = planned(seed)
        known = [(op, item, q) for op, t, _, _ in rows(shop, plan) for item, q in t.materials]
        for op, item, quantity in known:
            if plan.placed[op].start < shop.buy_at[item] and op not in shop.fixed:
                shop.fixed[op] = plan.placed[op]
                others = [o for o, i, _ in known if i == item and o not in shop.fixed]
                late = [o for o in others if plan.placed[o].start < shop.buy_at[item]]
                shop.supply[item] = [(min(0, plan.placed[op].start), quantity)]
                found = {violation.rule for violation in check(shop, plan)}
                assert found == ({"material"} if late else set())
                seen += bool(late)
                break
    assert seen > 3
