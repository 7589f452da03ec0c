"""OPC UA (IEC 62541): values by subscription from any server on opc.tcp.

In: a server's URL, its security, and addresses as ``nsu=URI;s=Name`` so that namespace indexes
may change. Out: values with source time and quality, alarms and conditions, gaps.
Reads the server's OperationLimits before anything else; follows variables under variables;
gives a session up after three missing keepalives.
Limits: NODES_MAX nodes browsed, one subscription a connection, RSA policies from Basic256Sha256.
"""

from hanse.collect.connectors.opcua.browse import browse
from hanse.collect.connectors.opcua.call import call
from hanse.collect.connectors.opcua.config import OpcUaConfig, from_url
from hanse.collect.connectors.opcua.diagnostics import explain
from hanse.collect.connectors.opcua.read import read
from hanse.collect.connectors.opcua.source import collect
from hanse.collect.connectors.opcua.write import write
from hanse.collect.ports import Connector
from hanse.model.text import Text

CONNECTOR = Connector(
    name="opcua",
    title=Text(en="OPC UA server", zh="OPC UA 服务器"),
    config=OpcUaConfig,
    collect=collect,
    explain=explain,
    schemes=("opc.tcp",),
    from_url=from_url,
    browse=browse,
    read=read,
    write=write,
    call=call,
)
