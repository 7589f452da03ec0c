"""The audit log on the record."""

from __future__ import annotations

from hanse.model.door import AuditEntry
from hanse.model.time import Instant, to_ns
from hanse.node.pages.accounts import checked
from hanse.store import Store
from hanse.web.views.people import AuditPage


class RecordAudit:
    """A `hanse.web.ports.Audit`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def note(self, entry: AuditEntry) -> None:
        """Append one entry."""
        kept = checked(entry)
        await self._store.write(lambda tx: tx.audit.append(kept))

    async def page(self, *, limit: int, before: Instant | None = None) -> AuditPage:
        """The newest entries."""
        cut = None if before is None else to_ns(before)
        found = await self._store.read(lambda tx: tx.audit.page(limit=limit, before_ns=cut))
        whole = await self._store.read(lambda tx: tx.audit.whole())
        total = (await self._store.read(lambda tx: tx.audit.head()))[0]
        return AuditPage(entries=tuple(found), whole=whole, total=total)
