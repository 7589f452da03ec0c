"""What goes wrong with a recording and what to do about it."""

from __future__ import annotations

import csv
import gzip
import zlib

from hanse.collect.connectors.replay.config import ReplayConfig
from hanse.model.errors import BadInput, HanseError, NotFound


def explain(error: BaseException, settings: ReplayConfig) -> HanseError:
    """An error of the file as one that says what to do now."""
    match error:
        case HanseError():
            return error
        case gzip.BadGzipFile() | EOFError() | zlib.error():
            return BadInput(
                "the compressed file is damaged", subject=settings.file, remedy="Copy it again"
            )
        case csv.Error():
            return BadInput(
                f"not a table: {error}", subject=settings.file, remedy="Save it as CSV again"
            )
        case OSError():
            return NotFound(
                f"the file cannot be read: {error.strerror}",
                subject=settings.file,
                remedy="Check its name and rights",
            )
        case _:
            return BadInput(
                f"{type(error).__name__}: {error}"[:300],
                subject=settings.file,
                remedy="Open the file and look at it; save it as CSV again",
            )
