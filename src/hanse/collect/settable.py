"""Whether a value may be set: bounds, steps, choices, roles, expiry and the machine's state. Pure.

Unknown never allows: a state that cannot be read is not one of those in which it may be set.
"""

from __future__ import annotations

import math

from hanse.model.door import Role
from hanse.model.errors import BadInput, Conflict, NotAllowed
from hanse.model.plant import PACKML_CODES, PackMLState
from hanse.model.setting import Settable, Value
from hanse.model.time import Instant

STEP_SLACK = 1e-6
"""A number may be off its step by this part of a step: decimals are not exact in binary."""
READ_SLACK = 1e-6
"""A value read back is the same within this part of it: devices keep 32-bit numbers."""
_ON, _OFF = frozenset({"true", "on", "yes"}), frozenset({"false", "off", "no"})


def value_of(text: str, *, is_text: bool = False) -> Value:
    """A typed text as the value it means: a number, on or off, else the text itself.

    ``is_text``: the signal holds texts, and takes it as it stands.
    """
    word = text.strip().lower()
    if is_text:
        return text
    if word in _ON | _OFF:
        return word in _ON
    number = _number(text)
    return text if number is None else number


def check_value(rule: Settable, value: Value) -> None:
    """Whether a rule allows a value.

    Raises:
        BadInput: it is outside.
    """
    if not _fits(rule, value):
        raise BadInput(
            "the value is outside what is allowed",
            subject=f"{rule.asset} {rule.name} = {shown(value)}"[:200],
            remedy=f"Allowed is {allowed(rule)}",
        )


def check_person(rule: Settable, role: Role | None, *, at: Instant) -> None:
    """Whether someone of a role may set it now; None is nobody the node knows.

    Raises:
        NotAllowed: no.
    """
    about = f"{rule.asset} {rule.name}"
    if rule.until is not None and at >= rule.until:
        raise NotAllowed(
            "the time in which it might be set is over",
            subject=about,
            remedy="The owner can allow it again on the connection's page",
        )
    if role is None or role not in rule.roles:
        raise NotAllowed(
            "your role may not set it",
            subject=about,
            remedy=f"Ask one of: {', '.join(rule.roles)}",
        )


def check_state(rule: Settable, state: Value | None) -> None:
    """Whether the machine's state, as its device says it just now, allows it.

    Raises:
        Conflict: another state, or none that is known.
    """
    if not rule.states:
        return
    now = state_of(state)
    if now is None or now not in rule.states:
        raise Conflict(
            f"the machine is {now.value if now else 'in a state nobody knows'}",
            subject=f"{rule.asset} {rule.name}",
            remedy=f"It may be set while the machine is: {', '.join(rule.states)}",
        )


def state_of(value: Value | None) -> PackMLState | None:
    """A state as PackML numbers it or names it; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        word = value.strip().lower()
        return next((state for state in PackMLState if state.value == word), None)
    return PACKML_CODES.get(int(value)) if math.isfinite(value) else None


def allowed(rule: Settable) -> str:
    """What may be set, as a line."""
    if rule.choices:
        return ", ".join(rule.choices)
    step = f" in steps of {rule.step:g}" if rule.step else ""
    if rule.low is None or rule.high is None:
        return "nothing: the rule has no bounds"
    return f"{rule.low:g} to {rule.high:g}{step}"


def same(wanted: Value, read: Value | None, *, tolerance: float = 0.0) -> bool:
    """Whether a value read back is the one that was written."""
    if read is None:
        return False
    if isinstance(wanted, str) and isinstance(read, str):
        return wanted == read
    a, b = _number(str(wanted)), _number(str(read))
    if a is None or b is None:
        return str(wanted) == str(read)
    return abs(a - b) <= max(tolerance, READ_SLACK * max(1.0, abs(a)))


def shown(value: Value | None) -> str:
    """A value as a line shows it."""
    if value is None:
        return "?"
    if isinstance(value, bool):
        return "on" if value else "off"
    return value if isinstance(value, str) else f"{value:.10g}"


def _fits(rule: Settable, value: Value) -> bool:
    if rule.choices:
        return any(_chosen(value, choice) for choice in rule.choices)
    if isinstance(value, str) or rule.low is None or rule.high is None:
        return False
    number = float(value)
    if not (math.isfinite(number) and rule.low <= number <= rule.high):
        return False
    steps = 0.0 if rule.step is None else (number - rule.low) / rule.step
    return abs(steps - round(steps)) <= STEP_SLACK * max(1.0, abs(steps))


def _chosen(value: Value, choice: str) -> bool:
    if isinstance(value, str):
        return value == choice
    number = _number(choice)
    return number is not None and math.isfinite(float(value)) and float(value) == number


def _number(text: str) -> float | None:
    word = text.strip().lower()
    if word in _ON | _OFF:
        return float(word in _ON)
    try:
        found = float(word)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
