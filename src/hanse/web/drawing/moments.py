"""Instants as people type them into a form."""

from __future__ import annotations

import datetime as dt

from hanse.model.errors import BadInput
from hanse.model.time import UTC, Instant, parse_instant
from hanse.web.drawing.figures import zone


def typed_instant(text: str, *, timezone: str) -> Instant:
    """``2026-03-09T10:14`` in the firm's own time, or RFC 3339 with an offset.

    Raises:
        BadInput: neither.
    """
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(
            "not a date and time", subject=text[:40], remedy="Write 2026-03-09T10:14"
        ) from error
    return parse_instant(text) if at.tzinfo else at.replace(tzinfo=zone(timezone)).astimezone(UTC)
