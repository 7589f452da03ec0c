"""Window rules over seconds: evaluated at every sample, and at every step with none."""

from __future__ import annotations

import numpy as np

from hanse.decide.banks import SignalBank, Stand, WindowShape
from hanse.decide.columns import F8, I8, Batch, Columns
from hanse.decide.latches import Latches
from hanse.decide.panes import PANES, UNSEEN, Panes

STEPS_A_TICK_MAX = 2 * PANES


class PaneBank(SignalBank):
    """A figure over the last seconds of a signal; silence moves it too."""

    def __init__(self, stands: list[Stand], first: int, slots: int, *, shape: WindowShape) -> None:
        super().__init__(stands, first, slots)
        self._shape = shape
        self._panes = Panes(len(self), shape.over_ns, of=shape.of)

    def take(self, batch: Batch, latches: Latches) -> None:
        """A bad sample is not counted; the figure stands on the good ones."""
        for mine, samples in self.meet(batch):
            self._pass(mine, samples.at, latches)
            self._panes.advance(mine, samples.at)
            good = samples.good
            self._panes.add(mine[good], samples.at[good], samples.value[good])
            self.judge(mine, samples.at, self._figure(mine), latches)

    def wake(self, horizon_ns: int, latches: Latches) -> None:
        """Steps that ended by an instant, each at its own instant."""
        everyone = np.arange(len(self), dtype=np.int64)
        new = everyone[self._panes.head == UNSEEN]
        if new.size:
            self._panes.advance(new, np.full(new.size, horizon_ns, np.int64))
        late = everyone[self._panes.boundary(everyone) <= horizon_ns]
        self._pass(late, np.full(late.size, horizon_ns, np.int64), latches)

    def _pass(self, who: I8, until: I8, latches: Latches) -> None:
        for _ in range(STEPS_A_TICK_MAX):
            behind = (self._panes.head[who] != UNSEEN) & (self._panes.boundary(who) <= until)
            if not behind.any():
                return
            who, until = who[behind], until[behind]
            at = self._panes.boundary(who)
            self._panes.advance(who, at)
            self.judge(who, at, self._figure(who), latches)
        self._panes.advance(who, until)

    def _figure(self, who: I8) -> F8:
        count = self._panes.count(who)
        figure = self._panes.figure(who, self._shape.measure)
        if self._shape.measure == "count":
            return np.where(self._panes.is_whole(who), figure, np.nan)
        return np.where(count >= max(self._shape.at_least, 1), figure, np.nan)

    def columns(self) -> Columns:
        """The panes."""
        return self._panes.columns()
