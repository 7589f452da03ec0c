"""HTTP push: a door to which devices and systems post their values.

In: a token; addresses are the names senders use. Senders post ``{"name": value, "at": time}``
(members of objects as ``a.b``) or ``[{"name", "value", "at"}]``. Out: values with the sender's
time, else stamped on arrival; the answer comes when they are kept.
The web server mounts the door through `hanse.collect.doors`; nothing here listens by itself.
Limits: BODY_BYTES_MAX and VALUES_MAX a delivery.
"""

from hanse.collect.connectors.push.config import PushConfig
from hanse.collect.connectors.push.diagnostics import explain
from hanse.collect.connectors.push.source import collect
from hanse.collect.ports import Connector
from hanse.model.text import Text

CONNECTOR = Connector(
    name="push",
    title=Text(en="Values pushed by HTTP", zh="HTTP 推送"),
    config=PushConfig,
    collect=collect,
    explain=explain,
)
