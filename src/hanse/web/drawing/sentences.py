"""Recorded sentences as people read them: instants in the firm's own time, long identities short.

What is recorded stays exact (RFC 3339 instants, whole identities); a page shows it to its reader.
"""

from __future__ import annotations

import re

from hanse.model.did import BASE58
from hanse.model.errors import BadInput
from hanse.model.time import Instant, parse_instant
from hanse.web.drawing.figures import when

SHOWN = 4
"""Characters of a long identity that stay: enough to tell the few on one page apart."""

_INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)")
_IDENTITY = re.compile(rf"\b(?:[A-Z]+-)?([a-z_]+)-[0-9a-f]{{12}}([{BASE58}]{{11,12}})(?![\w-])")


def for_people(sentence: str, *, now: Instant, timezone: str) -> str:
    """A recorded sentence for a reader in a time zone."""

    def moment(match: re.Match[str]) -> str:
        try:
            return when(parse_instant(match[0]), now=now, timezone=timezone)
        except BadInput:
            return match[0]

    return _INSTANT.sub(moment, short(sentence))


def short(sentence: str) -> str:
    """The sentence with its long identities as ``order …x9Wq``."""
    return _IDENTITY.sub(lambda match: f"{match[1]} …{match[2][-SHOWN:]}", sentence)
