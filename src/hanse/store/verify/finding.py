"""What a check found, and the report of all checks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from hanse.model.text import Language, Text
from hanse.store.tx import Tx

FINDINGS_MAX = 1_000
ROWS_AT_A_TIME = 500


class Finding(Struct, frozen=True, kw_only=True):
    """Something in the record that does not hold: which check, about what, in words."""

    check: str
    subject: str
    text: Text


class Report(Struct, frozen=True, kw_only=True):
    """What was looked at, check by check, and what was found. ``more`` counts what is not told."""

    looked_at: dict[str, int]
    findings: tuple[Finding, ...]
    more: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.findings

    def lines(self, language: Language) -> list[str]:
        """The report for a person, one line a finding."""
        rows = sum(self.looked_at.values())
        whole = Text(f"the record is whole: {rows} rows looked at", f"记录完整:已检查 {rows} 行")
        found = [f"{f.check}: {f.subject}: {f.text.in_(language)}" for f in self.findings]
        more = Text(f"and {self.more} more", f"另有 {self.more} 项")
        return [*(found or [whole.in_(language)]), *([more.in_(language)] if self.more else [])]


class Looking:
    """What one check counts and finds as it goes."""

    def __init__(self, check: str) -> None:
        self.check = check
        self.count = 0
        self.findings: list[Finding] = []
        self.more = 0

    def at(self, n: int = 1) -> None:
        """Looked at so many more."""
        self.count += n

    def found(self, subject: str, en: str, zh: str) -> None:
        """Something does not hold."""
        if len(self.findings) >= FINDINGS_MAX:
            self.more += 1
            return
        self.findings.append(Finding(check=self.check, subject=subject, text=Text(en, zh)))


def rows_of(tx: Tx, query: sa.Select[Any]) -> Iterator[sa.RowMapping]:
    """The rows of a query, a few at a time, however many there are."""
    options = {"yield_per": ROWS_AT_A_TIME}
    yield from tx.connection.execute(query, execution_options=options).mappings()


def holes(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Pairs of neighbours in a rising list between which a number is missing."""
    for before, after in itertools.pairwise(numbers):
        if after != before + 1:
            yield before, after
