"""The real clock, identities and dice: the one file that may ask the machine for them."""

from __future__ import annotations

import datetime as dt
import os
import random
import time

from hanse.model.did import base58
from hanse.model.time import UTC, Instant

_RANDOM_BYTES = 8
_LEADING = b"\x01"  # keeps the encoded length steady


class RealClock:
    """The machine's clock (a `hanse.model.time.Clock`)."""

    def now(self) -> Instant:
        """The instant it is, in UTC."""
        return dt.datetime.now(UTC)  # noqa: TID251 (this is the real clock)

    def ns(self) -> int:
        """Nanoseconds since 1970."""
        return time.time_ns()  # noqa: TID251 (this is the real clock)

    def monotonic_s(self) -> float:
        """Seconds that never step back."""
        return time.monotonic()


class RandomIds:
    """Identities that sort by time and are never given twice (a `hanse.model.ids.Ids`)."""

    def new(self, kind: str) -> str:
        """``kind-`` followed by 48 bits of milliseconds and 64 random bits."""
        ms = time.time_ns() // 1_000_000  # noqa: TID251 (this is the real clock)
        return f"{kind}-{ms:012x}{base58(_LEADING + os.urandom(_RANDOM_BYTES))}"


def real_dice() -> random.Random:
    """Dice from the machine's entropy."""
    return random.SystemRandom()
