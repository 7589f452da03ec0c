"""Rules over several signals of an asset: expressions, and one thing after another.

They are evaluated once an instant of an asset, after all its samples of that instant, and at the
instants their own functions name (`wake_at`).
"""

from __future__ import annotations

import abc
from typing import NamedTuple

import numpy as np

from hanse.decide.columns import F8, FALSE, I4, I8, NEVER, TRUE, UNKNOWN, Batch, Columns
from hanse.decide.expr.evaluate import Evaluator, Inputs
from hanse.decide.expr.parse import Node
from hanse.decide.latches import Latches

WAKES_A_TICK_MAX = 256


class Wiring(NamedTuple):
    """The assets of one rule, the slots of its signals (a row a name), and its attributes."""

    asset: I4
    names: tuple[str, ...]
    slots: I4
    attributes: dict[str, F8]


class Watch:
    """The last values of the signals that one rule looks at, on all its assets."""

    def __init__(self, wiring: Wiring) -> None:
        rows, n = len(wiring.names), wiring.asset.size
        flat = wiring.slots.reshape(-1)
        order = np.argsort(flat, kind="stable")
        self.slots = flat[order]
        self._row, self._who = np.divmod(order, max(n, 1))
        self.names = wiring.names
        self.inputs = Inputs(
            row={name: i for i, name in enumerate(wiring.names)},
            value=np.full((rows, n), np.nan),
            before=np.full((rows, n), np.nan),
            at=np.full((rows, n), NEVER, np.int64),
            fresh=np.zeros((rows, n), np.bool_),
            attributes=wiring.attributes,
            start=np.full(n, NEVER, np.int64),
        )
        self._good = np.full((rows, n), np.nan)

    def meet(self, batch: Batch) -> tuple[I8, I8, Batch]:
        """Rows and assets that samples of a round belong to, and those samples."""
        place = np.minimum(np.searchsorted(self.slots, batch.slot), self.slots.size - 1)
        hit = self.slots[place] == batch.slot
        place = place[hit]
        return self._row[place], self._who[place], batch.take(hit)

    def apply(self, row: I8, who: I8, samples: Batch) -> None:
        """Take new values; bad ones are unknown until the next good one."""
        inputs, good = self.inputs, samples.good
        inputs.value[row, who] = np.where(good, samples.value, np.nan)
        row, who = row[good], who[good]
        inputs.before[row, who] = self._good[row, who]
        self._good[row, who] = samples.value[good]
        inputs.at[row, who] = samples.at[good]
        inputs.fresh[row, who] = True

    def columns(self) -> Columns:
        """What a snapshot keeps."""
        return {
            "value": self.inputs.value,
            "before": self.inputs.before,
            "at": self.inputs.at,
            "start": self.inputs.start,
            "good": self._good,
        }


class JointBank(abc.ABC):
    """What the banks over several signals share: when to look, and the order of instants."""

    def __init__(self, wiring: Wiring, first: int) -> None:
        self.first = first
        n = wiring.asset.size
        self.watch = Watch(wiring)
        self._clock = np.full(n, NEVER, np.int64)
        self._next = np.full(n, NEVER, np.int64)

    @property
    def instances(self) -> int:
        """How many instances it holds."""
        return int(self._clock.size)

    def take(self, batch: Batch, latches: Latches) -> None:
        """One round: each asset at one instant."""
        row, who, samples = self.watch.meet(batch)
        if not who.size:
            return
        assets, first = np.unique(who, return_index=True)
        at = samples.at[first]
        seen = self._clock[assets] != NEVER
        at = np.where(seen, np.maximum(at, np.where(seen, self._clock[assets], 0)), at)
        self._begin(assets[~seen], at[~seen])
        self._pass(assets, at, latches)
        self.watch.apply(row, who, samples)
        self._look(assets, at, latches)
        self.watch.inputs.fresh[row, who] = False

    def wake(self, horizon_ns: int, latches: Latches) -> None:
        """Instants that came by an instant, each at its own."""
        new = np.flatnonzero(self._clock == NEVER)
        self._begin(new, np.full(new.size, horizon_ns, np.int64))
        if new.size:
            self._look(new, np.full(new.size, horizon_ns, np.int64), latches)
        late = np.flatnonzero(self._next <= horizon_ns)
        self._pass(late, np.full(late.size, horizon_ns + 1, np.int64), latches)

    def _begin(self, who: I8, at: I8) -> None:
        self._clock[who] = at
        self.watch.inputs.start[who] = at

    def _pass(self, who: I8, until: I8, latches: Latches) -> None:
        for _ in range(WAKES_A_TICK_MAX):
            due = self._next[who] < until
            if not due.any():
                return
            who, until = who[due], until[due]
            self._look(who, self._next[who].copy(), latches)
        self._look(who, until - 1, latches)

    def _look(self, who: I8, at: I8, latches: Latches) -> None:
        self._clock[who] = at
        self.decide(who, at, latches)
        self._next[who] = self.next_look(who, at)

    @abc.abstractmethod
    def decide(self, who: I8, at: I8, latches: Latches) -> None:
        """Evaluate some assets, each at its instant."""

    @abc.abstractmethod
    def next_look(self, who: I8, at: I8) -> I8:
        """When each must be looked at next though nothing comes."""

    def reopen(self, idx: I8, at: I8, latches: Latches) -> None:
        """The schedule of some instances began: their last condition counts again."""
        latches.recall(idx, at)

    def context(self, local: int) -> list[tuple[str, float, float]]:
        """The signals of one asset: name, value, share."""
        share = 1.0 / max(len(self.watch.names), 1)
        values = self.watch.inputs.value[:, local].tolist()
        return [(name, v, share) for name, v in zip(self.watch.names, values, strict=True)]

    def columns(self) -> Columns:
        """What a snapshot keeps."""
        own: Columns = {"clock": self._clock, "next": self._next}
        return own | self.watch.columns()


class ExprBank(JointBank):
    """A condition over the signals and attributes of an asset."""

    def __init__(self, wiring: Wiring, first: int, *, tree: Node) -> None:
        super().__init__(wiring, first)
        self._when = Evaluator(tree, self.watch.inputs)

    def decide(self, who: I8, at: I8, latches: Latches) -> None:
        """True, false, or unknown where a part of it is."""
        said = self._when.evaluate(who, at)
        latches.step(who + self.first, at, three(said), np.full(who.size, np.nan))

    def next_look(self, who: I8, at: I8) -> I8:
        """As its functions say."""
        return self._when.wake_at(who, at)

    def columns(self) -> Columns:
        """Inputs and the memory of its functions."""
        return super().columns() | {f"when.{k}": v for k, v in self._when.columns().items()}


class SequenceBank(JointBank):
    """``first`` becoming true opens a span in which ``then`` must, or must not, come true."""

    def __init__(self, wiring: Wiring, first: int, *, sequence: Steps) -> None:
        super().__init__(wiring, first)
        self._steps = sequence
        self._one = Evaluator(sequence.first, self.watch.inputs)
        self._two = Evaluator(sequence.then, self.watch.inputs)
        n = wiring.asset.size
        self._was = np.full((2, n), np.nan)
        self._opened = np.full(n, NEVER, np.int64)

    def decide(self, who: I8, at: I8, latches: Latches) -> None:
        """Edges open and close the span; `Latches` keeps its timer."""
        one, two = self._one.evaluate(who, at), self._two.evaluate(who, at)
        opens = (one == 1.0) & (self._was[0, who] == 0.0)
        comes = (two == 1.0) & (self._was[1, who] != 1.0)
        for row, said in enumerate((one, two)):
            self._was[row, who] = np.where(np.isnan(said), self._was[row, who], said)
        if self._steps.missing:
            self._missing((who, at), opens & (two != 1.0), two == 1.0, latches)
        else:
            self._followed((who, at), opens, (comes, two), latches)

    def _missing(
        self, when: tuple[I8, I8], opens: F8 | I8 | I4, came: F8, latches: Latches
    ) -> None:
        who, at = when
        done = np.asarray(came, np.bool_)
        idx = who[done] + self.first
        seconds = np.full(idx.size, self._steps.within_ns / 1e9)
        latches.step(idx, at[done], np.full(idx.size, FALSE, np.int8), seconds)
        idx = who + self.first
        latches.fire(idx[latches.due[idx] <= at])
        idle = (latches.out[idx] == FALSE) & (latches.due[idx] == NEVER)
        new = np.asarray(opens, np.bool_) & idle
        idx = idx[new]
        latches.value[idx] = self._steps.within_ns / 1e9
        latches.arm(idx, at[new], at[new] + self._steps.within_ns)

    def _followed(
        self, when: tuple[I8, I8], opens: F8 | I8 | I4, then: tuple[F8, F8], latches: Latches
    ) -> None:
        who, at = when
        comes, two = then
        self._opened[who] = np.where(opens, at, self._opened[who])
        opened = self._opened[who]
        span = np.where(opened == NEVER, NEVER, at - np.where(opened == NEVER, 0, opened))
        hit = np.asarray(comes, np.bool_) & (span <= self._steps.within_ns)
        self._opened[who[hit]] = NEVER
        idx = who + self.first
        stays = (two == 1.0) & (latches.out[idx] == TRUE)
        cond = np.where(hit | stays, TRUE, np.where(np.isnan(two), UNKNOWN, FALSE))
        latches.step(idx, at, cond.astype(np.int8), np.where(hit, span / 1e9, np.nan))

    def next_look(self, who: I8, at: I8) -> I8:
        """As the functions of both say."""
        return np.minimum(self._one.wake_at(who, at), self._two.wake_at(who, at))

    def columns(self) -> Columns:
        """Inputs, the open spans, and the memory of both conditions."""
        kept = super().columns() | {"was": self._was, "opened": self._opened}
        kept |= {f"one.{k}": v for k, v in self._one.columns().items()}
        return kept | {f"two.{k}": v for k, v in self._two.columns().items()}


class Steps(NamedTuple):
    """The two conditions of a sequence, the span, and what is alarming."""

    first: Node
    then: Node
    within_ns: int
    missing: bool


def three(said: F8) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    """A condition of an expression as a three-valued column."""
    return np.where(np.isnan(said), UNKNOWN, said == 1.0).astype(np.int8)
