"""Values become frames: columns filled one value at a time, cut by time or number, bounded.

Pure but for what is handed in. One `Packer` serves one partition of one connection, so that the
numbers of its frames count without holes for whoever reads that partition.
"""

from __future__ import annotations

import math

import numpy as np

from hanse.model.ids import Happening
from hanse.model.plant import SignalKind
from hanse.model.sample import FRAME_SAMPLES_MAX, TEXT_SAMPLE_MAX, Frame, Quality, frame

BUFFER_SAMPLES_MAX = 200_000
"""Samples one packer holds while frames cannot be handed on; then only last values are kept."""
EXACT_INTEGER_MAX = 2**53


class Packer:
    """Collects samples of one partition and cuts them into numbered frames."""

    def __init__(self, source: str, epoch: int) -> None:
        self._source = source
        self._epoch = epoch
        self._seq = 0
        self._signal: list[int] = []
        self._at_ns: list[int] = []
        self._value: list[float] = []
        self._quality: list[int] = []
        self._texts: dict[int, str] = {}
        self.squeezed = 0
        """Samples given up so far because frames could not be handed on."""

    def __len__(self) -> int:
        return len(self._signal)

    def add(self, signal: int, at_ns: int, value: float, quality: int) -> None:
        """One sample; the oldest of each signal go when BUFFER_SAMPLES_MAX is met."""
        if len(self._signal) >= BUFFER_SAMPLES_MAX:
            self._squeeze()
        self._signal.append(signal)
        self._at_ns.append(at_ns)
        self._value.append(value)
        self._quality.append(quality)

    def extend(
        self, signals: list[int], at_ns: list[int], values: list[float], quality: list[int]
    ) -> None:
        """Many samples at once."""
        if len(self._signal) + len(signals) > BUFFER_SAMPLES_MAX:
            for row in zip(signals, at_ns, values, quality, strict=True):
                self.add(*row)
            return
        self._signal += signals
        self._at_ns += at_ns
        self._value += values
        self._quality += quality

    def say(self, text: str) -> None:
        """The text of the sample just added."""
        self._texts[len(self._signal) - 1] = text[:TEXT_SAMPLE_MAX]

    def cut(self, received_ns: int) -> Frame | None:
        """The next frame of what has come in, oldest first; None when there is nothing."""
        n = min(len(self._signal), FRAME_SAMPLES_MAX)
        if n == 0:
            return None
        made = frame(
            Happening(self._source, self._epoch, self._seq),
            signal=np.array(self._signal[:n], np.int32),
            at_ns=np.array(self._at_ns[:n], np.int64),
            value=np.array(self._value[:n], np.float64),
            quality=np.array(self._quality[:n], np.uint8),
            received_ns=received_ns,
            texts={i: t for i, t in self._texts.items() if i < n},
        )
        self._seq += 1
        self._keep(range(n, len(self._signal)))
        return made

    def _squeeze(self) -> None:
        last = {signal: i for i, signal in enumerate(self._signal)}
        self.squeezed += len(self._signal) - len(last)
        self._keep(sorted(last.values()))

    def _keep(self, rows: range | list[int]) -> None:
        self._texts = {n: self._texts[i] for n, i in enumerate(rows) if i in self._texts}
        self._signal = [self._signal[i] for i in rows]
        self._at_ns = [self._at_ns[i] for i in rows]
        self._value = [self._value[i] for i in rows]
        self._quality = [self._quality[i] for i in rows]


def number_of(value: object) -> float | None:
    """A value as a sample's number, None where it is not a finite one.

    Booleans count as 0 and 1. Integers beyond 2**53 lose their last digits, as any float64 does.
    """
    if isinstance(value, bool | int | float):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    return None


def number_in(text: str, kind: SignalKind) -> float | None:
    """The number written in a text, where the signal is one that has numbers."""
    if kind is SignalKind.TEXT:
        return None
    word = text.strip()
    if kind is SignalKind.FLAG and word.lower() in _FLAGS:
        return _FLAGS[word.lower()]
    try:
        number = float(word)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


_FLAGS = {"true": 1.0, "on": 1.0, "yes": 1.0, "false": 0.0, "off": 0.0, "no": 0.0}


def worst(a: int, b: int) -> int:
    """The lesser of two trusts."""
    return max(int(a), int(b), int(Quality.GOOD))
