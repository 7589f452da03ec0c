"""Where a collector's frames, gaps and device events go; and what connectors remember."""

from __future__ import annotations

from typing import Final

from hanse.collect.ports import MEMORY_TEXT_MAX
from hanse.model.errors import TooMuch
from hanse.model.event import Draft
from hanse.model.sample import Frame, Gap
from hanse.store import Store
from hanse.transmit.nats.telemetry import FramePublisher

_KIND: Final = "collect_memory"


class RecordSink:
    """Frames to the publisher, gaps and device events to the record."""

    def __init__(self, publisher: FramePublisher, store: Store) -> None:
        self._publisher = publisher
        self._store = store

    async def frame(self, frame: Frame, *, partition: int) -> None:
        """Keep a frame."""
        await self._publisher.frame(frame, partition=partition)

    async def gap(self, gap: Gap) -> None:
        """Record a gap."""
        await record_gap(self._store, gap)

    async def event(self, event: Draft) -> None:
        """Record what a device announced."""
        await self._store.write(lambda tx: tx.events.append(event))


async def record_gap(store: Store, gap: Gap) -> None:
    """Put a gap on record; the same ``(connection, start_ns)`` again closes it."""
    await store.write(lambda tx: tx.gaps.put(gap))


class MemoryOnRecord:
    """What connectors remember, where another machine finds it (a `hanse.collect.ports.Memory`)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, key: str) -> str:
        """What was kept, empty if nothing was."""
        return self._store.read_sync(lambda tx: tx.shelf(_KIND, str).get(key)) or ""

    def put(self, key: str, text: str) -> None:
        """Keep a text for good.

        Raises:
            TooMuch: more than MEMORY_TEXT_MAX characters.
        """
        if len(text) > MEMORY_TEXT_MAX:
            raise TooMuch(f"more than {MEMORY_TEXT_MAX} characters to remember", subject=key)
        self._store.write_sync(lambda tx: tx.shelf(_KIND, str).put(key, text))
