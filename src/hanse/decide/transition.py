"""What the engine tells: a rule that came true on an asset or ceased to be, with its numbers."""

from __future__ import annotations

from msgspec import Struct

from hanse.model.ids import Key
from hanse.model.text import Text


class Contribution(Struct, frozen=True):
    """How much one signal moved a result: its value, and its share, 0-1 of all."""

    signal: str
    value: float | None
    share: float


class Transition(Struct, frozen=True, kw_only=True):
    """A rule's output that changed on one asset.

    ``at_ns`` is the instant it is due by event time, so that a replay gives the same; ``since_ns``
    when the condition began; ``value`` and ``limit`` are those that decided it, None where the
    kind of rule has none. ``side`` tells the limits of one rule apart; ``name`` is what people
    call the asset.
    """

    rule: Key
    asset: Key
    side: str
    at_ns: int
    active: bool
    since_ns: int
    severity: int
    text: Text
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    signals: tuple[Contribution, ...] = ()
    name: str = ""

    @property
    def alarm(self) -> str:
        """The alarm it belongs to: rule, side and asset."""
        return alarm_id(self.rule, self.side, self.asset)

    @property
    def identity(self) -> str:
        """The same for the same happening however often it is replayed."""
        return f"{self.alarm}@{self.at_ns}{'+' if self.active else '-'}"


def alarm_id(rule: str, side: str, asset: str) -> str:
    """The name of an alarm: one rule, one side, one asset."""
    return f"{rule}.{side}/{asset}" if side else f"{rule}/{asset}"
