"""How long what is kept: signals fall into classes, each with its own time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct, field
from numpy.typing import NDArray

STANDARD = "standard"
CLASSES_MAX = 16
DAYS_MAX = 36_500

ClassName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,19}$")]


class Keep(Struct, frozen=True, kw_only=True):
    """How many days samples and rollups of a class are kept."""

    days: Annotated[int, Meta(ge=1, le=DAYS_MAX)] = 400
    rollup_days: Annotated[int, Meta(ge=1, le=DAYS_MAX)] = 3_650


class Keeping(Struct, frozen=True, kw_only=True):
    """The classes of a node, and the class of each signal that is not ``standard``."""

    classes: Annotated[dict[ClassName, Keep], Meta(max_length=CLASSES_MAX)] = field(
        default_factory=lambda: {STANDARD: Keep()}
    )
    signals: dict[int, ClassName] = {}

    def of(self, name: str) -> Keep:
        """The rule of a class; of one that no longer exists, the standard one."""
        return self.classes.get(name) or self.classes.get(STANDARD) or Keep()


def by_class(
    signal: NDArray[np.int32], classes: Mapping[int, str]
) -> list[tuple[str, NDArray[np.bool_] | slice]]:
    """The rows of each class: its name, and which rows."""
    if not classes:
        return [(STANDARD, slice(None))]
    ids = np.fromiter(classes, np.int32, len(classes))
    rest = ~np.isin(signal, ids)
    found: list[tuple[str, NDArray[np.bool_] | slice]] = [(STANDARD, rest)] if rest.any() else []
    for name in sorted(set(classes.values())):
        own = np.fromiter((i for i, c in classes.items() if c == name), np.int32)
        mask = np.isin(signal, own)
        if mask.any():
            found.append((name, mask))
    return found
