"""QR codes as one SVG path, drawn by the server: an address for a phone's camera."""

from __future__ import annotations

import segno
from msgspec import Struct

QUIET = 4
TEXT_MAX = 600


class Code(Struct, frozen=True):
    """A path on a square of ``size`` modules, quiet zone included."""

    path: str
    size: int


def qr_path(text: str) -> Code:
    """The code of a text of up to TEXT_MAX characters (longer ones are cut: they do not scan)."""
    rows = [list(row) for row in segno.make_qr(text[:TEXT_MAX] or "-", error="m").matrix]
    steps = []
    for y, row in enumerate(rows):
        steps += [f"M{x + QUIET} {y + QUIET}h1v1h-1z" for x, dark in enumerate(row) if dark]
    return Code("".join(steps), len(rows) + 2 * QUIET)
