"""Who is called, and who next, as a form: what it holds, and what is typed into it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hanse.decide import CallOrder
from hanse.decide.calling import MINUTE_S
from hanse.decide.rules import Escalation
from hanse.model.door import Role
from hanse.model.errors import BadInput
from hanse.model.plant import AlarmPriority
from hanse.model.text import Text
from hanse.model.titles import ROLE_TITLES
from hanse.web.views.common import Field, FieldKind, Option

ROWS = 3
EVERYONE = "everyone"
NOBODY = "nobody"
_CALLED = (Role.OPERATOR, Role.TECHNICIAN, Role.PLANNER, Role.BUYER, Role.OWNER)
_LEVELS = {
    AlarmPriority.LOW: Text("all", "全部"),
    AlarmPriority.MEDIUM: Text("medium and worse", "中及以上"),
    AlarmPriority.HIGH: Text("high and worse", "高及以上"),
    AlarmPriority.CRITICAL: Text("only critical", "仅紧急"),
}


def calls_form(calls: CallOrder) -> tuple[Field, ...]:
    """The fields of an order of calls."""
    roles = tuple(Option(value=r.value, label=ROLE_TITLES[r]) for r in _CALLED)
    everyone = Option(value=EVERYONE, label=Text("Everyone", "所有人"))
    nobody = Option(value=NOBODY, label=Text("Nobody", "无"))
    first = Field(
        name="first",
        label=Text("Called at once", "立即通知"),
        kind=FieldKind.CHOICE,
        value=(calls.first or EVERYONE) if calls.enabled else EVERYONE,
        options=(everyone, *roles),
    )
    level = Field(
        name="at_least",
        label=Text("Goes further for alarms that are", "哪些报警继续升级"),
        kind=FieldKind.CHOICE,
        value=str(calls.at_least),
        options=tuple(Option(value=str(int(p)), label=text) for p, text in _LEVELS.items()),
    )
    steps = calls.steps if calls.enabled else ()
    rows = [f for n in range(ROWS) for f in _row(n, steps, (nobody, *roles))]
    return (first, level, *rows)


def _row(n: int, steps: tuple[Escalation, ...], roles: tuple[Option, ...]) -> tuple[Field, Field]:
    step = steps[n] if n < len(steps) else None
    return (
        Field(
            name=f"role_{n + 1}",
            label=Text(f"Then ({n + 1})", f"其次({n + 1})"),
            kind=FieldKind.CHOICE,
            value=step.role if step else NOBODY,
            options=roles,
        ),
        Field(
            name=f"minutes_{n + 1}",
            label=Text("Minutes after it was raised", "报警后多少分钟"),
            kind=FieldKind.NUMBER,
            value=f"{step.after_s / MINUTE_S:g}" if step else "",
            required=False,
        ),
    )


def calls_from(values: Mapping[str, str]) -> CallOrder:
    """An order of calls from the values of its form.

    Raises:
        BadInput: a step has no time, or comes before the one above it.
    """
    steps = []
    for n in range(1, ROWS + 1):
        role = values.get(f"role_{n}", NOBODY)
        if role != NOBODY:
            steps.append({"role": role, "after_s": _seconds(values.get(f"minutes_{n}", ""), n)})
    if [s["after_s"] for s in steps] != sorted(s["after_s"] for s in steps):  # type: ignore[type-var]
        raise BadInput("each step comes after the one above it", remedy="Order the minutes")
    first = values.get("first", EVERYONE)
    fields = {
        "first": None if first == EVERYONE else first,
        "at_least": values.get("at_least", "2"),
        "steps": steps,
    }
    try:
        return msgspec.convert(fields, CallOrder, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), remedy="Correct the value") from error


def _seconds(typed: str, n: int) -> float:
    try:
        return float(typed.strip().replace(",", ".")) * MINUTE_S
    except ValueError as error:
        raise BadInput(
            f"step {n} has no number of minutes", subject=typed[:40], remedy="Write 10"
        ) from error
