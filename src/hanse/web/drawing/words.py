"""Which language, and the catalogue of every sentence in the templates."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from hanse.model.text import LANGUAGES, Language

LOCALES = Path(__file__).parents[1] / "locales"
LANGUAGE_COOKIE = "hanse-language"
ACCEPT_MAX = 20


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: Language) -> dict[str, str]:
    """Sentence of the templates -> sentence in the language, read from its ``.po`` file."""
    with (LOCALES / language / "hanse.po").open("rb") as file:
        messages = read_po(file, locale=language)
    return {str(m.id): str(m.string) for m in messages if m.id and m.string}


def say(language: Language, sentence: str, **values: Any) -> str:
    """A sentence of the templates in a language, its ``%(name)s`` filled in.

    A sentence the catalogue does not know stays English: the tests see to it that there is none.
    """
    said = catalogue(language).get(sentence, sentence)
    return said % values if values else said


def choose_language(*, user: Language | None, cookie: str, accept: str) -> Language:
    """The user's own setting, else the browser's cookie, else what the browser asks for."""
    if user:
        return user
    for language in LANGUAGES:
        if cookie == language:
            return language
    return _accepted(accept)


def _accepted(accept: str) -> Language:
    wishes: list[tuple[float, Language]] = []
    for part in accept.split(",")[:ACCEPT_MAX]:
        tag, _, quality = part.strip().partition(";q=")
        wishes += [(_weight(quality), known) for known in LANGUAGES if tag.lower()[:2] == known]
    return max(wishes, key=lambda wish: wish[0])[1] if wishes else "en"


def _weight(quality: str) -> float:
    try:
        return float(quality) if quality else 1.0
    except ValueError:
        return 0.0
