"""Sentences in the two languages every screen speaks."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


class Text(Struct, frozen=True):
    """One sentence in English and Chinese."""

    en: str
    zh: str

    def in_(self, language: Language) -> str:
        """The sentence in one language."""
        return self.zh if language == "zh" else self.en
