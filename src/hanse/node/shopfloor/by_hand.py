"""Jobs at machines that nobody allowed the node to start: a person starts and ends them.

The same job, reports and events as of a machine that takes its work by itself; pieces are counted
by the machine's counters where it has any, else by the person.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from hanse.flows.floor import Floor, next_on, operation_of
from hanse.model.errors import BadInput, Conflict, NotFound
from hanse.model.ids import Key
from hanse.model.plan import Assignment
from hanse.model.running import JobState, MachineJob, MachineSeen
from hanse.model.text import Text
from hanse.node.shopfloor import telling
from hanse.node.shopfloor.jobs import job_for
from hanse.node.shopfloor.records import Steps, doors, keep_job, nameless, open_jobs
from hanse.store import Tx
from hanse.web.views.common import Deed, Field, FieldKind

JOB_ACT = "floor.act"
START, COUNT, FINISH = "start", "count", "finish"


class JobAct(Struct, frozen=True, kw_only=True):
    """A person's word at a machine; ``good`` and ``scrap`` count from the job's beginning."""

    machine: Key
    deed: str
    good: int | None = None
    scrap: int | None = None
    by: str


def job_deeds(tx: Tx, machine: str) -> tuple[Deed, ...]:
    """What a person may do at a machine now."""
    job = job_at(tx, machine)
    if machine in doors(tx):
        told = machine in nameless(tx) and job is not None and job.state is not JobState.READY
        return (_count(job), _finish(job)) if told and job is not None else ()
    if job is None:
        work = next_work(tx, machine)
        return () if work is None else (_start(tx, work),)
    return (_count(job), _finish(job))


def job_at(tx: Tx, machine: str) -> MachineJob | None:
    """The job in hand at a machine."""
    return next((j for j in open_jobs(tx).all() if j.machine == machine and not j.taken_back), None)


def next_work(tx: Tx, machine: str) -> Assignment | None:
    """What a machine does next by the plan."""
    version, steps = tx.plans.current(), Steps(tx)
    floor = Floor(
        plan=tuple(a for a in (version.assignments if version else ()) if steps.knows(a.order)),
        jobs=tuple(open_jobs(tx).all()),
        progress={operation_of(p): p for p in tx.progress.all()},
        seen={},
        doors=frozenset(),
        before=steps.before,
    )
    return next_on(floor, machine)


def acted(tx: Tx, act: JobAct, seen: MachineSeen | None) -> tuple[MachineJob, Text]:
    """The job after a person's word, on record with its events, and the word in both languages.

    Raises:
        NotFound: there is no such deed, nothing to start, or nothing in hand.
        Conflict: the node itself gives this machine its work.
        BadInput: fewer pieces than were counted before.
    """
    if act.machine in doors(tx) and (act.deed == START or act.machine not in nameless(tx)):
        raise Conflict("the node gives this machine its work", subject=act.machine)
    if act.deed == START:
        return _started(tx, act, seen)
    job = job_at(tx, act.machine)
    if job is None or act.deed not in {COUNT, FINISH}:
        raise NotFound("there is nothing in hand there", subject=f"{act.machine} {act.deed}"[:200])
    now = _counted(job, act)
    if act.deed == FINISH:
        good = job.pieces - now.scrap if act.good is None and job.base is None else now.good
        now = msgspec.structs.replace(
            now, state=JobState.ENDED, ended_at=tx.clock.now(), good=max(now.good, good)
        )
    keep_job(tx, now)
    telling.changed(tx, job, now)
    text = Text(f"{now.good} good, {now.scrap} scrapped", f"合格 {now.good},报废 {now.scrap}")
    return now, text


def _started(tx: Tx, act: JobAct, seen: MachineSeen | None) -> tuple[MachineJob, Text]:
    work = next_work(tx, act.machine)
    made = None if work is None else job_for(tx, work, by=act.by)
    if made is None or job_at(tx, act.machine) is not None:
        raise NotFound("there is nothing to start there", subject=act.machine)
    cause = telling.cause_of(tx, made.order)
    event = tx.events.append(telling.sent(made, cause), once=f"job_sent:{made.key}")
    base = seen.counters if seen is not None else None
    ready = msgspec.structs.replace(made, event=event.id, base=base)
    job = msgspec.structs.replace(ready, state=JobState.STARTED, started_at=tx.clock.now())
    keep_job(tx, job)
    telling.changed(tx, ready, job)
    return job, Text(f"{job.pieces} {job.item} begun", f"{job.pieces} 件 {job.item} 已开始")


def _counted(job: MachineJob, act: JobAct) -> MachineJob:
    good = job.good if act.good is None else act.good
    scrap = job.scrap if act.scrap is None else act.scrap
    if good < job.good or scrap < job.scrap:
        raise BadInput(
            f"{job.good} good and {job.scrap} scrapped were counted before",
            subject=f"{good} {scrap}",
            remedy="Count from the beginning of the job",
        )
    return msgspec.structs.replace(job, good=min(good, job.pieces), scrap=scrap)


def _start(tx: Tx, work: Assignment) -> Deed:
    item = Steps(tx).item(work.order)
    label = Text(f"Start {work.pieces} {item}", f"开始 {work.pieces} 件 {item}")
    minutes = max(0, round((work.end - work.start).total_seconds() / 60))
    sheet = Text(
        f"{work.order}, step {work.step}: {work.pieces} {item}, planned for {minutes} min",
        f"{work.order} 工序 {work.step}:{work.pieces} 件 {item},计划 {minutes} 分钟",
    )
    return Deed(name=START, label=label, main=True, confirm=sheet)


def _count(job: MachineJob) -> Deed:
    return Deed(name=COUNT, label=Text("Pieces so far", "已完成件数"), fields=_fields(job))


def _finish(job: MachineJob) -> Deed:
    return Deed(name=FINISH, label=Text("Done", "完成"), fields=_fields(job), main=True)


def _fields(job: MachineJob) -> tuple[Field, ...]:
    def field(name: str, label: Text, value: int) -> Field:
        shown = str(value) if value else ""
        return Field(name=name, label=label, kind=FieldKind.NUMBER, value=shown, required=False)

    return (
        field("good", Text("Good pieces", "合格件数"), job.good),
        field("scrap", Text("Scrapped", "报废件数"), job.scrap),
    )
