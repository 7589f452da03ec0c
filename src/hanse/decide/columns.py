"""Names for the columns that rules are evaluated over, and the three truth values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
I4 = NDArray[np.int32]
I1 = NDArray[np.int8]
B1 = NDArray[np.bool_]
Columns = dict[str, NDArray[np.generic]]

UNKNOWN, FALSE, TRUE = -1, 0, 1
"""What a condition can be. Unknown raises nothing and clears nothing."""

NEVER = int(np.iinfo(np.int64).max)
"""An instant that does not come."""


class Batch(NamedTuple):
    """One round of samples: no signal stands in it twice; all columns have one length.

    ``slot`` is the engine's own number of a signal, ``at`` nanoseconds since 1970, ``good`` is
    False where the value may not be trusted (quality below GOOD, or not a number).
    """

    slot: I4
    at: I8
    value: F8
    good: B1

    def take(self, rows: B1 | I8) -> Batch:
        """The same columns, some rows of them."""
        return Batch(self.slot[rows], self.at[rows], self.value[rows], self.good[rows])


def truth(is_true: B1, known: B1) -> I1:
    """Three-valued column: TRUE or FALSE where known, else UNKNOWN."""
    return np.where(known, is_true.astype(np.int8), np.int8(UNKNOWN)).astype(np.int8)
