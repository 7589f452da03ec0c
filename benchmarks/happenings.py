"""What happens to a live plan in a campaign, and what must hold after each of it.

Each event draws from dice of its own, so that leaving one out changes nothing of the others.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from decimal import Decimal
from typing import NamedTuple

import msgspec

from benchmarks.odd import STARTS, Plant, moved, odd
from benchmarks.shops import START, shop
from hanse.allocate import ladder
from hanse.allocate.check import check
from hanse.allocate.decoder import decode
from hanse.allocate.live import LivePlan
from hanse.allocate.problem import NONE, Plan, Shop, cost_minor
from hanse.allocate.promise import harmed
from hanse.model.errors import HanseError
from hanse.model.ids import Counter
from hanse.model.order import Progress, WorkOrder
from hanse.model.plan import Assignment, Outage, OutageKind, Pin, PromiseKind
from hanse.model.product import Stock
from hanse.model.time import Instant, StillClock

HOUR = 3_600
SEARCH_S = 0.5


class Case(NamedTuple):
    """One run: a shop and the events that happen to it. ``ops`` 0: an odd little shop."""

    ops: int
    load: str
    seed: int
    compiled: bool
    twins: bool = False


class Stepping(StillClock):
    """Stands still for the plan; a search's own time moves with every look at it."""

    looked = 0

    def monotonic_s(self) -> float:
        self.looked += 1
        return 0.05 * self.looked


def plant(case: Case) -> Plant:
    """The shop of a case, told which decoder to use."""
    if case.ops:
        at = STARTS[case.seed % len(STARTS)]
        made = moved(shop(case.ops, load=case.load, seed=case.seed), at - START)
    else:
        made, at = odd(case.seed)
    size = 0 if case.compiled else 10**9
    rules = msgspec.structs.replace(made.rules, compiled_from_ops=size)
    return Plant(msgspec.structs.replace(made, rules=rules), at)


Stood = tuple[str, tuple[int, ...]]


class Run:
    """A live plan and what was told it so far."""

    def __init__(self, case: Case) -> None:
        self.case = case
        records, at = plant(case)
        self.clock = Stepping(at)
        self.plan = LivePlan(self.clock, Counter())
        self.plan.adopt(records)
        self.told: list[Progress] = []
        self.known: dict[tuple[str, int, str], Progress] = {}
        self.touched: set[tuple[str, int, str]] = set()
        self.kind, self.took_s = "", 0.0

    def step(self, n: int) -> list[str]:
        """One event and what it broke."""
        dice = random.Random(f"{self.case.seed}/{n}")
        self.clock.advance(_passing(dice))
        self.kind, self.touched = "time", set()
        self.plan.unkept()
        broken = self._judge("time passed")
        stood = _stood(self.plan)
        before = self.plan.current.copy()
        event = dice.choice(EVENTS)
        self.kind = event.__name__.strip("_")
        began = time.perf_counter()
        with suppress(HanseError):
            event(self, dice, n)
        self.took_s = time.perf_counter() - began
        broken += self._judge(self.kind)
        broken += self._moved(stood)
        if event in HARMLESS:
            after = self.plan.current
            broken += [
                f"harm: {self.plan.shop.jobs[j].key} {s} s" for j, s in _harmed(self, before, after)
            ]
        return broken

    def _judge(self, what: str) -> list[str]:
        plan = self.plan
        broken = [f"{what}: {v.rule}: {v.subject} {v.text}" for v in check(plan.shop, plan.current)]
        if self.case.twins:
            broken += [f"{what}: {text}" for text in unlike(plan.shop, plan.current, plan)]
        return broken

    def _moved(self, stood: dict[tuple[str, int, str], Stood]) -> list[str]:
        """What had begun or was frozen, and stands elsewhere though nobody touched it."""
        if self.kind in RELAID:
            return []
        now = _stood(self.plan)
        return [
            f"moved: {name} {was[1]} -> {now.get(name)}"
            for name, was in stood.items()
            if now.get(name) != was and name not in self.touched and name[0] not in self.gone()
        ]

    def gone(self) -> set[str]:
        return {name for name, _, _ in self.touched}

    def started(self) -> list[Assignment]:
        now = self.clock.now()
        return [a for a in self.plan.version().assignments if a.started and a.start <= now]

    def ahead(self) -> list[Assignment]:
        return [
            a
            for a in self.plan.version().assignments
            if a.start > self.clock.now() and a.machine != "subcontract"
        ]

    def keys(self) -> list[str]:
        ready = self.plan.version().ready
        return [o.key for o in self.plan.records.orders if o.key in ready]

    def order(self, dice: random.Random) -> WorkOrder | None:
        keys = self.keys()
        key = dice.choice(keys) if keys else ""
        return next((o for o in self.plan.records.orders if o.key == key), None)

    def hear(self, told: Progress) -> None:
        """Report as the plan role's desk does: joined with what was known."""
        name = told.order, told.lot, told.step
        known = self.known.get(name)
        self.told.append(told)
        now = told if known is None else known.joined(told)
        self.touched |= {name} | _on(self, told.machine, "")
        self.known[name] = now
        self.plan.report(now)
        scrap = now.scrap - (0 if known is None else known.scrap)
        if scrap > 0:
            self.touched |= {n for n in _stood(self.plan) if n[0].split("/")[0] == told.order}
            self.plan.made_again((now.order, now.step, now.lot), scrap)
        if self.plan.is_made(told.order):
            self.touched |= {n for n in _stood(self.plan) if n[0] == told.order}
            self.plan.complete(told.order)


def _stood(plan: LivePlan) -> dict[tuple[str, int, str], Stood]:
    """What is fixed in the plan, by name: on which machine, and when."""
    shop, found = plan.shop, {}
    for op, placed in shop.fixed.items():
        task = shop.ops[op]
        if shop.jobs[task.order].active:
            name = shop.jobs[task.order].key, task.lot, task.step
            choice = task.choices[placed.choice]
            machine = "" if choice.lane == NONE else shop.machines[choice.machine]
            found[name] = machine, placed[1:8]
    return found


def _harmed(run: Run, before: Plan, after: Plan) -> Iterable[tuple[int, int]]:
    short = len(run.plan.shop.ops) - len(before.placed)
    padded = Plan([*before.placed, *([None] * short)])
    return harmed(run.plan.shop, padded, after)


def unlike(shop: Shop, plan: Plan, live: LivePlan) -> list[str]:
    """Where the plain and the compiled decoder make different plans of one walk."""
    from hanse.allocate.kernels.run import Engine

    compiled, found = Engine(shop), []
    for number, orders in enumerate(ladder.ways(shop, plan, live.rules)):
        plain = decode(shop, orders)
        if compiled.decode(orders) != plain:
            found.append(f"twins: way {number} differs")
        elif compiled.cost(orders) != cost_minor(shop, plain):
            found.append(f"twins: way {number} costs otherwise")
        found += [f"way {number}: {v.rule}: {v.subject} {v.text}" for v in check(shop, plain)]
    return found


def _passing(dice: random.Random) -> float:
    """Seconds until the next event: none, minutes, hours, sometimes more than a day."""
    kind = dice.random()
    if kind < 0.2:
        return 0.0
    if kind < 0.5:
        return dice.uniform(1, 900)
    if kind < 0.9:
        return float(dice.randrange(0, 4 * HOUR, 300))
    return float(dice.randrange(0, 40 * HOUR, 900))


def _away(run: Run, dice: random.Random) -> tuple[Instant, Instant | None]:
    since = run.clock.now() + dt.timedelta(seconds=dice.choice((0, 0, 0, -600, 900, 6 * HOUR)))
    hours = dt.timedelta(seconds=dice.choice((600, 2 * HOUR, 8 * HOUR, 50 * HOUR)))
    return since, None if dice.random() < 0.1 else since + hours


def _machine_down(run: Run, dice: random.Random, _n: int) -> None:
    key = dice.choice(run.plan.records.machines).key
    run.touched |= _on(run, key, "")
    run.plan.outage(Outage(resource=key, start=(span := _away(run, dice))[0], end=span[1]))


def _on(run: Run, machine: str, person: str) -> set[tuple[str, int, str]]:
    return _with_batch(run, lambda a: a.machine == machine or bool(
        person and person in (a.person, a.setter)
    ))  # fmt: skip


def _with_batch(run: Run, hit: Callable[[Assignment], bool]) -> set[tuple[str, int, str]]:
    """The operations that are hit, and what shares a batch with them: they go together."""
    shop = run.plan.shop
    names = [(shop.jobs[op.order].key, op.lot, op.step) for op in shop.ops]
    led = {(a.order, a.lot, a.step) for a in run.plan.version().assignments if hit(a)}
    rows = enumerate(run.plan.current.placed)
    return led | {names[op] for op, row in rows if row is not None and names[row.leader] in led}


def _machine_up(run: Run, dice: random.Random, _n: int) -> None:
    known = [o.resource for o in run.plan.records.outages if o.kind == OutageKind.MACHINE]
    machines = known or [m.key for m in run.plan.records.machines]
    run.plan.machine_up(dice.choice(machines), run.clock.now())


def _person_away(run: Run, dice: random.Random, _n: int) -> None:
    if run.plan.records.people:
        key = dice.choice(run.plan.records.people).key
        run.touched |= _on(run, "", key)
        run.plan.person_away(key, *_away(run, dice))


def _person_back(run: Run, dice: random.Random, _n: int) -> None:
    known = [o.resource for o in run.plan.records.outages if o.kind == OutageKind.PERSON]
    if known:
        run.plan.person_back(dice.choice(known), run.clock.now())


def _tool_out(run: Run, dice: random.Random, _n: int) -> None:
    if run.plan.records.tools:
        key = dice.choice(run.plan.records.tools).key
        run.touched |= _with_batch(run, lambda a: a.tool == key)
        since, until = _away(run, dice)
        run.plan.outage(Outage(resource=key, start=since, end=until, kind=OutageKind.TOOL))


def _tool_back(run: Run, dice: random.Random, _n: int) -> None:
    known = [o.resource for o in run.plan.records.outages if o.kind == OutageKind.TOOL]
    if known:
        run.plan.tool_back(dice.choice(known), run.clock.now())


def _material(run: Run, dice: random.Random, _n: int) -> None:
    item = dice.choice([i.key for i in run.plan.records.items if not i.make])
    known = [s for s in run.plan.records.stock if s.item == item]
    later = dt.timedelta(hours=dice.randint(1, 90))
    if dice.random() < 0.5:
        at_ns = int((run.clock.now() + later).timestamp()) * 10**9
        stock: tuple[Stock, ...] = (
            *known,
            Stock(item=item, quantity=Decimal(dice.randint(1, 40)), at_ns=at_ns),
        )
    else:
        hours = int(later.total_seconds()) * 10**9
        stock = tuple(
            s if s.at_ns is None else msgspec.structs.replace(s, at_ns=s.at_ns + hours)
            for s in known
            if dice.random() < 0.8
        )
    run.plan.material_late(item, stock)


def _rush(run: Run, dice: random.Random, n: int) -> None:
    item = dice.choice(run.plan.records.routings).item
    due = run.clock.now() + dt.timedelta(hours=dice.randint(1, 60))
    weight = dice.choice((0, 100, 5_000))
    quantity = Decimal(dice.choice((1, 3, 8, 25)))
    order = WorkOrder(key=f"new-{n}", item=item, quantity=quantity, due=due,
                      weight_minor_per_h=weight)  # fmt: skip
    run.plan.insert(order)


def _cancel(run: Run, dice: random.Random, _n: int) -> None:
    order = run.order(dice)
    if order is not None:
        _touch_order(run, order.key)
        run.plan.cancel(order.key)


def _touch_order(run: Run, key: str) -> None:
    run.touched |= {n for n in _stood(run.plan) if n[0] == key or n[0].startswith(f"{key}/")}


def _change(run: Run, dice: random.Random, _n: int) -> None:
    order = run.order(dice)
    if order is None:
        return
    _touch_order(run, order.key)
    kind = dice.randrange(3)
    if kind == 0:
        due = run.clock.now() + dt.timedelta(hours=dice.randint(-5, 60))
        weight = dice.choice((0, 100, 9_000))
        told = msgspec.structs.replace(order, due=due, promised=due, weight_minor_per_h=weight)
    else:
        wanted = max(1, int(order.quantity) + dice.randint(-6, 8))
        lots = run.plan.lots_for(order.key, wanted)
        told = msgspec.structs.replace(order, quantity=Decimal(max(wanted, sum(lots))), lots=lots)
    run.plan.change(told)


def _report(run: Run, dice: random.Random, _n: int) -> None:
    """A machine says how far it is: on time, behind, ahead, done, paused, scrap."""
    shown = run.started()
    if not shown:
        return
    a = dice.choice(shown)
    known = run.known.get((a.order, a.lot, a.step))
    begun = 0 if known is None else known.good
    now = run.clock.now()
    span = max(1.0, (a.end - a.start).total_seconds())
    share = (now - a.start).total_seconds() / span * dice.choice((0.3, 0.9, 1.0, 1.1, 2.0))
    good = begun + min(a.pieces, max(0, round(a.pieces * share)))
    done = good >= begun + a.pieces and dice.random() < 0.7
    late = dt.timedelta(seconds=dice.choice((0, 0, 30, 600)))
    run.hear(
        Progress(
            order=a.order, step=a.step, lot=a.lot,
            machine=a.machine if a.machine != "subcontract" else "", good=good,
            scrap=dice.choice((0, 0, 1)), paused=not done and dice.random() < 0.15,
            started_at=a.start + dt.timedelta(seconds=dice.choice((0, 0, 45, 500))),
            finished_at=now - late if done else None,
        )
    )  # fmt: skip


def _finish(run: Run, dice: random.Random, _n: int) -> None:
    """Whatever should be done by now is reported as done, some of it twice."""
    now = run.clock.now()
    for a in run.started():
        if a.end <= now and dice.random() < 0.7:
            machine = a.machine if a.machine != "subcontract" else ""
            known = run.known.get((a.order, a.lot, a.step))
            good = a.pieces + (0 if known is None else known.good)
            told = Progress(order=a.order, step=a.step, lot=a.lot, machine=machine, good=good,
                            started_at=a.start, finished_at=a.end)  # fmt: skip
            for _ in range(dice.choice((1, 1, 2))):
                try:
                    run.hear(told)
                except HanseError:
                    continue


def _told_again(run: Run, dice: random.Random, _n: int) -> None:
    """An old report comes again, after newer ones."""
    if run.told:
        run.hear(dice.choice(run.told))


def _begun_early(run: Run, dice: random.Random, _n: int) -> None:
    """A machine works on what the plan holds for later, perhaps not the machine planned."""
    shown = run.ahead()
    if not shown:
        return
    a = dice.choice(shown[: 1 + len(shown) // 4])
    op = run.plan._builder.names.ops[a.order, a.lot, a.step]
    choices = run.plan.shop.ops[op].choices
    machines = sorted({run.plan.shop.machines[c.machine] for c in choices if c.lane != NONE})
    machine = dice.choice((a.machine, dice.choice(machines)))
    since = run.clock.now() - dt.timedelta(seconds=dice.choice((0, 300, 3_000)))
    good = dice.choice((0, 0, 1))
    run.hear(Progress(order=a.order, step=a.step, lot=a.lot, machine=machine, good=good,
                      started_at=since))  # fmt: skip


def _pin(run: Run, dice: random.Random, _n: int) -> None:
    shown = run.ahead()
    if not shown:
        return
    a = dice.choice(shown)
    start = dice.choice((None, a.start, run.clock.now() + dt.timedelta(hours=dice.randint(0, 30))))
    run.touched.add((a.order, a.lot, a.step))
    run.plan.pin(Pin(order=a.order, step=a.step, lot=a.lot, machine=a.machine, start=start))


def _unpin(run: Run, dice: random.Random, _n: int) -> None:
    if run.plan.records.pins:
        run.plan.unpin(dice.choice(run.plan.records.pins))


def _ask(run: Run, dice: random.Random, _n: int) -> None:
    item = dice.choice(run.plan.records.routings).item
    run.plan.promise(item, dice.choice((1, 4, 12)))
    run.plan.promised_by(item, 5, run.clock.now() + dt.timedelta(hours=20))


def _hold(run: Run, dice: random.Random, _n: int) -> None:
    item = dice.choice(run.plan.records.routings).item
    expires = run.clock.now() + dt.timedelta(minutes=dice.choice((20, 300, 3_000)))
    kind = dice.choice((PromiseKind.UNTOUCHED, PromiseKind.HARMLESS, None))
    run.plan.hold(item, dice.choice((1, 4, 12)), expires_at=expires, kind=kind)


def _release(run: Run, dice: random.Random, _n: int) -> None:
    if run.plan.holds():
        key = dice.choice(run.plan.holds()).key
        _touch_order(run, key)
        run.plan.release(key)


def _confirm(run: Run, dice: random.Random, n: int) -> None:
    if run.plan.holds():
        held = dice.choice(run.plan.holds())
        _touch_order(run, held.key)
        due = held.ready_at + dt.timedelta(hours=dice.choice((0, 5)))
        order = WorkOrder(key=f"held-{n}", item=held.item, quantity=Decimal(held.quantity), due=due)
        run.plan.confirm(held.key, order)


def _overtime(run: Run, dice: random.Random, _n: int) -> None:
    if run.plan.offered():
        offer = dice.choice(run.plan.offered())
        run.plan.open_overtime(offer.calendar, offer.start)


def _improve(run: Run, _dice: random.Random, _n: int) -> None:
    run.plan.plan(seconds=SEARCH_S)


def _search(run: Run, dice: random.Random, n: int) -> None:
    """A search on a twin, and what happens in the meantime."""
    twin = run.plan.twin(ahead_s=2.0)
    found = twin.improved(run.clock, SEARCH_S, stop=lambda: False, seed=n)
    if check(found.shop, found.plan):
        raise AssertionError(f"a search broke {check(found.shop, found.plan)[:3]}")
    run.clock.advance(dice.choice((0.0, 1.9, 3.0, 1_500.0)))
    for held in run.plan.holds():
        if held.expires_at <= run.clock.now():
            _touch_order(run, held.key)
    for _ in range(dice.randrange(3)):
        between = dice.choice((_told_again, _report, _finish, _hold, _ask, _release, _cancel))
        try:
            between(run, dice, n)
        except HanseError:
            continue
    run.plan.take(found)


def _what_if(run: Run, dice: random.Random, n: int) -> None:
    """An event is tried on a fork; then the same is done."""
    fork = Run.__new__(Run)
    fork.__dict__.update(run.__dict__, plan=run.plan.fork(), touched=set(), told=list(run.told))
    fork.known = dict(run.known)
    event = dice.choice((_machine_down, _rush, _cancel, _change, _pin, _overtime, _person_away))
    number, placed = run.plan.version().number, list(run.plan.current.placed)
    seed = dice.random()
    _tried(fork, event, seed, n)
    if check(fork.plan.shop, fork.plan.current):
        raise AssertionError("the fork breaks a rule")
    if (number, placed) != (run.plan.version().number, run.plan.current.placed):
        raise AssertionError("a fork changed the plan")
    _tried(run, event, seed, n)
    if run.plan.current != fork.plan.current:
        raise AssertionError("what was tried is not what was done")


def _tried(run: Run, event: Event, seed: float, n: int) -> None:
    with suppress(HanseError):
        event(run, random.Random(seed), n)


def _scenario(run: Run, dice: random.Random, n: int) -> None:
    item = dice.choice(run.plan.records.routings).item
    due = run.clock.now() + dt.timedelta(hours=30)
    order = WorkOrder(key=f"if-{n}", item=item, quantity=Decimal(4), due=due)
    found = run.plan.scenario(
        lambda records: msgspec.structs.replace(records, orders=(*records.orders, order))
    )
    run.plan.adopt(found.records)


def _restart(run: Run, _dice: random.Random, _n: int) -> None:
    """The node starts again from its records, and holds again what it held."""
    plan = run.plan
    held = plan.holds()
    records = msgspec.structs.replace(
        plan.records, plan=plan.version().assignments, progress=tuple(run.known.values())
    )
    again = LivePlan(run.clock, Counter(f"{_n}-"))
    again.adopt(records)
    run.plan = again
    for hold in held:
        again.hold(hold.item, hold.quantity, expires_at=hold.expires_at, key=hold.key)


Event = Callable[[Run, random.Random, int], None]
EVENTS: tuple[Event, ...] = (
    _machine_down, _machine_down, _machine_up, _person_away, _person_back, _material, _rush,
    _cancel, _change, _change, _report, _report, _report, _finish, _told_again, _begun_early,
    _tool_out, _tool_back,
    _pin, _unpin, _ask, _hold, _hold, _release, _confirm, _overtime, _improve, _search, _search,
    _what_if, _what_if, _scenario, _restart,
)  # fmt: skip
HARMLESS = (_hold, _confirm, _ask, _unpin)
RELAID = {"scenario", "restart", "what_if"}
"""Events after which operations have new numbers, or more than one thing was done."""
