"""How many live streams are open at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hanse.model.errors import TooMuch

STREAMS_MAX = 400


class Streams:
    """Counts open streams; a new one is refused at STREAMS_MAX."""

    def __init__(self) -> None:
        self.open = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count a stream while it is open.

        Raises:
            TooMuch: STREAMS_MAX are open.
        """
        if self.open >= STREAMS_MAX:
            raise TooMuch(f"at most {STREAMS_MAX} live streams are open", remedy="Close a page")
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1
