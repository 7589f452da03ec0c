"""Working time on flat arrays; the plain twins are in `hanse.allocate.calendars`."""

from __future__ import annotations

from hanse.allocate.kernels.arrays import Ints
from hanse.allocate.kernels.jit import njit
from hanse.allocate.kernels.layout import BEFORE, CAL_OFF, CLOSES, OPENS, THROUGH


@njit
def upper(values: Ints, base: int, low: int, high: int, x: int) -> int:
    """The first index in ``[low, high)`` whose value is above x."""
    while low < high:
        middle = (low + high) >> 1
        if values[base + middle] <= x:
            low = middle + 1
        else:
            high = middle
    return low


@njit
def lower(values: Ints, base: int, low: int, high: int, x: int) -> int:
    """The first index in ``[low, high)`` whose value is not below x."""
    while low < high:
        middle = (low + high) >> 1
        if values[base + middle] < x:
            low = middle + 1
        else:
            high = middle
    return low


@njit
def next_open(a: Ints, cal: int, at: int) -> int:
    """The first open instant from ``at`` on."""
    i = upper(a, a[CLOSES], a[a[CAL_OFF] + cal], a[a[CAL_OFF] + cal + 1], at)
    return max(at, a[a[OPENS] + i])


@njit
def finish(a: Ints, cal: int, at: int, work: int) -> int:
    """When so much work begun at ``at`` is done."""
    if work == 0:
        return at
    high = a[a[CAL_OFF] + cal + 1]
    i = upper(a, a[CLOSES], a[a[CAL_OFF] + cal], high, at)
    target = a[a[BEFORE] + i] + max(at - a[a[OPENS] + i], 0) + work
    j = i
    if target > a[a[THROUGH] + i]:
        j = lower(a, a[THROUGH], i, high, target)
    return a[a[OPENS] + j] + target - a[a[BEFORE] + j]


@njit
def whole(a: Ints, cal: int, at: int, work: int) -> int:
    """The first start from which so much work fits without a pause."""
    i = upper(a, a[CLOSES], a[a[CAL_OFF] + cal], a[a[CAL_OFF] + cal + 1], at)
    start = max(at, a[a[OPENS] + i])
    while a[a[CLOSES] + i] - start < work:
        i += 1
        start = a[a[OPENS] + i]
    return start
