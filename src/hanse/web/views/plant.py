"""Machines, signals and alarms as the pages show them."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from hanse.model.plant import AlarmPriority, PackMLState
from hanse.model.sample import Gap, Quality
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.web.views.common import Count, Deed, Id, Line, State


class SignalNow(Struct, frozen=True, kw_only=True):
    """The last value of a signal. ``value`` is None before the first sample."""

    id: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    name: Line
    unit: Line = ""
    value: float | None = None
    text: Line = ""
    quality: Quality = Quality.GOOD
    at: Instant | None = None
    low: float | None = None
    high: float | None = None
    lead: bool = False
    title: Text = Text("", "")


class MachineRow(Struct, frozen=True, kw_only=True):
    """A machine or another asset as it stands now.

    ``oee`` is a share of 1 over the current shift, or None. ``works`` says that it is a machine,
    which does operations of a plan.
    """

    key: Id
    title: Line
    asset_type: Line = ""
    type_title: Text = Text("", "")
    state: PackMLState | None = None
    since: Instant | None = None
    reason: Text = Text("", "")
    connected: bool = True
    alarms: Count = 0
    worst: AlarmPriority | None = None
    order: Line = ""
    item: Line = ""
    pieces_done: Count = 0
    pieces_due: Count = 0
    oee: Annotated[float, Meta(ge=0, le=1)] | None = None
    signals: tuple[SignalNow, ...] = ()
    event: str = ""
    works: bool = True


class StateSpan(Struct, frozen=True, kw_only=True):
    """A machine was in a state from ``start`` to ``end`` (None while it lasts)."""

    state: PackMLState | None
    start: Instant
    end: Instant | None = None
    reason: Text = Text("", "")


class MachineView(Struct, frozen=True, kw_only=True):
    """A machine with all its signals and its last hours."""

    row: MachineRow
    signals: tuple[SignalNow, ...]
    gaps: tuple[Gap, ...] = ()
    deeds: tuple[Deed, ...] = ()


class AlarmRow(Struct, frozen=True, kw_only=True):
    """One alarm that needs someone or is kept quiet (ISA-18.2). ``event`` raised it.

    ``quieted`` says why it calls nobody, empty where it may; ``deeds`` what can be done to it now.
    ``escalated`` counts the roles that were called after the first.
    """

    id: Id
    machine: Line
    machine_title: Line
    text: Text
    priority: AlarmPriority
    state: State
    since: Instant
    active: bool
    acknowledged: bool
    shelved_until: Instant | None = None
    rule: Line = ""
    value: Line = ""
    limit: Line = ""
    signal: int | None = None
    event: str = ""
    loop: str = ""
    acknowledged_by: Line = ""
    quieted: Text = Text("", "")
    advice: Text = Text("", "")
    occurrence: Count = 0
    first_in_group: bool = False
    escalated: Count = 0
    deeds: tuple[Deed, ...] = ()


class Often(Struct, frozen=True, kw_only=True):
    """An alarm that called often."""

    alarm: Id
    text: Text
    machine: Line
    count: Count
    share: float


class AlarmPerformance(Struct, frozen=True, kw_only=True):
    """The figures of ISA-18.2 / IEC 62682 on how well the alarms themselves work.

    ``shares`` by priority, worst first, against what is recommended; ``in_10_min`` the calls of
    each ten minutes.
    """

    start: Instant
    end: Instant
    called: Count
    per_hour: float
    peak_in_10_min: Count
    flood_share: float
    standing: Count
    shelved: Count
    suppressed: Count
    out_of_service: Count
    seen_after_s: float | None
    shares: tuple[tuple[AlarmPriority, float, float], ...]
    worst: tuple[Often, ...]
    chattering: tuple[Often, ...]
    stale: tuple[AlarmRow, ...]
    in_10_min: tuple[int, ...]


class Series(Struct, frozen=True, kw_only=True):
    """One or more signals on a common time axis, column by column.

    ``t_s`` float64 seconds since 1970, ascending; ``values`` one float32 column a signal in the
    order asked, NaN where there is no sample (a gap is at least one NaN between samples).
    """

    signals: tuple[int, ...]
    t_s: NDArray[np.float64]
    values: tuple[NDArray[np.float32], ...]
