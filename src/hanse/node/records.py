"""Records of a firm into the store: what an import or a sample brings, kind by kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hanse.model.errors import NotFound
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
}
"""Kind of sheet -> table of the record."""


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
        getattr(tx, _TABLES[kind]).put_many(found)
        counts[kind] = len(found)
    return counts
