"""The plan a ``plan`` process keeps in memory: events in, numbered versions and promises out.

`LivePlan` is one value made of five parts, each a file: how it is laid out (`planning`), what
happens in the plant (`happening`), orders (`ordering`), promises and holds (`promising`), and what
may be asked of it (`asking`). All stand on `standing`: the shop, the plan, the clock. One caller at
a time; nothing here waits or touches a disk.
"""

from __future__ import annotations

from hanse.allocate.live.asking import Asking
from hanse.allocate.live.happening import Happening
from hanse.allocate.live.ordering import Ordering
from hanse.allocate.live.planning import Planning
from hanse.allocate.records import Records
from hanse.model.plan import PlanVersion

__all__ = ["LivePlan"]


class LivePlan(Asking, Ordering, Happening, Planning):
    """One plant's plan: adopt records, then tell it what happens and ask it what holds.

    Every method that changes the plan gives the new version; its number rises by one. Nothing
    that has started by the clock moves, unless its machine or person is gone.
    """

    def adopt(self, records: Records, *, cause: str | None = None) -> PlanVersion:
        """Take over a plant's records and lay everything out anew; what was held is let go.

        Raises:
            BadInput: the records contradict themselves; the sentence says which and what to do.
        """
        made = super().adopt(records, cause=cause)
        self._holds = {}
        return made
