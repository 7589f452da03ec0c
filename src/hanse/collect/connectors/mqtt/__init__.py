"""MQTT 3.1.1 and 5: topics of any broker, payloads as JSON, text, CSV or binary.

In: a broker, topics as addresses, a path into JSON or a type for the rest. Out: values stamped
by the payload's own time where ``time_path`` names it, else on arrival.
With ``keep_session`` the broker keeps messages while this node is away.
Limits: PAYLOAD_BYTES_MAX a message, MESSAGES_WAITING_MAX unread ones, then the oldest go, counted.
"""

from hanse.collect.connectors.mqtt.browse import browse
from hanse.collect.connectors.mqtt.call import call
from hanse.collect.connectors.mqtt.config import MqttConfig, from_url
from hanse.collect.connectors.mqtt.diagnostics import explain
from hanse.collect.connectors.mqtt.source import collect
from hanse.collect.connectors.mqtt.write import write
from hanse.collect.ports import Connector
from hanse.model.text import Text

CONNECTOR = Connector(
    name="mqtt",
    title=Text(en="MQTT broker", zh="MQTT 代理"),
    config=MqttConfig,
    collect=collect,
    explain=explain,
    schemes=("mqtt", "mqtts"),
    from_url=from_url,
    browse=browse,
    write=write,
    call=call,
)
