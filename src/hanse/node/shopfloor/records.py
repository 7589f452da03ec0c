"""Jobs of machines on record: the open ones and those that ended, each under its name."""

from __future__ import annotations

from hanse.flows.floor import ATTEMPTS_MAX, Operation, job_name
from hanse.model.plan import Assignment
from hanse.model.product import Routing
from hanse.model.running import JobState, MachineJob
from hanse.node.connections import setups
from hanse.node.planning.records import open_orders
from hanse.store import Tx
from hanse.store.shelf import Shelf


def open_jobs(tx: Tx) -> Shelf[MachineJob]:
    """Jobs that have not ended."""
    return tx.shelf("job", MachineJob)


def ended_jobs(tx: Tx) -> Shelf[MachineJob]:
    """Jobs that have."""
    return tx.shelf("job_ended", MachineJob)


def keep_job(tx: Tx, job: MachineJob) -> None:
    """A job on the shelf it belongs to."""
    if job.state is JobState.ENDED:
        open_jobs(tx).delete(job.key)
        ended_jobs(tx).put(job.key, job)
    else:
        open_jobs(tx).put(job.key, job)


def job_named(tx: Tx, key: str) -> MachineJob | None:
    """A job, open or ended."""
    return open_jobs(tx).get(key) or ended_jobs(tx).get(key)


def attempts(tx: Tx, operation: Operation) -> list[MachineJob]:
    """Every job there was for an operation, the first one first."""
    found: list[MachineJob] = []
    while len(found) < ATTEMPTS_MAX:
        job = job_named(tx, job_name(operation, len(found) + 1))
        if job is None:
            break
        found.append(job)
    return found


def doors(tx: Tx) -> frozenset[str]:
    """The machines that their owner allowed to be given jobs."""
    return frozenset(d.asset for s in setups(tx).all() if s.enabled for d in s.jobs)


def nameless(tx: Tx) -> frozenset[str]:
    """Those of them that do not report jobs by name: their counters tell, or a person does."""
    return frozenset(
        d.asset for s in setups(tx).all() if s.enabled for d in s.jobs if not d.names_jobs
    )


class Steps:
    """The steps of the orders in a plan: what an operation is, and what comes before it."""

    def __init__(self, tx: Tx) -> None:
        self._routings = {r.item: r for r in tx.routings.all()}
        self._centres = {m.key: m.work_centre for m in tx.machines.all()}
        self._rates = {m.key: m.rate for m in tx.machines.all()}
        self._items = {o.key: o.item for o in open_orders(tx)}

    def knows(self, order: str) -> bool:
        """Whether a plan's order is to be made: capacity held for a quote is not."""
        return order in self._items or order.partition("/")[0] in self._items

    def item(self, order: str) -> str:
        """What an order makes; parts made for another order carry theirs in their key."""
        return self._items.get(order) or order.rpartition("/")[2]

    def before(self, work: Assignment) -> str | None:
        """The step before an operation, None for the first."""
        keys = self._keys(self.item(work.order))
        at = keys.index(work.step) if work.step in keys else 0
        return keys[at - 1] if at else None

    def remade(self, work: Assignment) -> bool:
        """Whether a piece scrapped there is made anew from the first step on.

        Parts that the plan makes for another order are made again at the step, as at a first one.
        """
        routing = self._routings.get(self._items.get(work.order, ""))
        later = routing.steps[1:] if routing else ()
        return any(step.key == work.step and not step.rework for step in later)

    def _keys(self, item: str) -> list[str]:
        routing: Routing | None = self._routings.get(item)
        return [step.key for step in routing.steps] if routing else []

    def run_s(self, work: Assignment) -> float:
        """Seconds a piece takes on the machine it is planned on."""
        routing = self._routings.get(self.item(work.order))
        steps = routing.steps if routing else ()
        here = {work.machine, self._centres.get(work.machine, "")}
        for step in steps:
            for way in step.alternatives:
                if step.key == work.step and way.machine in here:
                    return way.run_s / self._rates.get(work.machine, 1.0)
        seconds = (work.end - work.start).total_seconds() - work.setup_s
        return max(1.0, seconds / max(1, work.pieces))
