"""Partitions: a fixed division of assets, so that work on them can be shared between machines."""

from __future__ import annotations

import zlib

PARTITIONS = 32
"""How many there are. Fixed for ever: consumers and their progress are named by partition."""

TELEMETRY_SUBJECT = "tele"


def partition(asset: str) -> int:
    """The partition 0..31 of an asset (or of a source): the same on every machine and version."""
    return zlib.crc32(asset.encode()) % PARTITIONS


def subject(number: int) -> str:
    """The telemetry subject of a partition."""
    return f"{TELEMETRY_SUBJECT}.{number}"
