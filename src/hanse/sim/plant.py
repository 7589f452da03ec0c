"""The physics of one machine tool: what its spindle, bearing, tool and counters do as it works.

Pure: `step` takes a machine and some seconds and gives the machine after them; chance is handed
in. The model is made to be watched and measured, not to replace a dynamics study: first order lags
for speed and heat, a cutting load that swings with the passes of a piece, tool wear that raises the
load, and a bearing whose damage grows with every turn and shows in vibration and heat.

Vibration zones follow ISO 20816-1 in spirit (velocity, mm/s RMS): under `warn_mm_s` is fine, over
`critical_mm_s` is damage in the making, at `trip_mm_s` the machine's own monitor aborts it.
States are those of ISA-TR88.00.02; setup happens in Starting, loading a piece within Execute.
"""

from __future__ import annotations

import enum
import math
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from hanse.model.dice import Dice
from hanse.model.errors import Conflict, TooMuch
from hanse.model.ids import Key
from hanse.model.plant import PackMLState as S

QUEUE_MAX = 200
ENDED_MAX = 50
"""Jobs a machine remembers after their end, so that none is taken twice."""
SPEED_UP_MAX = 3_600.0
STEP_S_MAX = 3_600.0
RUN_S_MIN = 0.05

_SPEED_LAG_S = 1.5
_LOAD_LAG_S = 0.4
_VIBRATION_LAG_S = 0.3
_HEAT_LAG_S = 240.0
_ACTING_S = 1.0
_TOOL_CHANGE_S = 12.0
_HANDLING_SHARE = 0.12
_PASSES = 4
_DAMAGE_MM_S = 12.0


class Job(Struct, frozen=True, kw_only=True):
    """So many pieces for a work order: ``setup_s`` seconds once, then ``run_s`` a piece.

    ``id`` is the name the sender gave it: one of the same name is taken once. Empty: no name.
    """

    id: Annotated[str, Meta(max_length=120)] = ""
    order: Key
    item: Key
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)]
    run_s: Annotated[float, Meta(ge=RUN_S_MIN, le=86_400)]
    setup_s: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    load: Annotated[float, Meta(gt=0, le=1)] = 0.6


class Ended(Struct, frozen=True, kw_only=True):
    """What came of a job: good and scrapped pieces."""

    id: str
    good: int = 0
    scrap: int = 0


class MachineSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a machine is: its name plate and what it can bear."""

    key: Key
    title: str = ""
    manufacturer: str = "Sample Machine Tools"
    model: str = "S-400"
    serial: str = ""
    speed_rpm: Annotated[float, Meta(gt=0, le=100_000)] = 6_000.0
    power_kw: Annotated[float, Meta(gt=0, le=1_000)] = 15.0
    ambient_c: Annotated[float, Meta(ge=-30, le=60)] = 22.0
    warn_mm_s: float = 4.5
    critical_mm_s: float = 7.1
    trip_mm_s: float = 11.2
    scrap_share: Annotated[float, Meta(ge=0, le=1)] = 0.01
    tool_life_s: Annotated[float, Meta(gt=0)] = 5_400.0


class Machine(Struct, frozen=True, kw_only=True):
    """A machine at one instant. Shares (``load``, ``tool_wear``, ``damage``) are 0 to about 1."""

    state: S = S.IDLE
    in_state_s: float = 0.0
    speed_rpm: float = 0.0
    load: float = 0.0
    vibration_mm_s: float = 0.2
    bearing_c: float = 22.0
    power_kw: float = 0.6
    energy_kwh: float = 0.0
    tool_wear: float = 0.0
    tool_changes: int = 0
    changing_tool_s: float = 0.0
    damage: float = 0.0
    damage_per_s: float = 0.0
    good: int = 0
    scrap: int = 0
    job: Job | None = None
    done: int = 0
    job_scrap: int = 0
    piece_s: float = 0.0
    queue: tuple[Job, ...] = ()
    ended: tuple[Ended, ...] = ()
    resumes: bool = False


class Fault(enum.StrEnum):
    """What can be made to go wrong."""

    BEARING = "bearing"
    STOP = "stop"
    NO_MATERIAL = "no_material"


class Command(enum.IntEnum):
    """Control commands, numbered as PackTags ``CntrlCmd`` (ISA-TR88.00.02)."""

    RESET = 1
    START = 2
    STOP = 3
    HOLD = 4
    UNHOLD = 5
    SUSPEND = 6
    UNSUSPEND = 7
    ABORT = 8
    CLEAR = 9


_LEADS_TO: dict[Command, tuple[frozenset[S], S]] = {
    Command.RESET: (frozenset({S.STOPPED, S.COMPLETED}), S.RESETTING),
    Command.START: (frozenset({S.IDLE}), S.STARTING),
    Command.STOP: (
        frozenset(S) - {S.STOPPED, S.STOPPING, S.ABORTING, S.ABORTED, S.CLEARING},
        S.STOPPING,
    ),
    Command.HOLD: (frozenset({S.EXECUTE}), S.HOLDING),
    Command.UNHOLD: (frozenset({S.HELD}), S.UNHOLDING),
    Command.SUSPEND: (frozenset({S.EXECUTE}), S.SUSPENDING),
    Command.UNSUSPEND: (frozenset({S.SUSPENDED}), S.UNSUSPENDING),
    Command.ABORT: (frozenset(S) - {S.ABORTED, S.ABORTING}, S.ABORTING),
    Command.CLEAR: (frozenset({S.ABORTED}), S.CLEARING),
}
_ACTING: dict[S, S] = {
    S.RESETTING: S.IDLE,
    S.STARTING: S.EXECUTE,
    S.COMPLETING: S.COMPLETED,
    S.COMPLETED: S.RESETTING,
    S.HOLDING: S.HELD,
    S.UNHOLDING: S.EXECUTE,
    S.SUSPENDING: S.SUSPENDED,
    S.UNSUSPENDING: S.EXECUTE,
    S.ABORTING: S.ABORTED,
    S.CLEARING: S.STOPPED,
    S.STOPPING: S.STOPPED,
}


def command(machine: Machine, order: Command) -> Machine:
    """The machine after a control command.

    Raises:
        Conflict: PackML has no such transition from its state, or there is no job to start.
    """
    allowed, state = _LEADS_TO[order]
    if machine.state not in allowed:
        raise Conflict(
            f"a machine that is {machine.state.value} does not take the command "
            f"{order.name.lower()}",
            remedy="Clear and reset it first",
        )
    if order is Command.START and machine.job is None:
        raise Conflict("there is no job to start", remedy="Give the machine a job first")
    return _enter(machine, state)


def load_job(machine: Machine, job: Job) -> Machine:
    """The machine with one more job: it waits its turn and starts by itself when idle.

    A job whose name it knows, waiting, in hand or ended, is not taken again.

    Raises:
        TooMuch: QUEUE_MAX jobs wait already.
    """
    if job.id and job.id in _known(machine):
        return machine
    if len(machine.queue) >= QUEUE_MAX:
        raise TooMuch(f"at most {QUEUE_MAX} jobs wait", remedy="Let some run first")
    return replace(machine, queue=(*machine.queue, job))


def _known(machine: Machine) -> set[str]:
    jobs = (*machine.queue, *([machine.job] if machine.job else []))
    return {job.id for job in jobs} | {ended.id for ended in machine.ended}


def end_job(machine: Machine, name: str) -> Machine:
    """The machine without the job of that name; one being cut ends with the piece in hand.

    A name it never heard is remembered as ended, so that a late order for it is not taken.
    """
    job = machine.job
    if job is not None and job.id == name:
        if machine.state is S.EXECUTE:
            return replace(machine, job=replace(job, quantity=min(job.quantity, machine.done + 1)))
        return replace(_closed(machine), job=None, done=0, job_scrap=0, piece_s=0.0)
    if name in {ended.id for ended in machine.ended}:
        return machine
    left = tuple(j for j in machine.queue if j.id != name)
    return _remember(replace(machine, queue=left), Ended(id=name))


def _closed(machine: Machine) -> Machine:
    """The machine with what came of its job among the ended ones."""
    job = machine.job
    if job is None or not job.id:
        return machine
    good = machine.done - machine.job_scrap
    return _remember(machine, Ended(id=job.id, good=good, scrap=machine.job_scrap))


def _remember(machine: Machine, ended: Ended) -> Machine:
    return replace(machine, ended=(*machine.ended, ended)[-ENDED_MAX:])


def drop_jobs(machine: Machine, order: str) -> Machine:
    """The machine without the jobs of a work order; one that is being cut goes on to its end."""
    left = replace(machine, queue=tuple(j for j in machine.queue if j.order != order))
    if left.job is None or left.job.order != order or left.state is S.EXECUTE:
        return left
    return replace(left, job=None, done=0, job_scrap=0, piece_s=0.0)


def inject(machine: Machine, fault: Fault, *, over_s: float = 60.0) -> Machine:
    """The machine with a fault.

    ``BEARING`` grows to a trip within about ``over_s`` seconds of turning; ``STOP`` aborts now;
    ``NO_MATERIAL`` suspends a running machine.
    """
    match fault:
        case Fault.BEARING:
            return replace(machine, damage_per_s=1.0 / max(over_s, 0.1))
        case Fault.STOP:
            return command(machine, Command.ABORT)
        case Fault.NO_MATERIAL:
            return command(machine, Command.SUSPEND)


def repair(machine: Machine) -> Machine:
    """A sound machine: new bearing; an aborted one is cleared and resets by itself."""
    sound = replace(machine, damage=0.0, damage_per_s=0.0)
    if sound.state in (S.ABORTED, S.ABORTING):
        return _enter(replace(sound, resumes=True), S.CLEARING)
    return sound


def step(machine: Machine, spec: MachineSpec, *, seconds: float, dice: Dice) -> Machine:
    """The machine ``seconds`` later (0 < seconds <= STEP_S_MAX)."""
    seconds = min(seconds, STEP_S_MAX)
    moved = _transition(replace(machine, in_state_s=machine.in_state_s + seconds))
    if moved.state is S.EXECUTE:
        moved = _cut(moved, spec, seconds, dice)
    shaken = _spin(moved, spec, seconds, dice)
    if shaken.vibration_mm_s >= spec.trip_mm_s and shaken.state is S.EXECUTE:
        return _enter(shaken, S.ABORTING)
    return shaken


def _enter(machine: Machine, state: S) -> Machine:
    return replace(machine, state=state, in_state_s=0.0)


def _transition(machine: Machine) -> Machine:
    if machine.state is S.IDLE:
        return _take_job(machine)
    if machine.state is S.STOPPED and machine.resumes:
        return _enter(replace(machine, resumes=False), S.RESETTING)
    after = _ACTING.get(machine.state)
    if after is None or machine.in_state_s < _acting_s(machine):
        return machine
    if machine.state is S.COMPLETING:
        return _enter(replace(machine, job=None, done=0, job_scrap=0, piece_s=0.0), after)
    return _enter(machine, after)


def _acting_s(machine: Machine) -> float:
    if machine.state is S.STARTING and machine.job is not None:
        return max(machine.job.setup_s, _ACTING_S) if machine.done == 0 else _ACTING_S
    return _ACTING_S


def _take_job(machine: Machine) -> Machine:
    if machine.job is not None:
        return _enter(machine, S.STARTING)
    if not machine.queue:
        return machine
    first, *rest = machine.queue
    begun = replace(machine, job=first, queue=tuple(rest), done=0, job_scrap=0, piece_s=0.0)
    return _enter(begun, S.STARTING)


def _cut(machine: Machine, spec: MachineSpec, seconds: float, dice: Dice) -> Machine:
    job = machine.job
    if job is None:
        return _enter(machine, S.COMPLETING)
    cutting_s = max(0.0, seconds - machine.changing_tool_s)
    changing_s = max(0.0, machine.changing_tool_s - seconds)
    wear = machine.tool_wear + cutting_s * (1 - _HANDLING_SHARE) / spec.tool_life_s
    whole, piece_s = divmod(machine.piece_s + cutting_s, job.run_s)
    finished = min(int(whole), job.quantity - machine.done)
    scrap = sum(dice.random() < spec.scrap_share for _ in range(min(finished, 1_000)))
    cut = replace(
        machine,
        changing_tool_s=changing_s,
        tool_wear=wear,
        piece_s=piece_s,
        done=machine.done + finished,
        job_scrap=machine.job_scrap + scrap,
        good=machine.good + finished - scrap,
        scrap=machine.scrap + scrap,
    )
    if cut.done >= job.quantity:
        return _enter(_closed(cut), S.COMPLETING)
    return _change_tool(cut) if wear >= 1.0 and finished > 0 else cut


def _change_tool(machine: Machine) -> Machine:
    return replace(
        machine,
        tool_wear=0.0,
        tool_changes=machine.tool_changes + 1,
        changing_tool_s=_TOOL_CHANGE_S,
    )


def _cutting_load(machine: Machine) -> float:
    """The share of full load the piece asks for now; 0 while it is handled or a tool is changed."""
    job = machine.job
    if machine.state is not S.EXECUTE or job is None or machine.changing_tool_s > 0:
        return 0.0
    phase = machine.piece_s / job.run_s
    if phase > 1 - _HANDLING_SHARE:
        return 0.0
    swing = 0.85 + 0.15 * math.sin(2 * math.pi * _PASSES * phase)
    return job.load * swing * (1 + 0.25 * min(machine.tool_wear, 1.5))


def _lag(value: float, target: float, seconds: float, lag_s: float) -> float:
    return target + (value - target) * math.exp(-seconds / lag_s)


def _spin(machine: Machine, spec: MachineSpec, seconds: float, dice: Dice) -> Machine:
    asked = _cutting_load(machine)
    target_rpm = spec.speed_rpm * (0.75 + 0.1 * asked) if asked > 0 else 0.0
    noise = 1 + 0.04 * (dice.random() - 0.5)
    speed = _lag(machine.speed_rpm, target_rpm, seconds, _SPEED_LAG_S)
    load = _lag(machine.load, asked * noise, seconds, _LOAD_LAG_S)
    share = speed / spec.speed_rpm
    damage = min(machine.damage + machine.damage_per_s * seconds * (share > 0.05), 1.2)
    healthy = 0.2 + 1.1 * share + 0.8 * load
    shaking = (healthy + _DAMAGE_MM_S * damage**3 * min(1.0, 1.6 * share)) * noise
    heat_c = spec.ambient_c + 22 * share + 14 * load + 45 * damage * share
    power_kw = 0.6 + spec.power_kw * (0.12 * share + 0.8 * load)
    return replace(
        machine,
        speed_rpm=speed if speed > 1.0 else 0.0,
        load=load,
        damage=damage,
        vibration_mm_s=_lag(machine.vibration_mm_s, shaking, seconds, _VIBRATION_LAG_S),
        bearing_c=_lag(machine.bearing_c, heat_c, seconds, _HEAT_LAG_S),
        power_kw=power_kw,
        energy_kwh=machine.energy_kwh + power_kw * seconds / 3_600,
    )
