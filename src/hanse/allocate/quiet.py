"""No garbage collection in the middle of an answer.

Laying out thousands of operations makes hundreds of thousands of small values, none in a cycle; the
collector would walk the whole plan several times for nothing (30 ms each at 5,000 operations).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """Collection waits until the end, unless it was off before."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
