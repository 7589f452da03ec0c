"""The quality scale of connectors: what each has proven, and by which test.

A connector's ``quality.toml`` names for every rule the test that proves it, or why the rule does
not apply. The grade follows from the rules; a test compares it with the one that is claimed.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from hanse.model.errors import BadConfig

Grade = Literal["bronze", "silver", "gold"]

RULES: dict[str, Grade] = {
    "settings": "bronze",
    "values": "bronze",
    "errors": "bronze",
    "bad-input": "bronze",
    "comes-back": "silver",
    "gaps": "silver",
    "stops-clean": "silver",
    "source-time": "silver",
    "other-authors-server": "gold",
    "browse": "gold",
    "security": "gold",
}
"""Every rule and the grade that needs it."""


class Proof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The test that proves a rule (``folder/file.py::test_name`` below tests/), or why none is."""

    test: str = ""
    exempt: Annotated[str, Meta(max_length=300)] = ""
    missing: Annotated[str, Meta(max_length=300)] = ""


class QualityFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a connector's quality.toml says."""

    grade: Grade
    rules: dict[str, Proof]


def quality_of(document: dict[str, Any]) -> QualityFile:
    """A checked quality file.

    Raises:
        BadConfig: it has another shape.
    """
    try:
        return msgspec.convert(document, QualityFile)
    except msgspec.ValidationError as error:
        raise BadConfig(str(error), subject="quality.toml") from error


def grade_of(quality: QualityFile) -> Grade | None:
    """The best grade whose rules are all proven or exempt, None if not even bronze is."""
    best: Grade | None = None
    order: tuple[Grade, ...] = ("bronze", "silver", "gold")
    for grade in order:
        needed = [rule for rule, at in RULES.items() if at == grade]
        if any(_open(quality.rules.get(rule)) for rule in needed):
            break
        best = grade
    return best


def _open(proof: Proof | None) -> bool:
    return proof is None or not (proof.test or proof.exempt)
