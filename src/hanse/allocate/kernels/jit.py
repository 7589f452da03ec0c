"""One typed door to numba: compiled, cached on disk, without the interpreter lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")

WARM = threading.Event()
"""Set once everything is compiled: until then nobody should wait for it."""


def njit(function: Callable[P, R]) -> Callable[P, R]:
    """The compiled function."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True)(function))


def njit_bare(function: Callable[P, R]) -> Callable[P, R]:
    """The compiled function, which counts no references: it cannot make arrays, only fill them.

    Counting took nine tenths of the time of a tabu move. The switch is numba's own, but private.
    """
    switches: Any = {"_nrt": False}
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, **switches)(function))
