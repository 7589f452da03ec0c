"""Replay: a recording in CSV (plain or gzip) played back as if it happened now.

In: a file or a folder of files whose first line names the columns; addresses are column names.
Out: a value a cell at the pace of the recording or faster, times moved to now unless told not to.
Bad rows are counted and passed; a hole longer than HOLE_S_MAX is shortened.
Limits: COLUMNS_MAX columns, LINE_BYTES_MAX a line, FILES_MAX files.
"""

from hanse.collect.connectors.replay.browse import browse
from hanse.collect.connectors.replay.config import ReplayConfig, from_url
from hanse.collect.connectors.replay.diagnostics import explain
from hanse.collect.connectors.replay.source import collect
from hanse.collect.ports import Connector
from hanse.model.text import Text

CONNECTOR = Connector(
    name="replay",
    title=Text(en="Recording played back", zh="回放记录"),
    config=ReplayConfig,
    collect=collect,
    explain=explain,
    schemes=("replay",),
    from_url=from_url,
    browse=browse,
    once=True,
)
