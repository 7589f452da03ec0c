"""The next job for an operation of the plan."""

from __future__ import annotations

from hanse.flows.floor import behind, job_name, operation_of
from hanse.model.plan import Assignment
from hanse.model.running import MachineJob
from hanse.node.shopfloor.records import Steps, attempts
from hanse.store import Tx


def job_for(tx: Tx, work: Assignment, *, by: str = "node") -> MachineJob | None:
    """The next attempt at an operation on the machine it is planned on, None when all is made."""
    steps, before = Steps(tx), attempts(tx, operation_of(work))
    left = before[0].pieces - sum(behind(job) for job in before) if before else work.pieces
    if left <= 0:
        return None
    goes_on = bool(before) and before[-1].machine == work.machine and not before[-1].taken_back
    return MachineJob(
        key=job_name(operation_of(work), len(before) + 1),
        order=work.order,
        step=work.step,
        lot=work.lot,
        attempt=len(before) + 1,
        machine=work.machine,
        item=steps.item(work.order),
        pieces=left,
        run_s=steps.run_s(work),
        setup_s=0.0 if goes_on else float(work.setup_s),
        made_at=tx.clock.now(),
        remade=steps.remade(work),
        by=by,
    )
