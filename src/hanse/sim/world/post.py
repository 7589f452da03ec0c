"""The post between simulated firms: late, twice or cut off, but in order for each pair."""

from __future__ import annotations

from random import Random
from typing import Annotated

from msgspec import Meta, Struct

from hanse.match import Outgoing, decode_letter, encode_letter
from hanse.match.messages import Letter

_Share = Annotated[float, Meta(ge=0, le=1)]


class Weather(Struct, frozen=True, kw_only=True):
    """How bad it is out there. Shares are of letters (``twice``) or of minutes (the others)."""

    delay_s: Annotated[float, Meta(ge=0, le=3_600)] = 0.2
    twice: _Share = 0.05
    cut: _Share = 0.01
    cut_s: Annotated[float, Meta(ge=0, le=86_400)] = 120.0
    machine_down: _Share = 0.02
    repair_s: Annotated[float, Meta(ge=0, le=30 * 86_400)] = 4 * 3_600.0
    restart: _Share = 0.01


CALM = Weather(twice=0, cut=0, machine_down=0, restart=0, delay_s=0.01)


class Mail(Struct, frozen=True):
    """One letter on its way, as the bytes that travel."""

    id: str
    source: str
    out: Outgoing
    body: bytes

    def letter(self) -> Letter:
        """The letter as the other side reads it."""
        return decode_letter(self.body)


class Post:
    """When each letter arrives. Later letters of a pair never arrive before earlier ones."""

    def __init__(self, weather: Weather, dice: Random) -> None:
        self._weather = weather
        self._dice = dice
        self._last: dict[tuple[str, str], float] = {}
        self._cut_until: dict[tuple[str, str], float] = {}
        self._number = 0

    def send(self, source: str, out: Outgoing, now_s: float) -> list[tuple[float, Mail]]:
        """A letter's arrivals, one or two, as seconds of the world's time."""
        self._number += 1
        mail = Mail(f"m{self._number}", source, out, encode_letter(out.letter))
        pair = (source, out.to)
        ready = max(now_s, self._cut_until.get(pair, 0.0), self._last.get(pair, 0.0))
        at = ready + self._dice.random() * self._weather.delay_s
        self._last[pair] = at
        if self._dice.random() >= self._weather.twice:
            return [(at, mail)]
        return [(at, mail), (at + self._dice.random() * 10 * self._weather.delay_s, mail)]

    def cut(self, a: str, b: str, now_s: float) -> None:
        """Nothing passes between two firms for a while; what was sent arrives after it."""
        for pair in ((a, b), (b, a)):
            self._cut_until[pair] = now_s + self._weather.cut_s
