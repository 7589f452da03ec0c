"""Questions to a live plan that change nothing: what cannot be kept, why, what if, what helps."""

from __future__ import annotations

import msgspec

from hanse.allocate import engine
from hanse.allocate.live.promising import Promising
from hanse.allocate.outcome import keepable, shortfalls
from hanse.allocate.whatif import Edit, Relief, Scenario, reliefs, scenario
from hanse.allocate.why import Cause, causes
from hanse.model.plan import OutageKind, Shortfall
from hanse.model.time import Instant


class Asking(Promising):
    """Answers read from a live plan."""

    def unkept(self) -> list[Shortfall]:
        """Orders whose promise cannot be kept, costliest first, with the pieces that still can."""
        self._tick()
        return shortfalls(self.shop, self._plan, self.keepable, skip=set(self._holds))

    def is_made(self, order: str) -> bool:
        """Whether every operation of an order was reported as finished; never of a mere hold."""
        job = None if order in self._holds else self._builder.names.jobs.get(order)
        return job is not None and self.shop.ended.issuperset(self.shop.jobs[job].ops)

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
