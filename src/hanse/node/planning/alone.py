"""Laying the plan out once, with no plan role running."""

from __future__ import annotations

import asyncio

from hanse.allocate.live import LivePlan
from hanse.model.plan import PlanVersion
from hanse.node.context import Context
from hanse.node.planning.desk import PlanDesk


def plan_alone(context: Context) -> PlanVersion:
    """The plan of the records as they stand, kept as the next version."""
    desk = PlanDesk(LivePlan(context.clock, context.ids), context.store, context.clock)
    return asyncio.run(desk.open())
