"""Words as they are compared: one spelling, one script, one stem; slips of the pen put right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

WORD = re.compile(r"[a-z0-9][a-z0-9.+]*")
HAN = re.compile(r"[\u3400-\u9fff]+")
SLIP_MIN = 5
COMPOUND_MIN = 7
_STOPS = """
a an and any are as at be by can do each for from has have if in into is it its may more must my
need needs no not of off on one or our ours out over per please pls should so some such than
that the them then there they this to up us want was we what when which who will with without
would you your also about all but get give got just like make made me other parts part piece
pieces pcs pc qty hi hello dear thanks regards quote quotation rfq offer price attached drawing
looking someone something
"""


@cache
def _pairs() -> tuple[dict[int, str], tuple[tuple[str, str], ...]]:
    """Single characters, and words that the two shores say differently."""
    source = resources.files("hanse.match.capability").joinpath("traditional.tsv")
    rows = [line.split("\t") for line in source.read_text("utf-8").splitlines()[1:]]
    single = {ord(old): new for old, new in rows if len(old) == 1}
    return single, tuple((old, new) for old, new in rows if len(old) > 1)


def simplified(text: str) -> str:
    """Chinese in simplified characters, with the mainland's word where Taiwan has its own."""
    if HAN.search(text) is None:
        return text
    single, words = _pairs()
    text = text.translate(single)
    for old, new in words:
        text = text.replace(old, new)
    return text


def folded(text: str) -> str:
    """Lower case, one script, one spelling for hyphens and spaces."""
    plain = text.lower().replace("-", " ").replace("\u3000", " ")  # an ideographic space too
    return " ".join(simplified(plain).split())


def stem(word: str) -> str:
    """An English word without its commonest endings, British and American alike."""
    for long, short in (("isation", "iz"), ("ising", "iz"), ("ised", "iz"), ("ise", "iz")):
        if word.endswith(long) and len(word) > len(long) + 2:
            return word[: -len(long)] + short
    word = word.replace("mould", "mold").replace("aluminium", "aluminum").replace("fibre", "fiber")
    word = word.replace("centre", "center").replace("grey", "gray").replace("colour", "color")
    for ending in ("ings", "ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def stems(text: str) -> list[str]:
    """The English words of a text, as stems, in their order; numbers by themselves too."""
    return [stem(word) for word in WORD.findall(folded(text))]


@cache
def _stops() -> frozenset[str]:
    return frozenset(stem(word) for word in _STOPS.split())


def is_common(word: str) -> bool:
    """Whether a stem stands in sentences of every kind and says nothing of what is meant."""
    return word in _stops()


def is_telling(word: str) -> bool:
    """Whether a stem may say what is meant: has a letter and is not a word of every sentence."""
    return not is_common(word) and any(c.isalpha() for c in word)


def parts_of(word: str) -> Iterator[str]:
    """The 3-5 letter parts of a stem, its ends marked."""
    padded = f"^{word}$"
    for n in (3, 4, 5):
        for i in range(len(padded) - n + 1):
            yield padded[i : i + n]


def phrase_key(word: str) -> str:
    """A synonym as it is looked for inside a query: stems in English, characters in Chinese."""
    plain = folded(word)
    if HAN.search(plain):
        return plain.replace(" ", "")
    return " ".join(stems(plain))


class Speller:
    """Puts right one slip in an English stem, and takes an unknown compound apart.

    Args:
        known: stems that are spelt right.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = frozenset(known)
        self._near: dict[str, list[str]] = {}
        for word in sorted(self._known):
            if len(word) >= SLIP_MIN and word.isalpha():
                for short in _shortened(word):
                    self._near.setdefault(short, []).append(word)

    def right(self, word: str) -> list[str]:
        """The stem itself if it is known or cannot be told; else what was meant."""
        if word in self._known or not word.isalpha() or len(word) < SLIP_MIN:
            return [word]
        return self._split(word) or self._nearest(word) or [word]

    def _split(self, word: str) -> list[str]:
        if len(word) < COMPOUND_MIN:
            return []
        for at in range(len(word) - 3, 2, -1):
            head, tail = word[:at], word[at:]
            for first in (head, stem(head)):
                if first in self._known and tail in self._known:
                    return [first, tail]
        return []

    def _nearest(self, word: str) -> list[str]:
        for short in _shortened(word):
            for other in self._near.get(short, ()):
                if other[0] == word[0] and _one_slip(word, other):
                    return [other]
        return []


def _shortened(word: str) -> list[str]:
    return [word, *(word[:i] + word[i + 1 :] for i in range(len(word)))]


def _one_slip(ours: str, theirs: str) -> bool:
    """One letter too many, too few, wrong, or two turned round."""
    if abs(len(ours) - len(theirs)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), None)
    if at is None:
        return True
    rest, other = ours[at:], theirs[at:]
    turned = rest[:2] == other[1::-1] and rest[2:] == other[2:]
    return rest[1:] == other[1:] or rest[1:] == other or rest == other[1:] or turned
