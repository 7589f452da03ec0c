"""Model rules in the engine: each asset's own detector, learning first, then watching.

Rows are taken at whole multiples of ``every_s`` from the last values, as soon as all signals have
one; a missing or bad value leaves the detector and its word as they were (unknown).
"""

from __future__ import annotations

import numpy as np

from hanse.decide.columns import FALSE, I8, TRUE, UNKNOWN, Columns
from hanse.decide.conditions import JointBank, Wiring
from hanse.decide.detect import Detector, DetectorSettings, load_detector, train
from hanse.decide.latches import Latches
from hanse.decide.rules import Model
from hanse.model.errors import BadInput
from hanse.model.time import NS_PER_S


class ModelBank(JointBank):
    """One detector an asset; trained in place on the first ``learn`` whole rows."""

    def __init__(self, wiring: Wiring, first: int, *, rule: Model) -> None:
        super().__init__(wiring, first)
        n, k = wiring.asset.size, len(wiring.names)
        self._step = round(rule.every_s * NS_PER_S)
        self._settings = DetectorSettings(
            method=rule.detector,
            lead=rule.lead or rule.signals[0],
            false_alarm_rate=rule.false_alarm_rate,
            seasonal=rule.seasonal,
            rebaseline_rows=rule.rebaseline_rows,
            regimes=rule.regimes,
            regime_by=rule.regime_by,
        )
        self._learn = rule.learn
        self._rows = np.zeros((n, rule.learn, k))
        self._taken = np.zeros(n, np.int64)
        self._origin = np.zeros(n, np.int64)
        self._detectors: list[Detector | None] = [None] * n

    def decide(self, who: I8, at: I8, latches: Latches) -> None:
        """At a whole step: one row each; between steps nothing."""
        whole = at % self._step == 0
        for asset, instant in zip(who[whole].tolist(), at[whole].tolist(), strict=True):
            score, cond = self._row(asset, instant // self._step)
            latches.step(
                np.array([asset + self.first]),
                np.array([instant]),
                np.array([cond], np.int8),
                np.array([score]),
            )

    def _row(self, asset: int, step: int) -> tuple[float, int]:
        row = self.watch.inputs.value[:, asset]
        if np.isnan(row).any():
            return float("nan"), UNKNOWN
        detector = self._detectors[asset]
        if detector is None:
            self._study(asset, row)
            self._origin[asset] = step + 1 - self._taken[asset]
            return float("nan"), UNKNOWN
        detector.season.place = step - int(self._origin[asset])
        score = detector.score(row)
        return score, TRUE if detector.beyond else FALSE

    def _study(self, asset: int, row: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
        self._rows[asset, self._taken[asset]] = row
        self._taken[asset] += 1
        if self._taken[asset] < self._learn:
            return
        try:
            self._detectors[asset] = train(self._rows[asset], self.watch.names, self._settings)
        except BadInput:
            self._taken[asset] = 0

    def next_look(self, who: I8, at: I8) -> I8:  # noqa: ARG002 (the same for every asset)
        """The next whole step."""
        return (at // self._step + 1) * self._step

    def context(self, local: int) -> list[tuple[str, float, float]]:
        """The signals by how much they moved the score."""
        detector = self._detectors[local]
        if detector is None or not detector.last:
            return super().context(local)
        total = sum(detector.last) or 1.0
        values = self.watch.inputs.value[:, local].tolist()
        told = zip(self.watch.names, values, detector.last, strict=True)
        return sorted(((n, v, s / total) for n, v, s in told), key=lambda row: -row[2])

    def columns(self) -> Columns:
        """Inputs and the rows learned from."""
        return super().columns() | {
            "rows": self._rows,
            "taken": self._taken,
            "origin": self._origin,
        }

    def extra(self) -> list[bytes]:
        """The detectors, empty where one is still learning."""
        return [b"" if d is None else d.save() for d in self._detectors]

    def take_extra(self, saved: list[bytes]) -> None:
        """Take back what `extra` gave."""
        self._detectors = [load_detector(s) if s else None for s in saved]
