"""Chance as something handed in, so that a whole world runs from one seed."""

from __future__ import annotations

from typing import Protocol


class Dice(Protocol):
    """Random numbers; ``random.Random(seed)`` fits."""

    def random(self) -> float:
        """A number in [0, 1)."""
        ...

    def randrange(self, stop: int, /) -> int:
        """A whole number in [0, stop)."""
        ...
