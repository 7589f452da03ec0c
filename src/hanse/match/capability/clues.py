"""Clues: what an enquiry says of the part, and the trades that speaks for or against.

A clue is a thing, a property, a material, a number or a standard (`clues.tsv`): words in both
languages, a pattern for numbers and grades, and codes with what one such mention is worth; a
negative worth speaks against. An enquiry that only tells a purpose names several of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

from msgspec import Struct

from hanse.match.capability.words import HAN, folded, is_common, phrase_key

PHRASE_WORDS_MAX = 4
PHRASE_HAN_MAX = 7
ONE_CHARACTER = 0.4
ANOTHER = 0.4
TOGETHER_MAX = 1.5


class Clue(Struct, frozen=True, kw_only=True):
    """One thing an enquiry may say, and what it is worth for each code."""

    name: str
    words: tuple[str, ...]
    pattern: re.Pattern[str] | None
    codes: dict[str, float]


@cache
def clues() -> tuple[Clue, ...]:
    """The clues that ship, in their own order."""
    source = resources.files("hanse.match.capability").joinpath("clues.tsv")
    rows = [line.split("\t") for line in source.read_text("utf-8").splitlines()[1:]]
    return tuple(
        Clue(
            name=name,
            words=tuple(word for word in (*en.split(";"), *zh.split(";")) if word),
            pattern=re.compile(pattern, re.ASCII) if pattern else None,
            codes=_worths(codes),
        )
        for name, en, zh, pattern, codes in rows
    )


def _worths(text: str) -> dict[str, float]:
    pairs = (pair.split() for pair in text.split(","))
    return {code: float(worth) for code, worth in pairs}


def runs(words: list[str], *, most: int = PHRASE_WORDS_MAX) -> Iterator[str]:
    """Every run of two to ``most`` words, and every single one that is not of every sentence."""
    yield from (word for word in words if not is_common(word))
    for n in range(2, most + 1):
        for i in range(len(words) - n + 1):
            yield " ".join(words[i : i + n])


def han_runs(text: str, *, most: int = PHRASE_HAN_MAX) -> Iterator[str]:
    """Every run of one to ``most`` Chinese characters that stand together."""
    for run in HAN.findall(text):
        for n in range(1, most + 1):
            for i in range(len(run) - n + 1):
                yield run[i : i + n]


class Clues:
    """Finds the clues in an enquiry.

    Args:
        known: the clues, by default those that ship.
    """

    def __init__(self, known: Iterable[Clue] | None = None) -> None:
        self._all = tuple(known if known is not None else clues())
        self._of: dict[str, list[Clue]] = {}
        for clue in self._all:
            for key in {phrase_key(word) for word in clue.words}:
                self._of.setdefault(key, []).append(clue)
        self._patterns = [clue for clue in self._all if clue.pattern is not None]

    @property
    def stems(self) -> set[str]:
        """Every English stem that a clue names."""
        return {s for key in self._of if not HAN.search(key) for s in key.split()}

    def found(self, text: str, words: list[str]) -> list[tuple[Clue, float]]:
        """The clues that a text names, by words (stems), characters or numbers; how plainly, 0-1.

        A word that stands in many clues says less of each; more words of one say a little more.
        """
        plain, told = folded(text), dict[str, list[float]]()
        for run in {*runs(words), *han_runs(plain)}:
            some = self._of.get(run, ())
            for clue in some:
                told.setdefault(clue.name, []).append(_plainness(run, len(some)))
        for clue in self._patterns:
            if clue.pattern and clue.pattern.search(plain):
                told.setdefault(clue.name, []).append(1.0)
        return [(c, _together(told[c.name])) for c in self._all if c.name in told]

    def scores(self, text: str, words: list[str]) -> dict[str, float]:
        """For each code what the clues of a text are worth together."""
        total: dict[str, float] = {}
        for clue, how in self.found(text, words):
            for code, worth in clue.codes.items():
                total[code] = total.get(code, 0.0) + worth * how
        return total


def _plainness(run: str, clues_with_it: int) -> float:
    one_character = len(run) == 1
    return (ONE_CHARACTER if one_character else 1.0) / math.sqrt(clues_with_it)


def _together(told: list[float]) -> float:
    first = max(told)
    return min(TOGETHER_MAX, first + ANOTHER * (sum(told) - first))
