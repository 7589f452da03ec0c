"""NumPy columns as Arrow columns and back, over the same memory.

Arrow's own conversions look for pandas first and import it where it is installed: seconds in which
a busy process serves nobody, and tens of megabytes for nothing. So numbers go by their buffers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def column_of(values: NDArray[Any], kind: Any = None) -> Any:
    """Numbers as an Arrow array, of another Arrow type of the same width if one is given."""
    import pyarrow as pa

    flat = np.ascontiguousarray(values)
    wanted = pa.from_numpy_dtype(flat.dtype) if kind is None else kind
    return pa.Array.from_buffers(wanted, len(flat), [None, pa.py_buffer(flat)])


def texts_of(texts: Sequence[str | None]) -> Any:
    """Texts as an Arrow array; None is null."""
    import pyarrow as pa

    encoded = [b"" if text is None else text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    known = np.packbits(np.array([t is not None for t in texts], bool), bitorder="little")
    parts = [pa.py_buffer(part) for part in (known.tobytes(), ends, b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), parts)


def values_of(column: Any) -> NDArray[Any]:
    """The numbers of an Arrow column; where another engine wrote nulls, NaN (0 for integers)."""
    chunks = column.chunks if hasattr(column, "chunks") else [column]
    parts = [_values(chunk) for chunk in chunks]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, column.type.to_pandas_dtype())


def _values(chunk: Any) -> NDArray[Any]:
    kind = np.dtype(chunk.type.to_pandas_dtype())
    found = np.frombuffer(chunk.buffers()[1] or b"", kind, len(chunk), chunk.offset * kind.itemsize)
    if not chunk.null_count:
        return found
    null = np.array(chunk.is_null().to_pylist(), bool)
    return np.where(null, kind.type(np.nan if kind.kind == "f" else 0), found)
