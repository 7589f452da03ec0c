"""What machines are doing, read off the frames that pass through the decide role."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

from hanse.model.plant import PACKML_CODES, Signal
from hanse.model.running import MachineSeen
from hanse.model.sample import Frame, Quality
from hanse.model.time import from_ns

SEEN = "floor.seen"
_NUMBERS = {"state": 0, "parts_good": 1, "parts_scrap": 2}
_TEXTS = {"job_report": 3, "job_last": 4}
Values = dict[int, tuple[int, float | str]]


class Eyes:
    """Follows the signals that say what a machine is doing; the newest of each is known."""

    def __init__(self, signals: Iterable[Signal]) -> None:
        places = _NUMBERS | _TEXTS
        self._of = {s.id: (s.asset, places[s.name]) for s in signals if s.name in places}
        self._wanted = np.array(sorted(self._of), np.int32)
        self._values: dict[str, Values] = {}
        self._fresh: set[str] = set()

    def feed(self, frame: Frame) -> None:
        """Take what a frame says of machines; values older than what is known are passed over."""
        for row in np.flatnonzero(np.isin(frame.signal, self._wanted)).tolist():
            machine, place = self._of[int(frame.signal[row])]
            value: float | str = frame.texts.get(row, "")
            if place not in _TEXTS.values():
                value = float(frame.value[row])
            if frame.quality[row] == Quality.BAD or value != value:  # noqa: PLR0124 (NaN)
                continue
            self._take(machine, place, int(frame.at_ns[row]), value)

    def _take(self, machine: str, place: int, at_ns: int, value: float | str) -> None:
        known = self._values.setdefault(machine, {})
        if place in known and known[place][0] > at_ns:
            return
        if place not in known or known[place][1] != value:
            self._fresh.add(machine)
        known[place] = (at_ns, value)

    def fresh(self) -> tuple[MachineSeen, ...]:
        """The machines that changed since they were asked for last."""
        found, self._fresh = self._fresh, set()
        return tuple(self._seen(machine) for machine in sorted(found))

    def all(self) -> tuple[MachineSeen, ...]:
        """Every machine that was ever heard."""
        return tuple(self._seen(machine) for machine in sorted(self._values))

    def _seen(self, machine: str) -> MachineSeen:
        known = self._values[machine]
        state = known.get(0)
        counters = tuple(int(known[n][1]) for n in (1, 2) if n in known)
        return MachineSeen(
            machine=machine,
            at=from_ns(max(at_ns for at_ns, _ in known.values())),
            state=None if state is None else PACKML_CODES.get(int(state[1])),
            job=_job(known.get(3)),
            last=_job(known.get(4)),
            counters=(counters[0], counters[1]) if len(counters) == 2 else None,
        )


def _job(value: tuple[int, float | str] | None) -> tuple[str, int, int] | None:
    """``name good scrap`` in one value; None where there is none or it is of another shape."""
    words = str(value[1]).split() if value else []
    if len(words) != 3 or not (words[1].isdigit() and words[2].isdigit()):
        return None
    return words[0], int(words[1]), int(words[2])


def packed(seen: Iterable[MachineSeen]) -> bytes:
    """What was seen, as it travels to the flow role."""
    return msgspec.json.encode(tuple(seen))


def unpacked(data: bytes) -> tuple[MachineSeen, ...]:
    """The same back."""
    return msgspec.json.decode(data, type=tuple[MachineSeen, ...])
