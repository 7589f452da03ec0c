"""What one sheet names and no sheet has: said before a plan is tried, each with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hanse.links.imports.problems import PROBLEMS_MAX, Problem
from hanse.model.text import Text

Known = Mapping[str, tuple[Any, ...]]
_Loose = tuple[str, str, str, str]


def loose_ends(known: Known) -> tuple[Problem, ...]:
    """References that lead nowhere, over all values a node has, by kind of sheet.

    At most PROBLEMS_MAX. Nothing is refused for them: the missing sheet may come next.
    """
    found: dict[_Loose, None] = {}
    for loose in _loose(known):
        found.setdefault(loose)
        if len(found) >= PROBLEMS_MAX:
            break
    return tuple(_problem(loose) for loose in found)


def _loose(known: Known) -> Iterator[_Loose]:
    items = _keys(known, "items")
    machines = _keys(known, "machines")
    centres = {m.work_centre for m in known.get("machines", ())}
    calendars = {"always", *_keys(known, "calendars")}
    for kind, name in (
        ("bom", "item"),
        ("bom", "component"),
        ("stock", "item"),
        ("orders", "item"),
    ):
        for value in known.get(kind, ()):
            if getattr(value, name) not in items:
                yield kind, name, getattr(value, name), "items"
    for kind in ("machines", "people"):
        for value in known.get(kind, ()):
            if value.calendar not in calendars:
                yield kind, "calendar", value.calendar, "calendars"
    for change in known.get("setups", ()):
        if change.machine not in machines | centres:
            yield "setups", "machine", change.machine, "machines"
    yield from _of_routings(known, items, machines | centres)


def _of_routings(known: Known, items: set[str], machines: set[str]) -> Iterator[_Loose]:
    routed = {routing.item for routing in known.get("routings", ())}
    skills = {skill for person in known.get("people", ()) for skill in person.skills}
    tools = _keys(known, "tools")
    for routing in known.get("routings", ()):
        if routing.item not in items:
            yield "routings", "item", routing.item, "items"
        for step in routing.steps:
            for alternative in step.alternatives:
                if alternative.machine not in machines and not alternative.subcontract:
                    yield "routings", "machine", alternative.machine, "machines"
            if step.skill and step.skill not in skills:
                yield "routings", "skill", step.skill, "people"
            if step.tool and step.tool not in tools:
                yield "routings", "tool", step.tool, "tools"
    for item in known.get("items", ()):
        if item.make and item.key not in routed:
            yield "items", "make", item.key, "routings"


def _keys(known: Known, kind: str) -> set[str]:
    return {value.key for value in known.get(kind, ())}


def _problem(loose: _Loose) -> Problem:
    kind, name, word, missing_in = loose
    return Problem(
        file=kind,
        row=0,
        column=name,
        what=Text(f"'{word}' is not among the {missing_in}", f"“{word}”不在 {missing_in} 中"),
        remedy=Text(f"Import it with the {missing_in}, or correct the name",
                    f"请在 {missing_in} 中导入，或更正名称"),
    )  # fmt: skip
