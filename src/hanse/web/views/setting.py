"""Signals that may be set, attempts to set them, and what an owner allows."""

from __future__ import annotations

from msgspec import Struct

from hanse.model.door import Role
from hanse.model.plant import PackMLState
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.web.views.common import Deed, Id, Line, State


class SettableRow(Struct, frozen=True, kw_only=True):
    """A signal that may be set: what it is now and when that was read, and what is allowed.

    ``choices`` are all it may be, empty where ``low`` to ``high`` bound a number. ``may`` says
    whether a role is among those that may set it.
    """

    machine: Id
    name: Id
    title: Text
    unit: Line = ""
    now: Line = ""
    at: Instant | None = None
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    states: tuple[PackMLState, ...] = ()
    per_minute: int = 0
    second: bool = False
    until: Instant | None = None
    over: bool = False


class SetRow(Struct, frozen=True, kw_only=True):
    """One attempt to set a signal and what came of it; ``waits`` for another person's word."""

    id: Id
    at: Instant
    machine: Id
    name: Id
    title: Text
    value: Line
    old: Line = ""
    read: Line = ""
    unit: Line = ""
    by: Line
    agreed_by: Line = ""
    reason: Line = ""
    why: Line = ""
    state: State
    waits: bool = False
    event: str = ""


class SettingView(Struct, frozen=True, kw_only=True):
    """What may be set at a machine, and what waits for a person."""

    settable: tuple[SettableRow, ...] = ()
    waiting: tuple[SetRow, ...] = ()


class AllowedRow(Struct, frozen=True, kw_only=True):
    """One thing that a connection may do to a machine, with all that bounds it as lines."""

    key: Line
    title: Line
    bounds: tuple[Text, ...]


class WritingView(Struct, frozen=True, kw_only=True):
    """What may be set over a connection and which machines may be given jobs, and the forms."""

    connection: Id
    can_write: bool
    sets: tuple[AllowedRow, ...] = ()
    jobs: tuple[AllowedRow, ...] = ()
    forms: tuple[Deed, ...] = ()
