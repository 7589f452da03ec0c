"""What a simulated plant remembers when its process dies: a broken bearing stays broken."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

import msgspec
from msgspec import Struct

from hanse.model.time import Instant
from hanse.sim.plant import Machine

MEMORY_BYTES_MAX = 10_000_000
EVERY_S = 2.0
_log = logging.getLogger(__name__)


class Kept(Struct, frozen=True):
    """The machines of a plant and the marks of their faults."""

    machines: dict[str, Machine]
    marks: dict[str, dict[str, Instant]]


def recall(path: Path | None) -> Kept:
    """What was kept; nothing where there is no file, or none that can be read."""
    nothing = Kept({}, {})
    if path is None or not path.exists():
        return nothing
    try:
        content = path.read_bytes()
        if len(content) > MEMORY_BYTES_MAX:
            return nothing
        return msgspec.json.decode(content, type=Kept)
    except (OSError, msgspec.MsgspecError) as error:
        _log.warning("%s cannot be read, the plant begins anew: %s", path, error)
        return nothing


def remember(path: Path, kept: Kept) -> None:
    """Write it whole or not at all; a full disk costs the memory, not the plant."""
    beside = path.with_suffix(".new")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(msgspec.json.encode(kept))
        beside.replace(path)
