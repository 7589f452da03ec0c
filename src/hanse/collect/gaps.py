"""The gaps of one connection: opened when it is lost, closed when it is heard again."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from hanse.model.errors import HanseError
from hanse.model.sample import Gap, GapReason

_BY_CODE = {
    "no-notification": GapReason.NO_NOTIFICATION,
    "restarted": GapReason.RESTARTED,
    "session-lost": GapReason.SESSION_LOST,
}


def reason_of(error: BaseException | None, *, was_up: bool) -> GapReason:
    """Why there will be no samples, from the error that ended a session."""
    code = error.name if isinstance(error, HanseError) else ""
    usual = GapReason.SESSION_LOST if was_up else GapReason.UNREACHABLE
    return _BY_CODE.get(code, usual)


class GapBook:
    """At most one open gap, starting where the device was last heard; every gap is handed on.

    What it returns and collects in ``fresh`` is for the sink: an open gap (``end_ns`` None) and
    later the same gap closed, known by its ``start_ns``.
    """

    def __init__(self, connection: str, *, heard_ns: int) -> None:
        self._connection = connection
        self.heard_ns = heard_ns
        self.open: Gap | None = None
        self.count = 0
        self.fresh: list[Gap] = []

    def heard(self, now_ns: int) -> None:
        """The device was heard: closes the open gap, if there is one."""
        self.heard_ns = now_ns
        if self.open is not None:
            self.fresh.append(replace(self.open, end_ns=max(now_ns, self.open.start_ns)))
            self.open = None

    def lost(self, reason: GapReason, detail: str) -> None:
        """The device is lost: opens a gap from when it was last heard, unless one is open."""
        if self.open is not None:
            return
        self.open = Gap(
            connection=self._connection,
            start_ns=self.heard_ns,
            end_ns=None,
            reason=reason,
            detail=detail[:400],
        )
        self.count += 1
        self.fresh.append(self.open)

    def go_on(self, standing: Gap) -> None:
        """A gap that an earlier start left open lasts."""
        self.open = standing
        self.count += 1

    def restarted(self) -> None:
        """The device turned out to have started anew: that is why the open gap is."""
        if self.open is not None and self.open.reason is not GapReason.NODE_STOPPED:
            self.open = replace(self.open, reason=GapReason.RESTARTED)

    def missed(
        self,
        reason: GapReason,
        *,
        now_ns: int,
        detail: str = "",
        signals: Sequence[int] = (),
        lost: int | None = None,
        since_ns: int | None = None,
    ) -> None:
        """Samples of some signals are lost though the line stands: a gap that is over at once."""
        self.count += 1
        self.fresh.append(
            Gap(
                connection=self._connection,
                start_ns=self.heard_ns if since_ns is None else since_ns,
                end_ns=now_ns,
                reason=reason,
                detail=detail[:400],
                signals=tuple(signals),
                lost=lost,
            )
        )

    def take(self) -> list[Gap]:
        """What is to be handed on since the last call, in order."""
        fresh, self.fresh = self.fresh, []
        return fresh
