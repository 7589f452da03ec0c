"""The plan a ``plan`` process keeps in memory: events in, numbered versions and promises out."""

from __future__ import annotations

import dataclasses
import math
from decimal import Decimal

import msgspec

from hanse.allocate import engine
from hanse.allocate.board import Board
from hanse.allocate.build import Builder
from hanse.allocate.outcome import keepable, shortfalls
from hanse.allocate.problem import Plan, Shop, cost_minor
from hanse.allocate.promise import Trial, curve, fill_gaps, point
from hanse.allocate.quiet import undisturbed
from hanse.allocate.records import Records, Rules
from hanse.allocate.reports import carry_over, hear, lots_for, still_fits
from hanse.allocate.running import split_at, take_over, tick
from hanse.allocate.twin import Twin, brought_back, twin_of
from hanse.allocate.view import Because, Versioned, assignments, instant, moves, version
from hanse.allocate.whatif import Edit, Relief, Scenario, reliefs, scenario
from hanse.allocate.why import Cause, causes
from hanse.model.errors import BadInput, Conflict, NotFound, TooMuch
from hanse.model.ids import Ids
from hanse.model.order import Progress, WorkOrder
from hanse.model.plan import (
    Hold,
    Move,
    MoveReason,
    Outage,
    OutageKind,
    PlanVersion,
    Promise,
    PromiseKind,
    Shortfall,
)
from hanse.model.product import Stock
from hanse.model.text import Text
from hanse.model.time import Clock, Instant

HOLDS_MAX = 10_000
QUANTITY_MAX = 10**6


@dataclasses.dataclass(slots=True)
class _Held:
    hold: Hold
    jobs: list[int]
    before: Plan
    version: int


class LivePlan:
    """One plant's plan: adopt records, then tell it what happens and ask it what holds.

    Every method that changes the plan gives the new version; its number rises by one. Nothing
    that has started by the clock moves, unless its machine or person is gone.
    """

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._records = Records()
        self._builder = Builder(self._records, origin=clock.now())
        self._plan = Plan([])
        self._number = 0
        self._version: PlanVersion | None = None
        self._about = Versioned(0, clock.now(), None, ())
        self._board: Board | None = None
        self._holds: dict[str, _Held] = {}
        self._ticked = (-1, -1)

    # what is there

    @property
    def shop(self) -> Shop:
        """The problem behind the plan, for the checker and the what-ifs."""
        return self._builder.shop

    @property
    def current(self) -> Plan:
        """The plan in the searches' own form."""
        return self._plan

    @property
    def records(self) -> Records:
        """The records as they stand after all events."""
        return self._records

    @property
    def rules(self) -> Rules:
        """How calm the plan must stay."""
        return self._records.rules

    def version(self) -> PlanVersion:
        """The plan as it stands."""
        if self._version is None:
            self._version = version(self.shop, self._plan, self._about)
        return self._version

    def warm_up(self) -> None:
        """Compile for a large shop, in a thread of the caller's; a small shop needs nothing."""
        if len(self.shop.ops) >= self.rules.compiled_from_ops:
            engine.warm_up()

    # planning

    @undisturbed()
    def adopt(self, records: Records, *, cause: str | None = None) -> PlanVersion:
        """Take over a plant's records and lay everything out anew.

        Raises:
            BadInput: the records contradict themselves; the sentence says which and what to do.
        """
        builder = Builder(records, origin=self._clock.now().replace(microsecond=0))
        self._records, self._builder, self._holds = records, builder, {}
        before = take_over(builder, records)
        plan = engine.first_plan(self.shop, self.rules, before)
        return self._set(plan, Because(MoveReason.PLANNER, ADOPTED, cause), ())

    def plan(self, *, seconds: float = 0.0, cause: str | None = None) -> PlanVersion:
        """Look for a better plan; the version changes only if it gains more than it moves.

        With 0 seconds only dispatching orders are tried.
        """
        self._tick()
        rules = engine.unbound(self.rules) if self._about.laid_out() else self.rules
        budget = engine.Budget(self._clock, seconds)
        found = engine.improve(self.shop, self._plan, rules, budget)
        return self._adopt_if_better(found, Because(MoveReason.IMPROVED, BETTER, cause))

    def twin(self, *, ahead_s: float = 0.0) -> Twin:
        """A twin to search on for some seconds; what starts within them stays where it is."""
        self._tick()
        now = self._builder.seconds(self._clock.now()) + math.ceil(ahead_s)
        return twin_of(self.shop, self._plan, self.rules, now=now)

    def take(self, found: Twin, *, cause: str | None = None) -> tuple[PlanVersion, int]:
        """What a twin found, if it still fits and gains more than it moves; and what it saves."""
        self._tick()
        before, plan = self._number, brought_back(self.shop, found.plan)
        was = cost_minor(self.shop, self._plan)
        if plan is None:
            return self.version(), 0
        made = self._adopt_if_better(plan, Because(MoveReason.IMPROVED, BETTER, cause))
        return made, 0 if self._number == before else was - made.cost_minor

    def _adopt_if_better(self, plan: Plan, because: Because) -> PlanVersion:
        gain = cost_minor(self.shop, self._plan) - cost_minor(self.shop, plan)
        if gain <= engine.move_cost(self.shop, self._plan, plan, self.rules):
            return self.version()
        return self._set(plan, because, moves(self.shop, self._plan, plan, because))

    # what happens in the plant

    def machine_down(
        self,
        machine: str,
        since: Instant,
        until: Instant | None = None,
        *,
        cause: str | None = None,
    ) -> PlanVersion:
        """A machine cannot work from ``since`` until ``until`` (None: until further notice)."""
        outage = Outage(resource=machine, start=since, end=until)
        return self.outage(outage, cause=cause)

    def machine_up(self, machine: str, at: Instant, *, cause: str | None = None) -> PlanVersion:
        """A machine works again from ``at``; its open outages end there."""
        return self._back(machine, at, OutageKind.MACHINE, cause)

    def person_away(
        self, person: str, since: Instant, until: Instant | None = None, *, cause: str | None = None
    ) -> PlanVersion:
        """A person is away."""
        outage = Outage(resource=person, start=since, end=until, kind=OutageKind.PERSON)
        return self.outage(outage, cause=cause)

    def person_back(self, person: str, at: Instant, *, cause: str | None = None) -> PlanVersion:
        """A person is back from ``at``."""
        return self._back(person, at, OutageKind.PERSON, cause)

    def outage(self, outage: Outage, *, cause: str | None = None) -> PlanVersion:
        """A machine or person is out for a while; the plan is repaired.

        Raises:
            NotFound: nobody knows the machine or person.
        """
        self._builder.known(outage.resource, outage.kind)
        self._tick()
        outages = (*self._records.outages, outage)
        self._records = msgspec.structs.replace(self._records, outages=outages)
        self._builder.set_hours(outage.resource, outage.kind, outages)
        self._loosen(outage)
        text = Text(f"{outage.resource} is out", f"{outage.resource} 停用")
        reason = MoveReason.MACHINE_DOWN
        if outage.kind == OutageKind.PERSON:
            reason = MoveReason.PERSON_MISSING
        return self._repair(Because(reason, text, cause))

    def _back(self, key: str, at: Instant, kind: OutageKind, cause: str | None) -> PlanVersion:
        self._builder.known(key, kind)
        self._tick()
        ended = tuple(
            msgspec.structs.replace(o, end=max(at, o.start))
            if o.resource == key
            and o.kind == kind
            and (o.end is None or o.end > at)
            and not (o.planned and o.start > at)
            else o
            for o in self._records.outages
        )
        self._records = msgspec.structs.replace(self._records, outages=ended)
        self._builder.set_hours(key, kind, ended)
        text = Text(f"{key} is back", f"{key} 恢复")
        return self._repair(Because(MoveReason.CAPACITY_BACK, text, cause), forward=True)

    def material_late(
        self, item: str, arrivals: tuple[Stock, ...], *, cause: str | None = None
    ) -> PlanVersion:
        """The stock and receipts of an item are now these; operations wait where they must."""
        index = self._builder.names.items.get(item)
        if index is None:
            raise NotFound("nobody knows the item", subject=f"item {item}")
        self._tick()
        others = tuple(s for s in self._records.stock if s.item != item)
        self._records = msgspec.structs.replace(self._records, stock=(*others, *arrivals))
        self.shop.supply[index] = self._builder.supply_of(item, arrivals)
        text = Text(f"{item} comes later", f"{item} 延迟到货")
        return self._repair(Because(MoveReason.MATERIAL_LATE, text, cause))

    def report(self, progress: Progress, *, cause: str | None = None) -> PlanVersion:
        """How far an operation is; what follows is moved only where it no longer fits.

        Raises:
            NotFound: the plan holds no such operation.
        """
        self._tick()
        heard = hear(self._builder, self._plan, progress)
        if not heard.changed:
            return self.version()
        because = Because(MoveReason.PROGRESS, REPORTED, cause)
        if heard.now is None or not heard.fits:
            return self._repair(because)
        plan = self._plan.copy()
        plan.placed[heard.op] = heard.now
        pulled = engine.pull(self.shop, plan, self.rules) if heard.freed else plan
        return self._set(pulled, because, moves(self.shop, plan, pulled, because))

    def is_made(self, order: str) -> bool:
        """Whether every operation of an order was reported as finished."""
        job = self._builder.names.jobs.get(order)
        return job is not None and self.shop.ended.issuperset(self.shop.jobs[job].ops)

    def complete(self, order: str) -> None:
        """An order is made: it is no longer late, moved or promised; what it occupied stays."""
        self._builder.drop(self._job(order))
        self._keep_order(order)
        self._version = None

    def lots_for(self, order: str, quantity: int) -> tuple[int, ...]:
        """The lots of an order for another quantity, those that have begun as they are."""
        self._tick()
        return lots_for(self.shop, self._job(order), quantity)

    # orders

    @undisturbed()
    def insert(self, order: WorkOrder, *, cause: str | None = None) -> PlanVersion:
        """A new order; the others keep their places where that costs less than moving them.

        Raises:
            Conflict: the plan already holds an order of that key.
        """
        if order.key in self._builder.names.jobs:
            raise Conflict("the plan already holds it", subject=f"order {order.key}")
        self._tick()
        ops = self._append(order)
        self._plan.placed.extend([None] * (len(self.shop.ops) - len(self._plan.placed)))
        self._keep_order(order.key, order)
        text = Text(f"order {order.key} was inserted", f"插入订单 {order.key}")
        return self._fit_in(ops, Because(MoveReason.ORDER_INSERTED, text, cause))

    def _fit_in(self, ops: list[int], because: Because) -> PlanVersion:
        live, best = self._plan, self._plan
        if ops:
            trials = curve(self._fresh_board(), live, ops, engine.decode_for(self.rules))
            best = min(trials, key=lambda t: cost_minor(self.shop, t.plan)).plan
        return self._set(best, because, moves(self.shop, live, best, because))

    def change(self, order: WorkOrder, *, cause: str | None = None) -> PlanVersion:
        """An order has another quantity, due date, promise or weight.

        Raises:
            NotFound: the plan holds no such order.
        """
        job = self._job(order.key)
        self._tick()
        old = self.shop.jobs[job]
        text = Text(f"order {order.key} was changed", f"订单 {order.key} 已更改")
        because = Because(MoveReason.ORDER_CHANGED, text, cause)
        self._keep_order(order.key, order)
        if int(order.quantity) == old.quantity and int(order.done) == old.done_pieces:
            old.due = self._builder.seconds(order.due)
            old.promised = (
                old.due if order.promised is None else self._builder.seconds(order.promised)
            )
            old.weight = order.weight_minor_per_h
            return self._set(self._plan, because, ())
        return self._fit_in(self._laid_again(job, order), because)

    def _laid_again(self, job: int, order: WorkOrder) -> list[int]:
        """An order's operations anew; what had begun goes on. Those still to be placed."""
        self._builder.drop(job)
        ops = self._append(order)
        self._plan.placed.extend([None] * (len(self.shop.ops) - len(self._plan.placed)))
        carry_over(self._builder, self._plan, job, ops)
        self._clear(job)
        self._plan = engine.settle(self.shop, self._plan, self.rules)
        free = [op for op in ops if op not in self.shop.fixed]
        for op in free:
            self._plan.placed[op] = None
        return free

    def cancel(self, order: str, *, cause: str | None = None) -> PlanVersion:
        """An order is no longer to be made; its places become free."""
        self._tick()
        self._drop(self._job(order))
        self._keep_order(order)
        text = Text(f"order {order} was cancelled", f"订单 {order} 已取消")
        because = Because(MoveReason.ORDER_CHANGED, text, cause)
        plan = engine.settle(self.shop, self._plan, self.rules)
        return self._set(plan, because, moves(self.shop, self._plan, plan, because))

    # promises

    def promise(self, item: str, quantity: int, *, express: bool = True) -> Promise:
        """The dates so many pieces can be ready at, and the harm each does to others.

        With ``express`` false only the untouched date is read, in well under a millisecond.
        """
        trials = self._ask(item, quantity, express=express)
        return Promise(
            item=item,
            quantity=quantity,
            asked_at=self._clock.now(),
            version=self._number,
            curve=tuple(point(self.shop, t, first=i == 0) for i, t in enumerate(trials)),
        )

    @undisturbed()
    def _ask(self, item: str, quantity: int, *, express: bool) -> list[Trial]:
        self._tick()
        board = self._live_board()
        mark = self._builder.mark()
        try:
            ops = self._append(self._question(item, quantity))
            board.placed.extend([None] * (len(self.shop.ops) - len(board.placed)))
            live = Plan([*self._plan.placed, *([None] * (len(self.shop.ops) - mark.ops))])
            if not express:
                return [fill_gaps(board, ops)]
            return curve(board, live, ops, engine.decode_for(self.rules))
        finally:
            self._builder.rewind(mark)
            del board.placed[mark.ops :]

    def promised_by(self, item: str, quantity: int, by: Instant) -> int:
        """How many of so many new pieces can be ready by an instant with nobody touched."""
        return engine.most(
            quantity,
            lambda n: self._ask(item, n, express=False)[0].ready_s <= self._builder.seconds(by),
        )

    def hold(
        self, item: str, quantity: int, *, expires_at: Instant, kind: PromiseKind | None = None
    ) -> Hold:
        """Reserve capacity for a quote; nobody's promise changes.

        ``kind``: UNTOUCHED (default) fills gaps; HARMLESS may push others within their promises.

        Raises:
            Conflict: an express date is asked for, which would break other promises.
            TooMuch: HOLDS_MAX holds are open.
        """
        if kind == PromiseKind.EXPRESS:
            raise Conflict(
                "an express date harms others and cannot be held",
                subject=f"item {item}",
                remedy="Hold the harmless date, or insert the order",
            )
        if len(self._holds) >= HOLDS_MAX:
            raise TooMuch(f"at most {HOLDS_MAX} holds are open", remedy="Let some expire")
        self._tick()
        before, mark = self._plan.copy(), self._builder.mark()
        key = self._ids.new("hold")
        ops = self._append(self._question(item, quantity, key=key))
        live = Plan([*self._plan.placed, *([None] * (len(self.shop.ops) - mark.ops))])
        trials = self._hold_trials(ops, live, kind)
        best = min(trials, key=lambda t: t.ready_s)
        jobs = list(range(mark.jobs, len(self.shop.jobs)))
        for job in jobs:
            self.shop.jobs[job].promised = self.shop.jobs[job].due = best.ready_s
        text = Text(f"capacity held for {key}", f"为 {key} 预留产能")
        because = Because(MoveReason.ORDER_INSERTED, text)
        self._set(best.plan, because, moves(self.shop, live, best.plan, because))
        hold = Hold(
            key=key,
            item=item,
            quantity=quantity,
            ready_at=instant(self.shop, best.ready_s),
            expires_at=expires_at,
            version=self._number,
            assignments=tuple(assignments(self.shop, best.plan, ops)),
        )
        self._holds[key] = _Held(hold, jobs, before, self._number)
        return hold

    def _hold_trials(self, ops: list[int], live: Plan, kind: PromiseKind | None) -> list[Trial]:
        board = self._fresh_board()
        if kind != PromiseKind.HARMLESS:
            return [fill_gaps(board, ops)]
        found = curve(board, live, ops, engine.decode_for(self.rules))
        return [trial for trial in found if not trial.harms]

    def holds(self) -> list[Hold]:
        """Open holds by expiry."""
        return sorted((h.hold for h in self._holds.values()), key=lambda h: h.expires_at)

    def confirm(self, key: str, order: WorkOrder, *, cause: str | None = None) -> PlanVersion:
        """A held quote becomes an order: the same places, now under the order's key and dates.

        Raises:
            NotFound: there is no such hold, or it lapsed.
            Conflict: the order is not for what was held.
        """
        self._tick()
        held = self._hold(key)
        if (order.item, int(order.quantity)) != (held.hold.item, held.hold.quantity):
            raise Conflict("the order is not for what was held", subject=f"hold {key}")
        if order.key in self._builder.names.jobs:
            raise Conflict("the plan already holds it", subject=f"order {order.key}")
        del self._holds[key]
        for index in held.jobs:
            self._builder.rename(index, key, order)
        self._keep_order(order.key, order)
        text = Text(f"{key} became order {order.key}", f"{key} 转为订单 {order.key}")
        return self._set(self._plan, Because(MoveReason.ORDER_INSERTED, text, cause), ())

    def release(self, key: str, *, cause: str | None = None) -> PlanVersion:
        """Give held capacity back; if nothing else happened since, the plan is as it was before.

        Raises:
            NotFound: there is no such hold.
        """
        self._tick()
        return self._release(key, cause)

    def _release(self, key: str, cause: str | None) -> PlanVersion:
        held = self._hold(key)
        del self._holds[key]
        text = Text(f"{key} was released", f"{key} 已释放")
        plan = self._plan
        if held.version == self._number and still_fits(self.shop, held.before):
            missing = len(self.shop.ops) - len(held.before.placed)
            plan = Plan([*held.before.placed, *([None] * missing)])
        for job in held.jobs:
            self._drop(job)
        for op in (i for job in held.jobs for i in self.shop.jobs[job].ops):
            plan.placed[op] = None
        plan = engine.settle(self.shop, plan, self.rules)
        return self._set(plan, Because(MoveReason.ORDER_CHANGED, text, cause), ())

    # what cannot be kept, and why

    def unkept(self) -> list[Shortfall]:
        """Orders whose promise cannot be kept, costliest first, with the pieces that still can."""
        self._tick()
        return shortfalls(self.shop, self._plan, self.keepable, skip=set(self._holds))

    def keepable(self, order: str, by: Instant | None = None) -> int:
        """How many pieces of an order can still be finished by its promise (or by ``by``).

        The better of what the plan yields by then and what a smaller order could reach in its
        place, with nobody else touched.
        """
        job = self._job(order)
        at = self.shop.jobs[job].promised if by is None else self._builder.seconds(by)
        return keepable(self._live_board(), job, at)

    def why(self, order: str) -> list[Cause]:
        """The chain of causes of an order's date, from its end back to what began it."""
        return causes(self.shop, self._plan, self._job(order), self._records)

    # what if

    def scenario(self, edit: Edit, *, seconds: float = 0.0) -> Scenario:
        """The plant with an edit to its records, solved and compared; nothing live changes.

        ``adopt(scenario.records)`` makes it so.
        """
        self._tick()
        kept = msgspec.structs.replace(self._records, plan=self.version().assignments)
        budget = engine.Budget(self._clock, seconds)
        return scenario(kept, (self.shop, self._plan), edit, budget)

    def reliefs(self, machine: str) -> list[Relief]:
        """What would relieve a machine, each tried on the twin, the most saved first."""
        self._builder.known(machine, OutageKind.MACHINE)
        return reliefs(self._records, machine, self._clock)

    # inside

    def _tick(self) -> None:
        now = self._builder.seconds(self._clock.now())
        if self._ticked == (now, self._number):
            return
        self._ticked = (now, self._number)
        if tick(self.shop, self._plan, now, self.rules.frozen_s):
            self._version = None
        for key in [k for k, h in self._holds.items() if h.hold.expires_at <= self._clock.now()]:
            self._release(key, None)

    def _set(self, plan: Plan, because: Because, made: tuple[Move, ...]) -> PlanVersion:
        self._number += 1
        self._plan, self._board, self._version = plan, None, None
        self._about = Versioned(self._number, self._clock.now(), because, made)
        return self.version()

    @undisturbed()
    def _repair(self, because: Because, *, forward: bool = False) -> PlanVersion:
        old = self._plan
        found = engine.repair(self.shop, old, self.rules, forward=forward)
        return self._set(found, because, moves(self.shop, old, found, because))

    def _live_board(self) -> Board:
        if self._board is None or len(self._board.placed) != len(self.shop.ops):
            self._board = Board(self.shop).load(self._plan)
        return self._board

    def _fresh_board(self) -> Board:
        self._board = None
        return Board(self.shop).load(self._plan)

    def _loosen(self, outage: Outage) -> None:
        since = self._builder.seconds(outage.start)
        until = self.shop.horizon_s if outage.end is None else self._builder.seconds(outage.end)
        split_at(self._builder, self._plan, outage, (since, until))

    def _question(self, item: str, quantity: int, key: str = "question") -> WorkOrder:
        if not 0 < quantity <= QUANTITY_MAX:
            raise BadInput(f"a quantity is 1 to {QUANTITY_MAX}", subject=f"item {item}")
        due = instant(self.shop, self.shop.not_before)
        return WorkOrder(key=key, item=item, quantity=Decimal(quantity), due=due)

    def _append(self, order: WorkOrder) -> list[int]:
        first = len(self.shop.ops)
        self._builder.add(self._builder.book.explode((order,)))
        return list(range(first, len(self.shop.ops)))

    def _job(self, order: str) -> int:
        job = self._builder.names.jobs.get(order)
        if job is None or not self.shop.jobs[job].active:
            raise NotFound("the plan holds no such order", subject=f"order {order}")
        return job

    def _hold(self, key: str) -> _Held:
        held = self._holds.get(key)
        if held is None:
            raise NotFound(
                "there is no such hold", subject=f"hold {key}", remedy="It lapsed; ask again"
            )
        return held

    def _drop(self, job: int) -> None:
        self._builder.drop(job)
        self._clear(job)

    def _clear(self, job: int) -> None:
        for op in self.shop.jobs[job].ops:
            if op < len(self._plan.placed):
                self._plan.placed[op] = None
            self.shop.fixed.pop(op, None)
        self._board = None

    def _keep_order(self, key: str, order: WorkOrder | None = None) -> None:
        """The records with this order under its key; with none, without it."""
        kept = tuple(o for o in self._records.orders if o.key != key)
        kept = kept if order is None else (*kept, order)
        self._records = msgspec.structs.replace(self._records, orders=kept)


ADOPTED = Text("the plan was laid out", "计划已排定")
REPORTED = Text("as the machine reports", "按设备报告")
BETTER = Text("a better plan was found", "找到更优计划")
