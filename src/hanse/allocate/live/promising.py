"""When could it be ready? Dates asked, capacity held, confirmed and given back."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Self

from hanse.allocate import engine, ladder
from hanse.allocate.live.standing import Standing
from hanse.allocate.problem import Plan
from hanse.allocate.promise import Trial, curve, fill_gaps, point
from hanse.allocate.quiet import undisturbed
from hanse.allocate.reports import still_fits
from hanse.allocate.view import Because, assignments, instant, moves
from hanse.model.errors import BadInput, Conflict, NotFound, TooMuch
from hanse.model.ids import Ids
from hanse.model.order import WorkOrder
from hanse.model.plan import Hold, MoveReason, PlanVersion, Promise, PromiseKind
from hanse.model.text import Text
from hanse.model.time import Clock, Instant

HOLDS_MAX = 10_000
QUANTITY_MAX = 10**6


@dataclasses.dataclass(slots=True)
class Held:
    """A hold with its orders in the shop, and the plan before it with its version's number."""

    hold: Hold
    jobs: list[int]
    before: Plan
    version: int


class Promising(Standing):
    """Promises read from a live plan, and what is held for quotes."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        super().__init__(clock, ids)
        self._holds: dict[str, Held] = {}

    def _tick(self) -> None:
        super()._tick()
        now = self._clock.now()
        for key in [k for k, h in self._holds.items() if h.hold.expires_at <= now]:
            self._release(key, None)

    def fork(self) -> Self:
        """The same plan on a shop of its own; what is held is held there too."""
        other = super().fork()
        other._holds = {key: dataclasses.replace(h) for key, h in self._holds.items()}  # noqa: SLF001
        return other

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
        self,
        item: str,
        quantity: int,
        *,
        expires_at: Instant,
        kind: PromiseKind | None = None,
        key: str = "",
    ) -> Hold:
        """Reserve capacity for a quote; nobody's promise changes.

        ``kind``: UNTOUCHED (default) fills gaps; HARMLESS may push others within their promises.
        ``key``: what it was called before, where it is held again.

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
        key = key or self._ids.new("hold")
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
        self._holds[key] = Held(hold, jobs, before, self._number)
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
        plan = ladder.settle(self.shop, plan, self.rules)
        return self._set(plan, Because(MoveReason.ORDER_CHANGED, text, cause), ())

    def _question(self, item: str, quantity: int, key: str = "question") -> WorkOrder:
        if not 0 < quantity <= QUANTITY_MAX:
            raise BadInput(f"a quantity is 1 to {QUANTITY_MAX}", subject=f"item {item}")
        due = instant(self.shop, self.shop.not_before)
        return WorkOrder(key=key, item=item, quantity=Decimal(quantity), due=due)

    def _hold(self, key: str) -> Held:
        held = self._holds.get(key)
        if held is None:
            raise NotFound(
                "there is no such hold", subject=f"hold {key}", remedy="It lapsed; ask again"
            )
        return held
