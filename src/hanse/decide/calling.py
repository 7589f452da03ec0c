"""Who is called when an alarm calls, and who next while nobody acknowledges it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.decide.rules import Escalation, Rule, priority
from hanse.model.ids import Key

STEPS_MAX = 5
MINUTE_S = 60.0
FIRST = "technician"


class CallOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The order in which roles are called, for every rule that names none of its own.

    ``first`` is called at once (empty: everyone); ``steps`` follow, each so long after the alarm
    was raised. Alarms below the priority ``at_least`` are told to ``first`` and go no further.
    """

    enabled: bool = True
    at_least: Annotated[int, Meta(ge=1, le=4, description="Lowest priority that goes further")] = 2
    first: Annotated[Key | None, Meta(description="The role that is called at once")] = FIRST
    steps: Annotated[tuple[Escalation, ...], Meta(max_length=STEPS_MAX)] = (
        Escalation(after_s=10 * MINUTE_S, role="planner"),
        Escalation(after_s=30 * MINUTE_S, role="owner"),
    )

    def first_of(self, rule: Rule) -> str:
        """The role that a rule's alarm calls at once; empty for everyone."""
        return "" if rule.escalate or not self.enabled else self.first or ""

    def steps_of(self, rule: Rule, severity: int) -> tuple[Escalation, ...]:
        """Who comes next for an alarm of a rule: its own steps, else the usual ones."""
        if rule.escalate:
            return rule.escalate
        further = self.enabled and priority(severity) >= self.at_least
        return self.steps if further else ()
