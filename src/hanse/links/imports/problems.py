"""What is wrong with a file: where, what, and what to do, in two languages."""

from __future__ import annotations

from msgspec import Struct

from hanse.model.text import Language, Text

PROBLEMS_MAX = 1_000


class Problem(Struct, frozen=True, kw_only=True):
    """One thing wrong. ``row`` counts as the spreadsheet does, 1 is the heading; 0 is the file."""

    file: str
    row: int
    column: str
    what: Text
    remedy: Text

    def in_(self, language: Language) -> str:
        """One line for people: the place, what is wrong, what to do."""
        place = self.file
        if language == "zh":
            place += f" 第 {self.row} 行" if self.row else ""
            place += f" “{self.column}”列" if self.column else ""
            return f"{place}：{self.what.zh}。{self.remedy.zh}。"
        place += f", row {self.row}" if self.row else ""
        place += f", column {self.column}" if self.column else ""
        return f"{place}: {self.what.en}. {self.remedy.en}."


class WrongCell(Exception):  # noqa: N818 (it says what is wrong; the reader turns it into a Problem)
    """A cell that cannot be read; carries both sentences up to where the row is known."""

    def __init__(self, what: Text, remedy: Text, column: str = "") -> None:
        super().__init__(what.en)
        self.what = what
        self.remedy = remedy
        self.column = column
