"""Paths into structures and arrays: ``motor.load``, ``[2]``, ``axes[0].position``."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

from hanse.model.errors import BadConfig

STEPS_MAX = 16
_STEP = re.compile(r"\.?(?:([^.\[\]]+)|\[(\d+)\])")


@functools.lru_cache(maxsize=65_536)
def steps_of(path: str) -> tuple[str | int, ...]:
    """The steps of a path: a text is a field, a number an index.

    Raises:
        BadConfig: not a path.
    """
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None or len(steps) >= STEPS_MAX:
            raise BadConfig("not a path", subject=path[:80], remedy="Write field.inner or [2]")
        field, index = found.groups()
        steps.append(field if field is not None else int(index))
        at = found.end()
    return tuple(steps)


def pick(value: object, path: str) -> object:
    """The member of a value that a path names, None where there is none.

    Fields are keys of a mapping or public attributes of an object; indexes count from 0.
    """
    try:
        steps = steps_of(path)
    except BadConfig:
        return None
    for step in steps:
        value = _step(value, step)
        if value is None:
            return None
    return value


def _step(value: object, step: str | int) -> object:
    if isinstance(step, int):
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return value[step] if step < len(value) else None
        return None
    if isinstance(value, Mapping):
        return value.get(step)
    return None if step.startswith("_") else getattr(value, step, None)
