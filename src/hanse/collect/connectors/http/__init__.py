"""HTTP poll: JSON of any device or system that answers GET.

In: an address, a login, and paths into the answer as ``status.spindle.load`` or, for other
places below the address, ``machines/7#load``. Out: values with the answer's own time where
``time_path`` names it, else stamped on arrival.
No redirects are followed, no proxy is taken from the environment.
Limits: BODY_BYTES_MAX an answer, FOUND_MAX values browsed.
"""

from hanse.collect.connectors.http.browse import browse
from hanse.collect.connectors.http.config import HttpConfig, from_url
from hanse.collect.connectors.http.diagnostics import explain
from hanse.collect.connectors.http.source import collect
from hanse.collect.ports import Connector
from hanse.model.text import Text

CONNECTOR = Connector(
    name="http",
    title=Text(en="HTTP interface that is asked", zh="轮询的 HTTP 接口"),
    config=HttpConfig,
    collect=collect,
    explain=explain,
    schemes=("http", "https"),
    from_url=from_url,
    browse=browse,
)
