"""What a receiver makes of a letter's number: in turn, again, too early, or not possible.

A pair of firms counts its letters in each direction without holes, within an epoch of the sender
(a new one when its record was restored from a backup). The receiver takes them in turn only.
"""

from __future__ import annotations

from msgspec import Struct


class Position(Struct, frozen=True):
    """How far a receiver got with one sender: the last letter taken. ``(0, 0)`` at first."""

    epoch: int = 0
    sequence: int = 0


class InTurn(Struct, frozen=True):
    """Take it; afterwards the position is this one."""

    position: Position


class Again(Struct, frozen=True):
    """Its number was taken before: answer as then if the bytes are the same, else refuse."""


class TooEarly(Struct, frozen=True):
    """Letters before it are missing: ask for the one with this number."""

    needed: int


Turn = InTurn | Again | TooEarly


def turn(position: Position, *, epoch: int, sequence: int) -> Turn:
    """What to make of a letter ``(epoch, sequence)`` when one stands at ``position``.

    Law: of any arrivals of letters 1..n of an epoch, each is `InTurn` exactly once if `TooEarly`
    ones are sent again, and always in ascending order.
    """
    here = Position(epoch, sequence)
    if (epoch, sequence) <= (position.epoch, position.sequence) or epoch < position.epoch:
        return Again()
    first_missing = position.sequence + 1 if epoch == position.epoch else 1
    return InTurn(here) if sequence == first_missing else TooEarly(first_missing)
