"""Make the sample workbooks from the sample CSV files, in English and in Chinese.

Run with ``./dev run python -m tools.samples`` after a change of ``packs/*/samples/*.csv``; a test
holds that workbook and files say the same.
"""

import csv
import datetime as dt
from pathlib import Path

import openpyxl

from hanse.links.imports import KINDS

PACKS = Path(__file__).parents[1] / "src" / "hanse" / "packs"
MADE_AT = dt.datetime(2026, 1, 1)  # noqa: DTZ001 (workbooks know no time zone)


def value(cell: str) -> object:
    """A cell as a spreadsheet keeps it: numbers as numbers."""
    try:
        return int(cell) if cell.lstrip("-").isdigit() else float(cell)
    except ValueError:
        return cell or None


def heading(kind: str, words: str, language: str) -> str:
    """A heading of a sample in one of the two languages."""
    for column in KINDS[kind].columns:
        if words == column.title.en:
            return column.title.in_(language)
    return words


def workbook(folder: Path, language: str) -> openpyxl.Workbook:
    """All sample files of a pack as the sheets of one workbook."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    book.properties.created = book.properties.modified = MADE_AT
    for kind, known in KINDS.items():
        path = folder / f"{kind}.csv"
        if not path.exists():
            continue
        sheet = book.create_sheet(known.title.in_(language))
        first, *rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
        sheet.append([heading(kind, words, language) for words in first])
        for row in rows:
            sheet.append([value(cell) for cell in row])
    return book


def main() -> None:
    """Write ``plant.xlsx`` and ``plant-zh.xlsx`` beside the files they are made from."""
    for folder in sorted(PACKS.glob("*/samples")):
        workbook(folder, "en").save(folder / "plant.xlsx")
        workbook(folder, "zh").save(folder / "plant-zh.xlsx")


if __name__ == "__main__":
    main()
