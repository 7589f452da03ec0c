"""Where the things of the records are in the shop: machines, people, orders, operations."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from hanse.allocate.calendars import Windows
from hanse.model.plant import Machine

OpName = tuple[str, int, str]
"""(order, lot, step): how an operation is called in plans."""


@dataclass(slots=True)
class Names:
    """Where the things of the records are in the shop."""

    lanes: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    machine: dict[str, Machine] = field(default_factory=dict)
    centre: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    people: dict[str, int] = field(default_factory=dict)
    skills: dict[str, int] = field(default_factory=dict)
    tools: dict[str, int] = field(default_factory=dict)
    sites: dict[str, int] = field(default_factory=dict)
    families: dict[str, int] = field(default_factory=lambda: {"": 0})
    items: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, int] = field(default_factory=dict)
    ops: dict[OpName, int] = field(default_factory=dict)
    calendars: dict[str, Windows] = field(default_factory=dict)
