"""What a firm already has on file, as values of the model: CSV and XLSX of fifteen kinds.

For: `hanse import FILE`, the upload page, and the sample chain, which is made of such files.
In: bytes of a CSV file (UTF-8, UTF-16, GBK; ``,`` ``;`` or tab; decimal point or comma) or of an
XLSX workbook (a sheet a kind), with English or Chinese headings.
Out: `Imported`: model Structs by kind, and a `Problem` for each thing wrong (file, row, column,
what to do, in English and Chinese). Good rows go on when others are bad.
Limits: ``text.FILE_BYTES_MAX``, ``table.ROWS_MAX``, ``table.COLUMNS_MAX`` and those of `workbook`,
which is opened only by a child process with limits on memory and time.
"""

from hanse.links.imports.cells import Setting
from hanse.links.imports.kinds import KINDS, Kind
from hanse.links.imports.problems import Problem
from hanse.links.imports.read import Imported, Sheet, read_file
from hanse.links.imports.references import loose_ends
from hanse.links.imports.write import to_csv

__all__ = [
    "KINDS",
    "Imported",
    "Kind",
    "Problem",
    "Setting",
    "Sheet",
    "loose_ends",
    "read_file",
    "to_csv",
]
