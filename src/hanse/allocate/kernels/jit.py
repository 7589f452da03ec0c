"""One typed door to numba: compiled, cached on disk, without the interpreter lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")

WARM = threading.Event()
"""Set once everything is compiled: until then nobody should wait for it."""


def njit(function: Callable[P, R]) -> Callable[P, R]:
    """The compiled function."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True)(function))


def njit_inline(function: Callable[P, R]) -> Callable[P, R]:
    """The compiled function, put into its callers by the optimiser."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, forceinline=True)(function))
