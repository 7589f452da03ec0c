"""Records of a firm into the store: what an import or a sample brings, kind by kind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from hanse.links.imports import Problem, loose_ends
from hanse.model.errors import NotFound
from hanse.model.order import Progress
from hanse.store import Tx

_TABLES = {
    "items": "items",
    "bom": "bom_lines",
    "routings": "routings",
    "machines": "machines",
    "calendars": "calendars",
    "people": "people",
    "tools": "tools",
    "setups": "setup_changes",
    "stock": "stock",
    "orders": "work_orders",
    "transports": "transports",
    "outages": "outages",
    "absences": "outages",
    "pins": "pins",
    "progress": "progress",
}
"""Kind of sheet -> table of the record."""


def _joined(tx: Tx, told: Progress) -> Progress:
    """A file may be older than what the machines have said since: no count falls."""
    known = tx.progress.get(told.order, told.step, told.lot)
    return told if known is None else known.joined(told)


def loose_in(tx: Tx, kinds: Collection[str]) -> tuple[Problem, ...]:
    """What sheets of these kinds name and the record has not; nothing is refused for it."""
    known = {kind: tuple(getattr(tx, table).all()) for kind, table in _TABLES.items()}
    known["absences"] = ()  # they stand among the outages
    found = loose_ends(known)
    if "absences" in kinds:
        kinds = {*kinds, "outages"}
    return tuple(problem for problem in found if problem.file in kinds)


def put_records(tx: Tx, records: Mapping[str, Iterable[Any]]) -> dict[str, int]:
    """Keep everything, by kind; how many of each.

    Raises:
        NotFound: there is no such kind.
    """
    counts: dict[str, int] = {}
    for kind, things in records.items():
        if kind not in _TABLES:
            raise NotFound("no such kind of record", subject=kind)
        found = tuple(things)
        if kind == "progress":
            found = tuple(_joined(tx, told) for told in found)
        getattr(tx, _TABLES[kind]).put_many(found)
        counts[kind] = len(found)
    return counts
