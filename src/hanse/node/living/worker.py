"""The process that trains: asked and answering in files, the share that is done on its output.

``python -m hanse.node.living.worker REQUEST ANSWER``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

from hanse.decide.life import Contest, LifeSettings, contend, load_model

NICE = 10


class Training(Struct, frozen=True, kw_only=True):
    """Whole lives in order of their end, as float64 rows behind one another."""

    columns: list[str]
    settings: LifeSettings
    lengths: list[int]
    rows: bytes
    old: bytes | None = None


def contest(asked: Training, *, say: Callable[[float], None]) -> Contest:
    """Train and judge; ``say`` is told shares of 1."""
    whole = np.frombuffer(asked.rows).reshape(-1, len(asked.columns))
    histories = np.split(whole, np.cumsum(asked.lengths)[:-1])
    old = load_model(asked.old) if asked.old else None
    return contend(histories, asked.columns, asked.settings, old=old, progress=say)


def main(arguments: Sequence[str]) -> None:
    """The module's own command line."""
    os.nice(NICE)
    asked = msgspec.msgpack.decode(Path(arguments[0]).read_bytes(), type=Training)

    def say(share: float) -> None:
        sys.stdout.write(f"{share:.3f}\n")
        sys.stdout.flush()

    Path(arguments[1]).write_bytes(msgspec.msgpack.encode(contest(asked, say=say)))


if __name__ == "__main__":
    main(sys.argv[1:])
