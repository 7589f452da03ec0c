"""The story played once and everything checked: what ``hanse demo --once`` reports."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec import Struct

from hanse.flows import kinds
from hanse.node.chain.lay import Laid, Wishes, lay
from hanse.node.chain.memory import memory_mb
from hanse.node.chain.owners import sign_in_links
from hanse.node.chain.running import RunningChain
from hanse.node.chain.story import Cut, Step, Told, play
from hanse.node.folder import Folder
from hanse.node.offline import offline
from hanse.node.world import RealClock
from hanse.sim.chain import read_chain, widened
from hanse.store.verify import verify

EXPECTED = (
    kinds.SOMETHING_WANTED,
    kinds.ASKED,
    kinds.QUOTED,
    kinds.OFFERED,
    kinds.CHOSEN,
    kinds.ORDERED,
    kinds.ORDER_PLANNED,
    kinds.ALARM_ACTIVE,
    kinds.CAPACITY_OUT,
    kinds.PLAN_REPAIRED,
    kinds.PROMISE_BROKEN,
    kinds.CHANGE_PROPOSED,
    kinds.CHANGED,
    kinds.CUSTOMER_TOLD,
)
"""Every step that must have happened."""
CUT = (kinds.JOB_SENT, kinds.JOB_STARTED, kinds.JOB_TAKEN_BACK)
"""And these where the machine that fails is a simulated one, which the plan gives its work."""


class Report(Struct, frozen=True, kw_only=True):
    """What came of a demo: every step, the loop's seconds, memory, and each node's verify."""

    steps: tuple[Step, ...]
    loop_s: float
    ready_s: float
    rss_mb: float
    verify: dict[str, str]
    missing: tuple[str, ...] = ()
    cut: Cut | None = None

    @property
    def ok(self) -> bool:
        """Whether every step happened and every record holds."""
        return not self.missing and all(found == "ok" for found in self.verify.values())

    def in_words(self) -> str:
        """The report for people."""
        lines = [f"{s.at_s:9.3f} s  {s.node:15} {s.text_en}" for s in self.steps]
        lines += [f"missing: {kind}" for kind in self.missing]
        lines += [f"verify {node}: {found}" for node, found in self.verify.items()]
        if self.cut is not None:
            lines.append(
                f"{self.cut.machine} had made {self.cut.good} of {self.cut.ordered}; "
                f"{self.cut.left} were left to make, {self.cut.kept} of all can be kept"
            )
        lines.append(f"From the failing value to the customer told: {self.loop_s:.3f} s")
        lines.append(f"Ready in {self.ready_s:.1f} s; {self.rss_mb:.0f} MB in all processes")
        return "\n".join(lines)


async def play_and_check(folder: Path, wishes: Wishes, *, firms: int = 0) -> Report:
    """Lay the chain out, run it, play the story, stop it, verify every record.

    With more ``firms`` than the chain has, light shops are added up to that number.
    """
    clock = RealClock()
    began_s = clock.monotonic_s()
    chain = widened(read_chain(), firms)
    laid = lay(chain, folder, clock, wishes)
    await asyncio.to_thread(sign_in_links, laid)
    async with RunningChain(folder, laid, clock) as running:
        await running.ready()
        ready_s = clock.monotonic_s() - began_s
        told = await play(chain, laid, wishes)
        rss_mb = memory_mb(running.pids())
    expected = EXPECTED if wishes.replay else (*EXPECTED, *CUT)
    return _report(told, laid, (ready_s, rss_mb), expected)


def _report(
    told: Told, laid: Laid, figures: tuple[float, float], expected: tuple[str, ...]
) -> Report:
    ready_s, rss_mb = figures
    seen = {step.name for step in told.steps}
    return Report(
        steps=told.steps,
        loop_s=round(told.loop_s, 3),
        ready_s=round(ready_s, 1),
        rss_mb=round(rss_mb, 1),
        verify={key: _verified(Path(folder)) for key, folder in laid.folders.items()},
        missing=tuple(kind for kind in expected if kind not in seen),
        cut=told.cut,
    )


def _verified(folder: Path) -> str:
    with offline(Folder(folder)) as context:
        report = verify(context.store)
    if report.ok:
        return "ok"
    return "; ".join(f"{f.check} {f.subject}: {f.text.en}" for f in report.findings[:5])
