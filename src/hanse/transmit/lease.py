"""Sharing devices among collectors: who should have which, and how long one may go on. Pure.

Rendezvous hashing (Thaler and Ravishankar 1998): when a member leaves, only its devices move; when
one joins, it gets its share from all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

LEASE_S = 6.0
RENEW_S = 2.0
STOP_S = 4.0
"""One that could not renew for this long stops by itself: two seconds before others may start."""


class Pace(NamedTuple):
    """How long a lease lasts, how often it is renewed, and when one that cannot renew stops.

    Another has the work at most ``lease_s + renew_s`` after one died.
    """

    lease_s: float
    renew_s: float
    stop_s: float

    @classmethod
    def of(cls, lease_s: float) -> Pace:
        """Renewed three times within a lease; given up a third of it before others may start."""
        return cls(lease_s, lease_s * RENEW_S / LEASE_S, lease_s * STOP_S / LEASE_S)


def owner(device: str, members: Collection[str]) -> str | None:
    """The member that should have a device; the same wherever it is computed."""
    return max(members, key=lambda m: _weight(device, m), default=None)


def mine(me: str, devices: Iterable[str], members: Collection[str]) -> set[str]:
    """The devices that a member should have."""
    return {d for d in devices if owner(d, members) == me}


def moves(
    me: str, devices: Iterable[str], *, members: Collection[str], holders: Mapping[str, str]
) -> tuple[set[str], set[str]]:
    """What a member should do now: devices to take (nobody holds them) and to let go.

    Law: if all follow this, each device is held by at most one at any time, and once members
    and devices stay, by exactly its owner after two rounds.
    """
    should = mine(me, devices, members)
    held = {d for d, holder in holders.items() if holder == me}
    return {d for d in should if d not in holders}, held - should


def must_stop(renewed_s: float, now_s: float, stop_s: float = STOP_S) -> bool:
    """Whether the last renewal is so long ago that another may soon have the device."""
    return now_s - renewed_s >= stop_s


def _weight(device: str, member: str) -> bytes:
    return hashlib.blake2b(f"{device}\0{member}".encode(), digest_size=8).digest()
