"""The shop floor as a process: operations become jobs, what machines say becomes progress.

Pure. What a machine says of a job is joined with what was known: no count falls, nothing that
ended goes on, so that reports may come late, twice or in another order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from hanse.model.ids import KEY_MAX
from hanse.model.order import Progress
from hanse.model.plan import Assignment
from hanse.model.plant import PackMLState
from hanse.model.running import JobState, MachineJob, MachineSeen
from hanse.model.time import Instant

ATTEMPTS_MAX = 1_000
NODE = "node"
"""Who gave a job that no person gave: such a machine makes the number of pieces and stops."""
Operation = tuple[str, str, int]
"""(order, step, lot)."""
_RANK = {state: rank for rank, state in enumerate(JobState)}


class Floor(Struct, frozen=True, kw_only=True):
    """What is known when it is decided who does what now.

    ``jobs`` are those that have not ended, ``seen`` the machines, ``doors`` the machines that may
    be given jobs, ``before`` names the step that must be done before an operation, if any.
    """

    plan: Sequence[Assignment]
    jobs: Sequence[MachineJob]
    progress: Mapping[Operation, Progress]
    seen: Mapping[str, MachineSeen]
    doors: frozenset[str]
    before: Callable[[Assignment], str | None]


def job_name(operation: Operation, attempt: int) -> str:
    """The name of an attempt at an operation: the same for the same, short enough for a key."""
    order, step, lot = operation
    whole = f"{order}/{step}/{lot}/{attempt}"
    if len(whole) <= KEY_MAX:
        return whole
    return f"job-{hashlib.sha256(whole.encode()).hexdigest()[:32]}/{attempt}"


def operation_of(thing: Assignment | MachineJob | Progress) -> Operation:
    """Which operation an assignment, a job or a report is about."""
    return thing.order, thing.step, thing.lot


def follow(job: MachineJob, seen: MachineSeen) -> MachineJob:
    """The job after what its machine was seen to say."""
    if seen.machine != job.machine:
        return job
    if seen.last is not None and seen.last[0] == job.key:
        return _joined(job, seen.last[1:], started=seen.at, ended=seen.at)
    if seen.job is not None and seen.job[0] == job.key:
        return _joined(job, seen.job[1:], started=seen.at)
    if job.base is not None and seen.counters is not None and job.state is not JobState.READY:
        return _counted(job, job.base, seen, seen.counters)
    return job


def _counted(
    job: MachineJob, base: tuple[int, int], seen: MachineSeen, counters: tuple[int, int]
) -> MachineJob:
    """The job by its machine's counters, which know nothing of jobs."""
    good, scrap = (max(0, now - was) for now, was in zip(counters, base, strict=True))
    works = good + scrap > 0 or seen.state is PackMLState.EXECUTE
    given_back = job.taken_back and seen.state is PackMLState.IDLE
    if job.state is JobState.TAKEN and not (works or given_back):
        return job
    counts = min(good, job.pieces), scrap
    made = good + scrap if job.by == NODE else behind(job, counts)
    ended = seen.at if made >= job.pieces or given_back else None
    return _joined(job, counts, started=job.started_at or seen.at, ended=ended)


def behind(job: MachineJob, counts: tuple[int, int] | None = None) -> int:
    """Pieces of a job that nothing is owed for: good ones, and scrap that is made anew."""
    good, scrap = (job.good, job.scrap) if counts is None else counts
    return good + (scrap if job.remade else 0)


def _joined(
    job: MachineJob,
    counts: tuple[int, int],
    *,
    started: Instant | None,
    ended: Instant | None = None,
) -> MachineJob:
    state = JobState.ENDED if ended else JobState.STARTED
    return msgspec.structs.replace(
        job,
        state=max(job.state, state, key=_RANK.__getitem__),
        started_at=_first(job.started_at, started),
        ended_at=_first(job.ended_at, ended),
        good=max(job.good, counts[0]),
        scrap=max(job.scrap, counts[1]),
        why="",
    )


def _first(one: Instant | None, other: Instant | None) -> Instant | None:
    return min((at for at in (one, other) if at is not None), default=None)


def progress_of(attempts: Sequence[MachineJob]) -> Progress:
    """How far an operation is by all attempts at it, the first one first."""
    last = attempts[-1]
    good = sum(job.good for job in attempts)
    started = [job.started_at for job in attempts if job.started_at is not None]
    ends = [job.ended_at for job in attempts if job.ended_at is not None]
    finished = sum(behind(job) for job in attempts) >= attempts[0].pieces and ends
    return Progress(
        order=last.order,
        step=last.step,
        lot=last.lot,
        machine=last.machine,
        started_at=min(started, default=None),
        finished_at=max(ends) if finished else None,
        good=good,
        scrap=sum(job.scrap for job in attempts),
        paused=last.taken_back and not finished,
    )


def to_take_back(floor: Floor) -> list[MachineJob]:
    """Jobs whose operation the plan now has on another machine, or no longer at all."""
    planned = {operation_of(a): a.machine for a in floor.plan}
    return [
        job
        for job in floor.jobs
        if not job.taken_back
        and job.state is not JobState.ENDED
        and planned.get(operation_of(job)) != job.machine
    ]


def to_start(floor: Floor, now: Instant) -> list[Assignment]:
    """The operations that free machines begin now: on each the earliest that is due and can."""
    return [
        first
        for machine in sorted(floor.doors)
        if is_free(floor, machine) and (first := next_on(floor, machine, now)) is not None
    ]


def is_free(floor: Floor, machine: str) -> bool:
    """Whether a machine is connected and idle, with nothing in hand."""
    seen = floor.seen.get(machine)
    if seen is None or seen.state is not PackMLState.IDLE or seen.job is not None:
        return False
    return not any(job.machine == machine for job in _open(floor))


def next_on(floor: Floor, machine: str, now: Instant | None = None) -> Assignment | None:
    """What a machine does next: due by ``now`` if given, the step before done, nobody's yet."""
    busy = {operation_of(job) for job in _open(floor)}
    found = [
        a
        for a in floor.plan
        if a.machine == machine
        and (now is None or a.start <= now)
        and operation_of(a) not in busy
        and not _finished(floor, operation_of(a))
        and _fed(floor, a)
    ]
    return min(found, key=lambda a: (a.start, operation_of(a)), default=None)


def _open(floor: Floor) -> Iterable[MachineJob]:
    return (j for j in floor.jobs if j.state is not JobState.ENDED and not j.taken_back)


def _finished(floor: Floor, operation: Operation) -> bool:
    known = floor.progress.get(operation)
    return known is not None and known.finished_at is not None


def _fed(floor: Floor, work: Assignment) -> bool:
    """Whether the step before has been done."""
    step = floor.before(work)
    return step is None or _finished(floor, (work.order, step, work.lot))
