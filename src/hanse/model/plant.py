"""The plant: sites, machines, people, signals, calendars, in ISA-95 and PackML words."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from hanse.model.ids import Key, Title

SIGNALS_PER_ASSET_MAX = 20_000
SKILLS_MAX = 50


class PackMLState(enum.StrEnum):
    """Machine states of ISA-TR88.00.02 (PackML 2022), the canonical ones of Hanse.

    HELD is stopped by its own cause, SUSPENDED by one from outside (no material, full outlet).
    """

    STOPPED = "stopped"
    RESETTING = "resetting"
    IDLE = "idle"
    STARTING = "starting"
    EXECUTE = "execute"
    COMPLETING = "completing"
    COMPLETED = "completed"
    HOLDING = "holding"
    HELD = "held"
    UNHOLDING = "unholding"
    SUSPENDING = "suspending"
    SUSPENDED = "suspended"
    UNSUSPENDING = "unsuspending"
    ABORTING = "aborting"
    ABORTED = "aborted"
    CLEARING = "clearing"
    STOPPING = "stopping"


PACKML_CODES: dict[int, PackMLState] = {
    1: PackMLState.CLEARING,
    2: PackMLState.STOPPED,
    3: PackMLState.STARTING,
    4: PackMLState.IDLE,
    5: PackMLState.SUSPENDED,
    6: PackMLState.EXECUTE,
    7: PackMLState.STOPPING,
    8: PackMLState.ABORTING,
    9: PackMLState.ABORTED,
    10: PackMLState.HOLDING,
    11: PackMLState.HELD,
    12: PackMLState.UNHOLDING,
    13: PackMLState.SUSPENDING,
    14: PackMLState.UNSUSPENDING,
    15: PackMLState.RESETTING,
    16: PackMLState.COMPLETING,
    17: PackMLState.COMPLETED,
}
"""StateCurrent numbers of ISA-TR88.00.02 to states."""


class SignalKind(enum.StrEnum):
    """What a signal measures, so that rules know how to treat it."""

    ANALOG = "analog"
    COUNTER = "counter"
    STATE = "state"
    FLAG = "flag"
    TEXT = "text"


class Signal(Struct, frozen=True, kw_only=True):
    """One measured thing of one asset. ``id`` is the node's own number, fixed for ever."""

    id: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    asset: Key
    name: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[a-z][a-z0-9_]*$")]
    kind: SignalKind = SignalKind.ANALOG
    unit: Annotated[str, Meta(max_length=16)] = ""
    low: float | None = None
    high: float | None = None


class Machine(Struct, frozen=True, kw_only=True):
    """A work unit (ISA-95 equipment) that does one operation at a time unless ``capacity`` says so.

    ``rate`` scales durations: 0.8 means it needs 1 / 0.8 of the standard time. Costs are minor
    units an hour in the firm's currency. A machine that takes a batch (an oven) holds up to
    ``batch_max`` pieces of one family at once and waits up to ``batch_wait_s`` for more of them.
    """

    key: Key
    title: Title
    asset_type: Key
    work_centre: Key
    site: Key = "main"
    calendar: Key = "always"
    rate: Annotated[float, Meta(gt=0, le=100)] = 1.0
    capacity: Annotated[int, Meta(ge=1, le=1_000)] = 1
    cost_per_hour_minor: Annotated[int, Meta(ge=0, le=10**9)] = 0
    attributes: dict[str, float | str] = {}
    batch_max: Annotated[int, Meta(ge=0, le=10**6)] = 0
    batch_wait_s: Annotated[int, Meta(ge=0, le=30 * 86_400)] = 0


class Person(Struct, frozen=True, kw_only=True):
    """Someone who works, with the skills that count in planning."""

    key: Key
    title: Title
    calendar: Key = "always"
    skills: tuple[Key, ...] = ()


class Shift(Struct, frozen=True, kw_only=True):
    """Open hours on some days of the week: minutes from local midnight; may run past 1440.

    A shift with ``overtime_minor_per_h`` is overtime: closed, but for the days on which the plan
    opens it, and an hour of it costs so much more for all who work by the calendar together.
    """

    days: tuple[Annotated[int, Meta(ge=0, le=6)], ...]
    start_min: Annotated[int, Meta(ge=0, lt=1_440)]
    end_min: Annotated[int, Meta(gt=0, le=2_880)]
    overtime_minor_per_h: Annotated[int, Meta(ge=0, le=10**9)] = 0


class DayOff(Struct, frozen=True, kw_only=True):
    """A closed day, local date ``YYYY-MM-DD``."""

    date: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
    title: str = ""


class Calendar(Struct, frozen=True, kw_only=True):
    """When something may work. ``always`` (24 h, 7 d) exists without being written."""

    key: Key
    timezone: Annotated[str, Meta(max_length=64)] = "UTC"
    shifts: tuple[Shift, ...] = ()
    days_off: tuple[DayOff, ...] = ()


class AlarmPriority(enum.IntEnum):
    """Four priorities on the screen; OPC UA severities 1-1000 fall into them."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


AlarmTransition = Literal[
    "active",
    "inactive",
    "acknowledged",
    "confirmed",
    "shelved",
    "unshelved",
    "suppressed",
    "unsuppressed",
    "out_of_service",
    "in_service",
    "re_alarmed",
    "escalated",
    "latched_reset",
    "commented",
]
