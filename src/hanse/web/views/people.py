"""The audit log as a page, and whose node this is."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.door import AuditEntry
from hanse.model.text import Language
from hanse.web.views.common import Count, Id, Line


class AuditPage(Struct, frozen=True, kw_only=True):
    """Entries, newest first, and whether the hash chain of the log is whole."""

    entries: tuple[AuditEntry, ...]
    whole: bool
    total: Count = 0


class FirmCard(Struct, frozen=True, kw_only=True):
    """Whose node this is."""

    name: Line
    did: Line
    currency: Line
    timezone: Annotated[str, Meta(max_length=64)]
    language: Language
    version: Id
