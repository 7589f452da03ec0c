"""Setting a signal of a machine: what its owner allows, one attempt, and what came of it."""

from __future__ import annotations

import enum
from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.door import Role
from hanse.model.ids import Key
from hanse.model.plant import PackMLState
from hanse.model.time import Instant

SETS_PER_MINUTE_MAX = 60
CHOICES_MAX = 100
REASON_MAX = 400
PAYLOAD_MAX = 2_000
ADDRESS_MAX = 1_000

Value = float | str | bool
"""What a signal is set to."""
SignalName = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[a-z][a-z0-9_]*$")]


class Settable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One signal that may be set: by whom, to what, how often, when. Nothing is, as shipped.

    A number lies in ``low..high`` in steps of ``step`` from ``low``, or is one of ``choices``
    (numbers as they are written); a text is one of ``choices``. ``states``: only while the machine
    is in one of them. ``second``: another person has to agree. ``address`` is where it is written
    where that is not where it is read (a command topic), ``payload`` what is sent there with
    ``{value}`` in it. Read back within ``read_back_s`` and equal up to ``tolerance``. When an alarm
    of ``rule`` comes up on the asset, ``rule_value`` is proposed: a person carries it out.
    """

    asset: Key
    name: SignalName
    roles: Annotated[tuple[Role, ...], Meta(min_length=1, max_length=len(Role))] = (Role.OWNER,)
    low: float | None = None
    high: float | None = None
    step: Annotated[float, Meta(gt=0)] | None = None
    choices: Annotated[tuple[str, ...], Meta(max_length=CHOICES_MAX)] = ()
    per_minute: Annotated[int, Meta(ge=1, le=SETS_PER_MINUTE_MAX)] = 6
    states: tuple[PackMLState, ...] = ()
    second: bool = False
    until: Instant | None = None
    address: Annotated[str, Meta(max_length=ADDRESS_MAX)] = ""
    payload: Annotated[str, Meta(max_length=PAYLOAD_MAX)] = ""
    read_back_s: Annotated[float, Meta(ge=0, le=30)] = 2.0
    tolerance: Annotated[float, Meta(ge=0)] = 0.0
    rule: Annotated[str, Meta(max_length=120)] = ""
    rule_value: Annotated[str, Meta(max_length=400)] = ""


class SetState(enum.StrEnum):
    """Where an attempt stands. UNSURE: it may have been carried out, and is not sent again."""

    WAITING = "waiting"
    SENT = "sent"
    WRITTEN = "written"
    DIFFERS = "differs"
    REFUSED = "refused"
    UNSURE = "unsure"
    DECLINED = "declined"
    LAPSED = "lapsed"

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self not in {SetState.WAITING, SetState.SENT}


class SignalSet(Struct, frozen=True, kw_only=True):
    """One attempt to set a signal. ``old`` is what it read before, ``read`` what it reads after.

    ``by`` asked (a person, or ``rule:KEY``), ``agreed_by`` is the other person where one has to
    agree; ``why`` says what stood in the way.
    """

    id: Annotated[str, Meta(min_length=1, max_length=120)]
    at: Instant
    asset: Key
    name: SignalName
    value: Value
    unit: Annotated[str, Meta(max_length=16)] = ""
    by: Annotated[str, Meta(min_length=1, max_length=300)]
    reason: Annotated[str, Meta(max_length=REASON_MAX)] = ""
    state: SetState = SetState.WAITING
    old: Value | None = None
    read: Value | None = None
    read_at: Instant | None = None
    why: Annotated[str, Meta(max_length=400)] = ""
    agreed_by: Annotated[str, Meta(max_length=300)] = ""
    event: Annotated[str, Meta(max_length=120)] = ""
