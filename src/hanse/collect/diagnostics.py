"""What a connection says about itself: state, since when, what is wrong and what to do now."""

from __future__ import annotations

import enum
from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.errors import HanseError
from hanse.model.time import Instant

TROUBLES_MAX = 20
"""Rejected points and values shown one by one; all are counted."""


class LineState(enum.StrEnum):
    """Where a connection stands."""

    STOPPED = "stopped"
    CONNECTING = "connecting"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"


class Trouble(Struct, frozen=True, kw_only=True):
    """Something that went wrong, as a person reads it."""

    at: Instant
    code: str
    what: str
    subject: str
    remedy: str
    times: int = 1


class Diagnostics(Struct, frozen=True, kw_only=True):
    """The diagnostics of one connection at one instant.

    ``rate_hz`` is samples a second over the last seconds; ``lag_s`` how far the newest source
    time was behind its arrival; ``round_trip_s`` one small question to the device and back;
    ``waiting`` samples not yet handed on; ``squeezed`` samples given up under pressure.
    """

    connection: str
    protocol: str
    state: LineState
    since: Instant
    device: str = ""
    signals: int = 0
    last_error: Trouble | None = None
    samples: int = 0
    frames: int = 0
    rate_hz: float = 0.0
    last_sample_at: Instant | None = None
    lag_s: float | None = None
    round_trip_s: float | None = None
    certificate_days: int | None = None
    attempts: int = 0
    gaps: int = 0
    gap_since: Instant | None = None
    rejected: int = 0
    restamped: int = 0
    squeezed: int = 0
    waiting: int = 0
    troubles: Annotated[tuple[Trouble, ...], Meta(max_length=TROUBLES_MAX)] = ()


def trouble_of(error: BaseException, *, at: Instant) -> Trouble:
    """An error as a person reads it; one that is not ours is shown by its type."""
    if isinstance(error, HanseError):
        return Trouble(
            at=at,
            code=error.name,
            what=error.what,
            subject=error.subject,
            remedy=error.remedy,
        )
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return Trouble(
        at=at,
        code="unexpected",
        what=what[:400],
        subject="",
        remedy="Report this with the log of the time",
    )


class Troubles:
    """The last troubles, one line a subject and sentence, with how often each came."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], Trouble] = {}
        self.count = 0

    def add(self, what: str, *, subject: str, remedy: str, at: Instant) -> None:
        """Count one, and show it unless TROUBLES_MAX newer ones are shown."""
        self.count += 1
        before = self._lines.pop((subject, what), None)
        times = before.times + 1 if before else 1
        self._lines[subject, what] = Trouble(
            at=at, code="bad-input", what=what, subject=subject, remedy=remedy, times=times
        )
        if len(self._lines) > TROUBLES_MAX:
            del self._lines[next(iter(self._lines))]

    def shown(self) -> tuple[Trouble, ...]:
        """The newest last."""
        return tuple(self._lines.values())
