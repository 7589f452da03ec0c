"""Sparkplug B 3.0 host application: edge nodes and devices through any MQTT broker.

In: a broker, a host id, addresses as ``group/node/device:metric``. Out: values with the node's
own time and quality, births and deaths as events and gaps.
STATE is announced and renewed; births are asked for, since they are not retained; a hole in a
node's sequence is waited out for ``reorder_s``, then recorded, and the node is asked to be born
again; nothing of an unborn node is believed.
Limits: METRICS_MAX a payload, NODES_MAX edge nodes, HELD_BACK_MAX messages out of turn.
"""

from hanse.collect.connectors.sparkplug.browse import browse
from hanse.collect.connectors.sparkplug.config import SparkplugConfig, from_url
from hanse.collect.connectors.sparkplug.diagnostics import explain
from hanse.collect.connectors.sparkplug.source import collect
from hanse.collect.connectors.sparkplug.write import write
from hanse.collect.ports import Connector
from hanse.model.text import Text

CONNECTOR = Connector(
    name="sparkplug",
    title=Text(en="Sparkplug B edge nodes", zh="Sparkplug B 边缘节点"),
    config=SparkplugConfig,
    collect=collect,
    explain=explain,
    schemes=("sparkplug", "sparkplugs"),
    from_url=from_url,
    browse=browse,
    write=write,
)
