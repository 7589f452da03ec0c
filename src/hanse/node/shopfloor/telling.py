"""The events of jobs, in both languages, each with what caused it."""

from __future__ import annotations

from hanse.flows import kinds
from hanse.model.event import Draft, Event
from hanse.model.running import JobState, MachineJob
from hanse.model.text import Text
from hanse.store import Tx

NODE = "node"


def cause_of(tx: Tx, order: str) -> str | None:
    """The event that put an order into the plan, where one did."""
    found = tx.events.find(kind=kinds.ORDER_PLANNED, subject=order, newest_first=True, limit=1)
    return found[0].id if found else None


def sent(job: MachineJob, cause: str | None) -> Draft:
    """A job was meant for a machine."""
    text = Text(
        f"{job.machine} is given {job.pieces} {job.item}: {job.order}, step {job.step}",
        f"{job.machine} 接到 {job.pieces} 件 {job.item}:{job.order} 工序 {job.step}",
    )
    about = {
        "order": job.order, "step": job.step, "lot": job.lot, "pieces": job.pieces,
    }  # fmt: skip
    return _draft(kinds.JOB_SENT, job, text, cause, **about)


def changed(tx: Tx, before: MachineJob, now: MachineJob) -> list[Event]:
    """What a job went through between two looks at it, recorded once each."""
    found, cause = [], now.event or None
    started = Text(f"{now.machine} has begun {now.order}", f"{now.machine} 已开始 {now.order}")
    if before.state in _WAITING and now.state not in _WAITING:
        draft = _draft(kinds.JOB_STARTED, now, started, cause)
        found.append(tx.events.append(draft, once=f"job_started:{now.key}"))
        cause = found[-1].id
    if before.state is not JobState.ENDED and now.state is JobState.ENDED:
        draft = _draft(kinds.JOB_ENDED, now, _came(now), cause, good=now.good, scrap=now.scrap)
        found.append(tx.events.append(draft, once=f"job_ended:{now.key}"))
    return found


_WAITING = (JobState.READY, JobState.TAKEN)


def _came(job: MachineJob) -> Text:
    return Text(
        f"{job.machine} has made {job.good} of {job.pieces} {job.item}, {job.scrap} scrapped",
        f"{job.machine} 完成 {job.pieces} 件 {job.item} 中的 {job.good} 件,报废 {job.scrap} 件",
    )


def taken_back(job: MachineJob, cause: str | None) -> Draft:
    """The plan wants the rest of a job elsewhere."""
    left = max(0, job.pieces - job.good)
    text = Text(
        f"{left} of {job.pieces} {job.item} are taken back from {job.machine}",
        f"从 {job.machine} 收回 {job.pieces} 件 {job.item} 中的 {left} 件",
    )
    return _draft(kinds.JOB_TAKEN_BACK, job, text, cause or job.event or None, good=job.good)


def refused(job: MachineJob, why: str) -> Draft:
    """A machine does not take a job."""
    text = Text(f"{job.machine} did not take its job: {why}", f"{job.machine} 未接受任务:{why}")
    return _draft(kinds.JOB_REFUSED, job, text, job.event or None, why=why)


def _draft(kind: str, job: MachineJob, text: Text, cause: str | None, **about: object) -> Draft:
    return Draft(
        kind=kind,
        subject=job.machine,
        text=text,
        cause=cause,
        by=job.by,
        about={"job": job.key, "machine": job.machine, **about},
    )
