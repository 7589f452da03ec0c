"""Questions to the live plan that change nothing: why, what would help."""

from __future__ import annotations

import asyncio

from hanse.allocate.live import LivePlan
from hanse.allocate.whatif import loads
from hanse.model.plan import MachineLoad, Overtime, Relief, WhyLink
from hanse.node.planning import wire

OFFERS_MAX = 40


class Asking:
    """Answers from the live plan; reliefs are tried in a thread, on records of their own."""

    def __init__(self, live: LivePlan) -> None:
        self._live = live

    async def why(self, ask: wire.WhyAsk) -> tuple[WhyLink, ...]:
        """The chain of causes of an order's date, from its end back to what began it."""
        return tuple(
            WhyLink(
                order=link.order,
                step=link.step,
                machine=link.machine,
                kind=link.kind.value,
                subject=link.subject,
                until=link.until,
                text=link.text,
            )
            for link in self._live.why(ask.order)
        )

    async def relief(self, ask: wire.ReliefAsk) -> tuple[Relief, ...]:
        """What would relieve a machine, the most saved first."""
        found = await asyncio.to_thread(self._live.reliefs, ask.machine)
        return tuple(
            Relief(text=r.text, saves_minor=r.saves_minor, late_after=r.late_after) for r in found
        )

    async def loads(self, _question: str) -> tuple[MachineLoad, ...]:
        """How busy every machine is from now to the last due date, the busiest first."""
        found = loads(self._live.shop, self._live.current)
        return tuple(
            MachineLoad(
                machine=load.machine, busy_s=load.busy_s, open_s=load.open_s, share=load.share
            )
            for load in found
        )

    async def offers(self, _question: str) -> tuple[Overtime, ...]:
        """Overtime that calendars offer and nobody has opened, the soonest first."""
        return tuple(self._live.offered()[:OFFERS_MAX])
