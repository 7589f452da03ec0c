"""When each connection was last heard, on record: a stop of the node is a gap like others."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from hanse.collect.collector import Start, epoch_of
from hanse.model.ids import Key
from hanse.model.sample import Gap, GapReason
from hanse.store import Tx
from hanse.store.shelf import Shelf

HEARD_S = 2.0
"""How often it is written down: a kill makes the gap begin at most so much too early."""


class Heard(Struct, frozen=True, kw_only=True):
    """A connection's last sign of life, and the epoch of the start that heard it."""

    connection: Key
    at_ns: int
    epoch: int
    paused: bool = False


def heard(tx: Tx) -> Shelf[Heard]:
    """What is on record, by connection."""
    return tx.shelf("heard", Heard)


def begin(
    tx: Tx, connection: str, *, source: str, now_ns: int, last_ns: int | None = None
) -> Start:
    """A new start of a connection: what came before it, and an epoch larger than any before.

    ``last_ns`` is the newest sample known from elsewhere (history), if any.
    """
    before = heard(tx).get(connection)
    epoch = max(epoch_of(now_ns), before.epoch + 1 if before else 0)
    known = [ns for ns in (before.at_ns if before else None, last_ns) if ns is not None]
    at_ns = min(max(known), now_ns) if known else None
    fresh = Heard(connection=connection, at_ns=now_ns if at_ns is None else at_ns, epoch=epoch)
    heard(tx).put(connection, fresh)
    was_paused = before is not None and before.paused
    return Start(
        source=source,
        epoch=epoch,
        last_heard_ns=at_ns,
        stopped=GapReason.PAUSED if was_paused else GapReason.NODE_STOPPED,
        standing=_standing(tx, connection),
    )


def keep(tx: Tx, signs: Mapping[str, tuple[int, int]]) -> None:
    """Write ``connection -> (epoch, at_ns)`` down, but for what another start has taken over."""
    for connection, (epoch, at_ns) in signs.items():
        known = heard(tx).get(connection)
        if known is not None and known.epoch == epoch and known.at_ns < at_ns:
            heard(tx).put(connection, replace(known, at_ns=at_ns))


def pause(tx: Tx, connection: str) -> None:
    """A person pauses a connection: that will be why there is a gap."""
    known = heard(tx).get(connection)
    if known is not None:
        heard(tx).put(connection, replace(known, paused=True))


def _standing(tx: Tx, connection: str) -> Gap | None:
    """The gap that was open when the connection stopped, if one was."""
    return tx.gaps.first(connection=connection, end_ns=None, order="-start_ns")
