"""What one sheet names and no sheet has: said before a plan is tried, each with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hanse.links.imports.kinds import KINDS
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
    yield from _of_places(known)
    yield from _of_work(known)


_OUT_OF = {"machine": "machines", "person": "people", "tool": "tools"}


def _of_places(known: Known) -> Iterator[_Loose]:
    """Sites of transports, and what outages and absences name."""
    sites = {m.site for m in known.get("machines", ())}
    for leg in known.get("transports", ()):
        for name in ("before", "after"):
            if getattr(leg, name) not in sites:
                yield "transports", name, getattr(leg, name), "machines"
    there = {kind: _keys(known, kind) for kind in _OUT_OF.values()}
    for kind in ("outages", "absences"):
        for outage in known.get(kind, ()):
            if outage.resource not in there[_OUT_OF[outage.kind]]:
                yield kind, "resource", outage.resource, _OUT_OF[outage.kind]


def _of_work(known: Known) -> Iterator[_Loose]:
    """Orders, steps and machines of pins and of work in progress."""
    orders = {order.key: order.item for order in known.get("orders", ())}
    able = _able(known)
    for kind in ("pins", "progress"):
        for told in known.get(kind, ()):
            item = orders.get(told.order) or _part(told.order, orders)
            if not item:
                yield kind, "order", told.order, "orders"
            elif item in able and told.step not in able[item]:
                yield kind, "step", told.step, "routings"
            elif item in able and told.machine and told.machine not in able[item][told.step]:
                yield kind, "machine", told.machine, "routings"


def _able(known: Known) -> dict[str, dict[str, set[str]]]:
    """Which machines can do each step of an item."""
    centres: dict[str, set[str]] = {}
    for machine in known.get("machines", ()):
        centres.setdefault(machine.work_centre, set()).add(machine.key)
    return {
        routing.item: {
            step.key: {
                key
                for alternative in step.alternatives
                for key in (alternative.machine, *centres.get(alternative.machine, ()))
            }
            for step in routing.steps
        }
        for routing in known.get("routings", ())
    }


def _part(key: str, orders: Mapping[str, str]) -> str:
    """The item of a part that the plan makes for an order, ``ORDER/ITEM``; empty if it is none."""
    order, _, item = key.rpartition("/")
    return item if order in orders or (order and _part(order, orders)) else ""


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
    there = KINDS[missing_in].title.zh
    return Problem(
        file=kind,
        row=0,
        column=name,
        what=Text(f"'{word}' is not among the {missing_in}", f"“{word}”不在“{there}”中"),
        remedy=Text(f"Import it with the {missing_in}, or correct the name",
                    f"请在“{there}”中导入，或更正名称"),
    )  # fmt: skip
