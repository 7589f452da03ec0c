"""How often: windows of a minute per key, in memory, bounded."""

from __future__ import annotations

from collections import OrderedDict

from hanse.model.errors import TooMuch
from hanse.model.time import Clock

RATE_KEYS_MAX = 20_000
WINDOW_S = 60.0


class Rates:
    """Counts uses of a key over the last minute. The oldest keys go first at RATE_KEYS_MAX."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._uses: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def use(self, key: str, *, per_min: int) -> None:
        """Count one use.

        Raises:
            TooMuch: ``per_min`` uses were made within the window (code ``too-often``).
        """
        start, count = self._window(key)
        if count >= per_min:
            wait_s = max(1, round(start + WINDOW_S - self._clock.monotonic_s()))
            raise TooMuch(
                f"at most {per_min} a minute",
                remedy=f"Try again in {wait_s} s",
                code="too-often",
            )
        self._uses[key] = (start, count + 1)

    def forget(self, key: str) -> None:
        """Forget a key: a login succeeded."""
        self._uses.pop(key, None)

    def _window(self, key: str) -> tuple[float, int]:
        now = self._clock.monotonic_s()
        start, count = self._uses.pop(key, (now, 0))
        while len(self._uses) >= RATE_KEYS_MAX:
            self._uses.popitem(last=False)
        return (now, 0) if now - start >= WINDOW_S else (start, count)
