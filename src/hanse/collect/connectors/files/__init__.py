"""Files: CSV and XLSX, once or as they appear in a folder.

In: a file or folder; addresses are column names, or the names in ``name_column`` where a row is
one value. Out: values with the time of their row, else of the file.
Encodings (UTF-8, UTF-16, GB 18030, Windows) and delimiters are found out; a file is read once
until it changes, also after a restart; bad rows are counted and passed.
Limits: FILE_BYTES_MAX a file, COLUMNS_MAX columns; an XLSX that unpacks to far more is refused.
"""

from hanse.collect.connectors.files.browse import browse
from hanse.collect.connectors.files.config import FilesConfig, from_url
from hanse.collect.connectors.files.diagnostics import explain
from hanse.collect.connectors.files.source import collect
from hanse.collect.ports import Connector
from hanse.model.text import Text

CONNECTOR = Connector(
    name="files",
    title=Text(en="CSV and XLSX files", zh="CSV 与 XLSX 文件"),
    config=FilesConfig,
    collect=collect,
    explain=explain,
    schemes=("file",),
    from_url=from_url,
    browse=browse,
    once=True,
)
