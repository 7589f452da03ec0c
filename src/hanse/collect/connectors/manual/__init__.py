"""Manual entry and counters: the operator's word, for machines without a controller.

In: ``{"name", "value"}`` sets a value, ``{"name", "add": 1}`` adds to a counter; an ``id`` makes
an entry that a phone sends twice count once. Addresses are the names on the page. Out: values
stamped with ``at`` or on arrival; counters as running totals that survive a restart.
A person is logged in, or shows the token of the QR code on the machine.
Limits: ENTRIES_MAX at once, ``step_max`` a press, SEEN_MAX ids remembered.
"""

from hanse.collect.connectors.manual.browse import browse
from hanse.collect.connectors.manual.config import ManualConfig
from hanse.collect.connectors.manual.diagnostics import explain
from hanse.collect.connectors.manual.source import collect
from hanse.collect.ports import Connector
from hanse.model.text import Text

CONNECTOR = Connector(
    name="manual",
    title=Text(en="Entered by people", zh="人工录入"),
    config=ManualConfig,
    collect=collect,
    explain=explain,
    browse=browse,
)
