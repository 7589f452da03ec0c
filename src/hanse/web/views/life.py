"""Remaining life as the pages show it: each machine, the versions behind it, proposed windows."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.web.views.common import Count, Id, Line

Share = Annotated[float, Meta(ge=0, le=1)]


class LifeNumbers(Struct, frozen=True, kw_only=True):
    """Seconds that a machine will still last: the estimate, and the interval it lies in.

    ``capped``: at least this long, no sign of wear yet. ``signals`` moved it, by their share.
    """

    at: Instant
    version: Count
    left_s: float
    low_s: float
    high_s: float
    capped: bool
    signals: tuple[tuple[Text, Share], ...] = ()


class WindowRow(Struct, frozen=True, kw_only=True):
    """Time for maintenance before a failure, proposed to the planner: ``approval`` is asked."""

    approval: Id
    machine: Id
    machine_title: Line
    since: Instant
    until: Instant
    latest: Instant | None
    text: Text
    event: str = ""
    loop: str = ""


class LifeRow(Struct, frozen=True, kw_only=True):
    """One watched machine; ``numbers`` None while nothing is known of it yet."""

    machine: Id
    machine_title: Line
    asset_type: Line
    type_title: Text
    numbers: LifeNumbers | None = None
    window: WindowRow | None = None


class LifeVersionRow(Struct, frozen=True, kw_only=True):
    """One trained version: what it learned from, how far off it was, what it was compared with.

    ``error_s`` and ``cover`` on lives it had not seen; ``old_error_s`` and ``new_error_s`` on the
    newest lives, where a version was in use before.
    """

    number: Count
    at: Instant
    since: Instant
    until: Instant
    lives: Count
    rows: Count
    error_s: float
    cover: Share
    adopted: bool
    in_use: bool = False
    old_error_s: float | None = None
    new_error_s: float | None = None


class LifeTypeView(Struct, frozen=True, kw_only=True):
    """What is learned about a type of machine: the watch, the versions, how the training stands."""

    asset_type: Line
    title: Text
    signals: tuple[Text, ...]
    failed_by: Line
    step_s: float
    horizon_s: float
    cap_s: float
    lives: Count
    lives_needed: Count
    share: Share | None
    asked_by: Line
    error: Line
    versions: tuple[LifeVersionRow, ...]


class LifeView(Struct, frozen=True, kw_only=True):
    """One machine's remaining life, with all behind it."""

    row: LifeRow
    learned: LifeTypeView
