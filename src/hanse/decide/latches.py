"""The on/off memory of every rule instance: delays, hysteresis' last word, and what flipped.

One numbered place an instance, columns side by side. A condition that differs from the output
starts a timer at the instant it began; when it has held for the delay the output flips, at that
due instant, whether or not a sample comes. Unknown stops the timer and changes nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hanse.decide.columns import B1, F8, FALSE, I1, I4, I8, NEVER, TRUE, UNKNOWN, Columns


class Flips(NamedTuple):
    """Outputs that changed: which instance, when, to what, with what value, since when."""

    instance: I8
    at: I8
    on: I1
    value: F8
    since: I8


class Latches:
    """Columns of every instance: output, condition, timer, value; and the flips not yet taken."""

    def __init__(self, *, rule: I4, on_delay_ns: I8, off_delay_ns: I8) -> None:
        n = rule.shape[0]
        self.rule = rule
        self._on_delay = on_delay_ns
        self._off_delay = off_delay_ns
        self.out = np.zeros(n, np.int8)
        self.cond = np.full(n, UNKNOWN, np.int8)
        self.due = np.full(n, NEVER, np.int64)
        self.since = np.zeros(n, np.int64)
        self.value = np.full(n, np.nan)
        self.next_due = NEVER
        self.closed: B1 | None = None
        self.raw = np.zeros(0, np.int8)
        self._flips: list[Flips] = []

    def __len__(self) -> int:
        return int(self.rule.shape[0])

    def heed_schedules(self, closed: B1) -> None:
        """Keep the conditions of rules that are ``closed`` (a column by rule) out of the output."""
        self.closed = closed
        self.raw = np.full(len(self), UNKNOWN, np.int8)

    def before(self, idx: I8) -> I1:
        """The last condition of some instances, whatever their schedule."""
        return self.cond[idx] if self.closed is None else self.raw[idx]

    def recall(self, idx: I8, at: I8) -> None:
        """Take the last condition of some instances again."""
        self.step(idx, at, self.raw[idx], self.value[idx])

    def step(self, idx: I8, at: I8, cond: I1, value: F8) -> None:
        """Take one condition for each of some instances (no instance twice)."""
        if self.closed is not None:
            self.raw[idx] = cond
            cond = np.where(self.closed[self.rule[idx]], FALSE, cond).astype(np.int8)
        busy = self.due[idx] != NEVER
        hot = busy | ((cond != self.out[idx]) & (cond != UNKNOWN))
        if hot.any():
            self._step_hot(idx[hot], at[hot], cond[hot], value[hot])
        self.cond[idx] = cond
        self.value[idx] = value

    def _step_hot(self, idx: I8, at: I8, cond: I1, value: F8) -> None:
        self.fire(idx[self.due[idx] <= at])
        out = self.out[idx]
        differs = (cond != out) & (cond != UNKNOWN)
        self.due[idx[~differs]] = NEVER
        starts = differs & (self.due[idx] == NEVER)
        if not starts.any():
            return
        begun, when, to = idx[starts], at[starts], cond[starts]
        rule = self.rule[begun]
        delay = np.where(to == TRUE, self._on_delay[rule], self._off_delay[rule])
        self.since[begun] = when
        self.due[begun] = when + delay
        at_once = delay <= 0
        if at_once.any():
            self.value[begun[at_once]] = value[starts][at_once]
            self.fire(begun[at_once])
        self._look_at(begun[~at_once])

    def arm(self, idx: I8, since: I8, due: I8) -> None:
        """Let the output of some instances, now off, come on at ``due`` if nothing happens."""
        if self.closed is not None:
            open_ = ~self.closed[self.rule[idx]]
            idx, since, due = idx[open_], since[open_], due[open_]
        self.since[idx] = since
        self.due[idx] = due
        self._look_at(idx)

    def disarm(self, idx: I8) -> None:
        """Stop the timers of some instances."""
        self.due[idx] = NEVER

    def _look_at(self, idx: I8) -> None:
        if idx.size:
            self.next_due = min(self.next_due, int(self.due[idx].min()))

    def fire(self, idx: I8) -> None:
        """Flip the outputs of some instances whose timer is due, at the due instant."""
        if not idx.size:
            return
        on = (TRUE - self.out[idx]).astype(np.int8)
        self._flips.append(
            Flips(idx, self.due[idx], on, self.value[idx].copy(), self.since[idx].copy())
        )
        self.out[idx] = on
        self.due[idx] = NEVER

    def fire_due(self, horizon_ns: int) -> None:
        """Flip every output whose timer is due by an instant."""
        if self.next_due > horizon_ns:
            return
        self.fire(np.flatnonzero(self.due <= horizon_ns))
        self.next_due = int(self.due.min()) if len(self) else NEVER

    def take_flips(self) -> Flips:
        """What flipped since the last call, in order of time, then of instance."""
        flips, self._flips = self._flips, []
        if not flips:
            none = np.zeros(0, np.int64)
            return Flips(none, none, np.zeros(0, np.int8), np.zeros(0), none)
        instance = np.concatenate([f.instance for f in flips])
        at = np.concatenate([f.at for f in flips])
        order = np.lexsort((np.arange(at.size), instance, at))
        return Flips(
            instance[order],
            at[order],
            np.concatenate([f.on for f in flips])[order],
            np.concatenate([f.value for f in flips])[order],
            np.concatenate([f.since for f in flips])[order],
        )

    def state(self, idx: int) -> int:
        """What an instance's condition is now: TRUE, FALSE or UNKNOWN."""
        return int(self.cond[idx])

    def columns(self) -> Columns:
        """What a snapshot keeps."""
        return {
            "out": self.out,
            "cond": self.cond,
            "due": self.due,
            "since": self.since,
            "value": self.value,
            "raw": self.raw,
        }

    def refresh(self) -> None:
        """Find the next timer anew after a restore."""
        self.next_due = int(self.due.min()) if len(self) else NEVER


def hysteresis(beyond: F8, band: F8, before: I1, out: I1) -> I1:
    """Three-valued: how far a value is beyond its limit, with a band it must come back through.

    Inside the band (``-band < beyond <= 0``) the last known word stands; NaN is unknown.
    """
    last = np.where(before == UNKNOWN, out, before)
    inside = (beyond <= 0) & (beyond > -band)
    cond = np.where(beyond > 0, TRUE, np.where(inside, last, FALSE))
    return np.where(np.isnan(beyond), UNKNOWN, cond).astype(np.int8)
