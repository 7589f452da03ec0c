"""The dispatcher: due operations to free machines, what machines say to the plan."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import msgspec
import structlog
from nats.aio.msg import Msg

from hanse.collect.job_doors import JobSheet
from hanse.flows import kinds
from hanse.flows.floor import (
    NODE,
    Floor,
    Operation,
    follow,
    operation_of,
    progress_of,
    to_start,
    to_take_back,
)
from hanse.model.errors import HanseError, NotFound, Unreachable
from hanse.model.order import Progress
from hanse.model.plan import Assignment, PlanVersion
from hanse.model.running import JobState, MachineJob, MachineSeen
from hanse.model.text import Text
from hanse.node.context import Context
from hanse.node.planning import wire
from hanse.node.shopfloor import telling
from hanse.node.shopfloor.by_hand import JOB_ACT, JobAct, acted
from hanse.node.shopfloor.door import END, START, EndAsk, StartAsk
from hanse.node.shopfloor.jobs import job_for
from hanse.node.shopfloor.records import (
    Steps,
    attempts,
    doors,
    job_named,
    keep_job,
    nameless,
    open_jobs,
)
from hanse.node.shopfloor.seeing import SEEN, unpacked
from hanse.store import Tx
from hanse.transmit.nats.requests import answer, ask
from hanse.transmit.nats.streams import event_subject

LOOK_S = 1.0
PAUSE_S = 0.2
AGAIN_S = 5.0
WHY_MAX = 400
NEW_PLANS = (kinds.PLAN_REPAIRED, kinds.PLAN_IMPROVED, kinds.ORDER_PLANNED)
log = structlog.get_logger("floor")


class Dispatcher:
    """Runs in the flow role. Everything it means to do is on record before it is done."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store
        self._seen: dict[str, MachineSeen] = {}
        self._news = asyncio.Event()
        self._version: PlanVersion | None = None
        self._steps: Steps | None = None
        self._untold: set[Operation] = set()
        self._tried_s: dict[str, float] = {}

    async def run(self) -> None:
        """Look whenever a machine or the plan changes, and every LOOK_S, until cancelled."""
        await self._context.nats.subscribe(SEEN, cb=self._take)
        for kind in NEW_PLANS:
            await self._context.nats.subscribe(event_subject(kind), cb=self._replanned)
        await answer(self._context.nats, JOB_ACT, question=JobAct, handle=self.act)
        self._untold = await self._store.read(_unfinished)
        while True:
            self._news.clear()
            try:
                await self._look()
            except HanseError as error:
                log.warning("the floor waits", error=str(error))
            await asyncio.sleep(PAUSE_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()

    async def act(self, act: JobAct) -> Text:
        """A person's word at a machine; the plan hears of it at the next look."""
        seen = self._seen.get(act.machine)
        job, text = await self._store.write(lambda tx: acted(tx, act, seen))
        self._untold.add(operation_of(job))
        self._news.set()
        return text

    async def _take(self, message: Msg) -> None:
        with contextlib.suppress(msgspec.MsgspecError):
            for seen in unpacked(message.data):
                self._seen[seen.machine] = seen
                self._news.set()

    async def _replanned(self, _: Msg) -> None:
        self._news.set()

    async def _look(self) -> None:
        await self._follow(await self._store.read(self._floor))
        await self._tell()
        floor = await self._store.read(self._floor)
        for job in to_take_back(floor):
            await self._take_back(job)
        now = self._context.clock.now()
        made = [await self._ready(work) for work in to_start(floor, now)]
        for job in (*floor.jobs, *(job for job in made if job is not None)):
            await self._hand(job)

    def _floor(self, tx: Tx) -> Floor:
        number = tx.plans.number()
        if self._version is None or self._steps is None or self._version.number != number:
            self._version, self._steps = tx.plans.current(), Steps(tx)
        return Floor(
            plan=tuple(a for a in _assignments(self._version) if self._steps.knows(a.order)),
            jobs=tuple(open_jobs(tx).all()),
            progress={operation_of(p): p for p in tx.progress.all()},
            seen=self._seen,
            doors=doors(tx),
            before=self._steps.before,
        )

    async def _follow(self, floor: Floor) -> None:
        """What machines say of their jobs, on record with its events."""
        for job in floor.jobs:
            seen = self._seen.get(job.machine)
            now = job if seen is None else follow(job, seen)
            if now == job:
                continue

            def write(tx: Tx, before: MachineJob = job, now: MachineJob = now) -> None:
                keep_job(tx, now)
                telling.changed(tx, before, now)

            await self._store.write(write)
            self._untold.add(operation_of(job))

    async def _tell(self) -> None:
        """Progress to the plan; what could not be told is told at the next look."""
        for operation in sorted(self._untold):
            tried = await self._store.read(lambda tx, o=operation: attempts(tx, o))  # type: ignore[misc]
            if any(job.state not in _WAITING for job in tried):
                await self._report(progress_of(tried), tried[-1].event)
            self._untold.discard(operation)

    async def _report(self, progress: Progress, cause: str) -> None:
        report = wire.Report(progress=progress, cause=cause)
        with contextlib.suppress(NotFound):
            await ask(self._context.nats, wire.REPORT, report, answer=wire.PlanChanged, wait_s=20.0)

    async def _ready(self, work: Assignment) -> MachineJob | None:
        """A job for a due operation, on record before its machine hears of it."""

        def write(tx: Tx) -> MachineJob | None:
            job = job_for(tx, work)
            if job is None or job_named(tx, job.key) is not None:
                return None
            cause = telling.cause_of(tx, job.order)
            seen = self._seen.get(job.machine)
            if seen is not None and job.machine in nameless(tx):
                job = msgspec.structs.replace(job, base=seen.counters)
            event = tx.events.append(telling.sent(job, cause), once=f"job_sent:{job.key}")
            job = msgspec.structs.replace(job, event=event.id)
            keep_job(tx, job)
            return job

        return await self._store.write(write)

    async def _hand(self, job: MachineJob) -> None:
        """Bring a job to its machine, or take it away; tried again until the machine has heard."""
        waits = job.state is JobState.READY and not job.taken_back
        if not (waits or job.taken_back) or job.by != NODE or not self._is_time(job):
            return
        try:
            if waits:
                sheet = JobSheet(
                    job=job.key, machine=job.machine, order=job.order, item=job.item,
                    pieces=job.pieces, run_s=job.run_s, setup_s=job.setup_s,
                )  # fmt: skip
                start = StartAsk(sheet=sheet, by=job.by)
                await ask(self._context.nats, START, start, answer=bool, wait_s=20.0)
                await self._keep(job, state=JobState.TAKEN, why="")
            else:
                end = EndAsk(machine=job.machine, job=job.key, by=job.by)
                await ask(self._context.nats, END, end, answer=bool, wait_s=20.0)
        except Unreachable as error:
            log.info("the machine is away", job=job.key, error=str(error))
        except HanseError as error:
            await self._refused(job, error)

    def _is_time(self, job: MachineJob) -> bool:
        now_s = self._context.clock.monotonic_s()
        if now_s - self._tried_s.get(job.key, -AGAIN_S) < AGAIN_S:
            return False
        self._tried_s = {k: s for k, s in self._tried_s.items() if now_s - s < AGAIN_S}
        self._tried_s[job.key] = now_s
        return True

    async def _refused(self, job: MachineJob, error: HanseError) -> None:
        why = f"{error.what} {error.remedy}"[:WHY_MAX]
        if job.why == why:
            return

        def write(tx: Tx) -> None:
            known = open_jobs(tx).get(job.key)
            if known is not None:
                keep_job(tx, msgspec.structs.replace(known, why=why))
                tx.events.append(telling.refused(job, why))

        await self._store.write(write)

    async def _take_back(self, job: MachineJob) -> None:
        version = self._version
        cause = version.cause if version else None

        def write(tx: Tx) -> None:
            known = tx.events.get(cause) if cause else None
            told = telling.taken_back(job, known.id if known else None)
            tx.events.append(told, once=f"job_taken_back:{job.key}")
            state = job.state if job.by == NODE else JobState.ENDED
            keep_job(tx, msgspec.structs.replace(job, taken_back=True, state=state))

        await self._store.write(write)
        self._untold.add(operation_of(job))
        self._tried_s.pop(job.key, None)

    async def _keep(self, job: MachineJob, **fields: object) -> None:
        def write(tx: Tx) -> None:
            known = open_jobs(tx).get(job.key)
            if known is not None and known.state is JobState.READY:
                keep_job(tx, msgspec.structs.replace(known, **fields))

        await self._store.write(write)


def _assignments(version: PlanVersion | None) -> tuple[Assignment, ...]:
    return version.assignments if version else ()


_WAITING = (JobState.READY, JobState.TAKEN)


def _unfinished(tx: Tx) -> set[Operation]:
    """Operations whose jobs are open: told to the plan once after a start, in case it missed it."""
    jobs: Sequence[MachineJob] = open_jobs(tx).all()
    return {operation_of(job) for job in jobs}
