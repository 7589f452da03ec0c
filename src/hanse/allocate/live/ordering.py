"""Orders that come, change, go, or are made."""

from __future__ import annotations

import functools
from decimal import ROUND_CEILING, Decimal

import msgspec

from hanse.allocate import engine, ladder
from hanse.allocate.live.standing import Standing
from hanse.allocate.problem import cost_minor
from hanse.allocate.promise import curve
from hanse.allocate.quiet import undisturbed
from hanse.allocate.reports import carry_over, follow_on, lots_for, lots_less
from hanse.allocate.view import Because, moves
from hanse.model.errors import Conflict
from hanse.model.ids import KEY_MAX
from hanse.model.order import WorkOrder
from hanse.model.plan import MoveReason, PlanVersion
from hanse.model.text import Text


class Ordering(Standing):
    """Orders into and out of a live plan."""

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
        return self._fit_again(self._laid_again(job, order), because)

    def _fit_again(self, ops: list[int], because: Because) -> PlanVersion:
        """Operations of orders laid out again into the plan; all is repaired if others wait."""
        new, placed = set(ops), self._plan.placed
        for op, task in enumerate(self.shop.ops):
            if placed[op] is not None and any(link.op in new for link in task.preds):
                return self._repair(because)
        return self._fit_in(ops, because)

    def _laid_again(self, job: int, order: WorkOrder) -> list[int]:
        """An order's operations anew; what had begun goes on. Those still to be placed."""
        old = [job, *self._parts(order.key)]
        for index in old:
            self._builder.drop(index)
            self._builder.book.give_back(self.shop.jobs[index].key)
        self._builder.book.lots = {
            self.shop.jobs[index].key: functools.partial(lots_for, self.shop, index)
            for index in old[1:]
        }
        ops = self._append(order)
        self._builder.book.lots = {}
        self._plan.placed.extend([None] * (len(self.shop.ops) - len(self._plan.placed)))
        for index in old:
            new = self._builder.names.jobs.get(self.shop.jobs[index].key)
            if new is not None:
                carry_over(self._builder, self._plan, index, self.shop.jobs[new].ops)
                follow_on(self.shop, index, new)
        for index in old:
            self._clear(index)
        self._settle_without(ops)
        return [op for op in ops if op not in self.shop.fixed]

    def _settle_without(self, ops: list[int]) -> None:
        """The plan settled as if operations that have no place yet were not to be made."""
        new = {self.shop.ops[op].order for op in ops}
        for job in new:
            self.shop.jobs[job].active = False
        self._plan = ladder.settle(self.shop, self._plan, self.rules)
        for job in new:
            self.shop.jobs[job].active = True

    def _parts(self, key: str) -> list[int]:
        return self._builder.parts_of(key, {order.key for order in self._records.orders})

    def made_again(
        self, work: tuple[str, str, int], scrap: int, *, cause: str | None = None
    ) -> WorkOrder | None:
        """Pieces of ``(order, step, lot)`` were scrapped: a lot of their own makes them anew.

        It goes through all steps from the first one, and takes material, people and machines as
        any other; its lot is the last one of the order that comes back, to be kept on record. None
        where nothing is laid out again: scrap of a first step takes another blank and of a step
        with ``rework`` is worked again there, and the plan holds no such operation.
        """
        key, step, lot = work
        order = next((o for o in self._records.orders if o.key == key), None)
        job = self._builder.names.jobs.get(key)
        text = Text(
            f"{scrap} of {key} were scrapped at step {step}", f"{key} 工序 {step} 报废 {scrap} 件"
        )
        because = Because(MoveReason.SCRAP, text, cause)
        if order is None or job is None:
            return None
        self._tick()
        op = self._builder.names.ops.get((key, lot, step))
        if not self._builder.from_the_first(work, scrap):
            if op is not None and self.shop.ops[op].materials:  # another blank is taken
                self._repair(because)
            return None
        lots = lots_less(self.shop, job, lot, scrap)
        if lots == order.lots or not lots[-1]:
            return None
        fresh = msgspec.structs.replace(order, lots=lots)
        self._keep_order(key, fresh)
        self._fit_again(self._laid_again(job, fresh), because)
        return fresh

    def cancel(self, order: str, *, cause: str | None = None) -> PlanVersion:
        """An order is no longer to be made; its places become free, those of its parts too.

        Pieces of it that another order was to get are made for that one instead.
        """
        self._tick()
        job = self._job(order)
        gone = [job, *self._parts(order)]
        takers = self._builder.book.takers(order)
        for index in gone:
            self._builder.drop(index)
            self._builder.book.give_back(self.shop.jobs[index].key)
        again = [op for taker in takers for op in self._instead(job, taker, takers[taker])]
        old = self._plan.copy()
        for index in gone:
            self._clear(index)
        self._keep_order(order)
        text = Text(f"order {order} was cancelled", f"订单 {order} 已取消")
        because = Because(MoveReason.ORDER_CHANGED, text, cause)
        self._settle_without(again)
        if again:
            return self._fit_again(again, because)
        return self._set(self._plan, because, moves(self.shop, old, self._plan, because))

    def _instead(self, job: int, taker: str, quantity: Decimal) -> list[int]:
        """Pieces an order was to get of one that is gone, unless it has them; their operations."""
        builder, gone = self._builder, self.shop.jobs[job]
        waits, last = builder.names.jobs.get(taker), set(gone.last)
        ops = [] if waits is None else self.shop.jobs[waits].ops
        loose = [op for op in ops if op not in self.shop.fixed]
        if not any(link.op in last for op in loose for link in self.shop.ops[op].preds):
            return []
        made = WorkOrder(
            key=f"{taker}/{gone.key}"[:KEY_MAX],
            item=gone.item,
            quantity=quantity.to_integral_value(ROUND_CEILING),
            due=builder.instant(self.shop.jobs[self._job(taker)].due),
            weight_minor_per_h=0,
            demand=taker,
        )
        builder.book.stand_in(taker, gone.key, made.key)
        ops = self._append(made)
        self._plan.placed.extend([None] * len(ops))
        follow_on(self.shop, job, builder.names.jobs[made.key], loose)
        return ops

    def complete(self, order: str) -> None:
        """An order is made: it is no longer late, moved or promised; what it occupied stays."""
        self._builder.drop(self._job(order))
        self._keep_order(order)
        self._version = None

    def lots_for(self, order: str, quantity: int) -> tuple[int, ...]:
        """The lots of an order for another quantity, those that have begun as they are."""
        self._tick()
        return lots_for(self.shop, self._job(order), quantity)
