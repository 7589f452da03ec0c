"""Laying a live plan out and looking for a better one."""

from __future__ import annotations

import math

from hanse.allocate import engine
from hanse.allocate.build import Builder
from hanse.allocate.live.standing import Standing
from hanse.allocate.problem import Plan, cost_minor
from hanse.allocate.quiet import undisturbed
from hanse.allocate.records import Records
from hanse.allocate.running import take_over
from hanse.allocate.twin import Twin, brought_back, twin_of
from hanse.allocate.view import Because, moves
from hanse.model.plan import MoveReason, PlanVersion
from hanse.model.text import Text

ADOPTED = Text("the plan was laid out", "计划已排定")
BETTER = Text("a better plan was found", "找到更优计划")


class Planning(Standing):
    """Plans made because somebody asked for one, not because something happened."""

    @undisturbed()
    def adopt(self, records: Records, *, cause: str | None = None) -> PlanVersion:
        """Take over a plant's records and lay everything out anew.

        Raises:
            BadInput: the records contradict themselves; the sentence says which and what to do.
        """
        builder = Builder(records, origin=self._clock.now().replace(microsecond=0))
        self._records, self._builder, self._used = records, builder, {}
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
