"""What a code is called, and what is commonly made that way, for a person who has to pick."""

from __future__ import annotations

from functools import cache

from hanse.match.capability.search import Capability, catalogue
from hanse.match.capability.words import HAN, phrase_key
from hanse.model.text import Text

EXAMPLES_MAX = 4
LENGTH_MAX = 22


@cache
def _by_code() -> dict[str, Capability]:
    return {c.code: c for c in catalogue()}


def title_of(code: str) -> Text:
    """What a capability code is called; the code itself where the list has none such."""
    found = _by_code().get(code)
    return found.title if found else Text(code, code)


def examples_of(code: str) -> Text:
    """A few words the code is asked for by, other than its own name; empty where there are none."""
    found = _by_code().get(code)
    if found is None:
        return Text("", "")
    plain = [w for w in found.words if len(w) <= LENGTH_MAX and not any(c.isdigit() for c in w)]
    english = [w for w in plain if not HAN.search(w)]
    chinese = [w for w in plain if HAN.search(w)]
    return Text(", ".join(_telling(english, found)), "、".join(_telling(chinese, found)))


def _telling(words: list[str], capability: Capability) -> list[str]:
    """Words that say something the name and the words before them do not; the last come first.

    The list names processes before the parts and purposes they are asked for.
    """
    told = _pieces(capability.title.en) | _pieces(capability.title.zh)
    kept: list[str] = []
    for word in reversed(words):
        pieces = _pieces(word)
        if pieces and not pieces & told and len(kept) < EXAMPLES_MAX:
            kept.append(word)
            told |= pieces
    return kept


def _pieces(word: str) -> set[str]:
    key = phrase_key(word)
    if HAN.search(key):
        return {key[i : i + 2] for i in range(len(key) - 1)}
    return set(key.split())
