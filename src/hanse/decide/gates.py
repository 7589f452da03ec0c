"""The schedules of all rules: which are closed now, and what happens when one opens or closes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hanse.decide.build import Built
from hanse.decide.columns import FALSE, I8, NEVER
from hanse.decide.hours import Hours
from hanse.decide.latches import Latches
from hanse.decide.rules import Rule

CHANGES_A_TICK_MAX = 1_000


class Gates:
    """Opens and closes rules by the clock; without any schedule it costs nothing."""

    def __init__(self, rules: tuple[Rule, ...], latches: Latches) -> None:
        self._hours = {
            i: Hours(r.schedule, rule=r.key) for i, r in enumerate(rules) if r.schedule is not None
        }
        self._closed = np.zeros(len(rules), np.bool_)
        self._at: I8 = np.full(1, NEVER, np.int64)
        if self._hours:
            latches.heed_schedules(self._closed)

    def changes(self, horizon_ns: int) -> Iterator[int]:
        """Instants up to a horizon at which a schedule opens or closes, oldest first."""
        if not self._hours:
            return
        if self._at[0] == NEVER:
            self._set(horizon_ns)
        for _ in range(CHANGES_A_TICK_MAX):
            change = min(h.next_change(int(self._at[0])) for h in self._hours.values())
            if change > horizon_ns:
                break
            yield change
        self._at[0] = max(self._at[0], horizon_ns)

    def _set(self, at_ns: int) -> None:
        self._at[0] = at_ns
        for rule, hours in self._hours.items():
            self._closed[rule] = not hours.is_open(at_ns)

    def turn(self, at_ns: int, built: Built) -> None:
        """Open and close what changes at an instant."""
        before = self._closed.copy()
        self._set(at_ns)
        latches, rule = built.latches, built.places.rule
        shut = np.flatnonzero((self._closed & ~before)[rule])
        at = np.full(shut.size, at_ns, np.int64)
        raw, value = latches.raw[shut].copy(), latches.value[shut]
        latches.step(shut, at, np.full(shut.size, FALSE, np.int8), value)
        latches.raw[shut] = raw
        for bank in (*built.banks, *built.joint):
            end = bank.first + bank.instances
            mine = np.arange(bank.first, end, dtype=np.int64)
            mine = mine[(before & ~self._closed)[rule[bank.first : end]]]
            if mine.size:
                bank.reopen(mine, np.full(mine.size, at_ns, np.int64), latches)

    def refresh(self) -> None:
        """Open and close by the instant that a restore brought."""
        if self._hours and self._at[0] != NEVER:
            self._set(int(self._at[0]))

    def column(self) -> I8:
        """The instant up to which schedules have been followed."""
        return self._at
