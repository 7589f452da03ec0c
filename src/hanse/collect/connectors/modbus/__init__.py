"""Modbus TCP: registers and bits of any device or gateway, in as few reads as it takes.

In: host, unit and addresses as ``holding:100``, ``input:7@3``, ``coil:5`` or ``40101``, with a
number type and word order. Out: values stamped on arrival, since the protocol has no time.
Neighbouring registers are read together; a block the device refuses is halved until the wrong
register stands alone, and the plan that works is kept.
Limits: 125 registers or 2,000 bits a read, 8 connections, 256 registers of a table browsed.
"""

from hanse.collect.connectors.modbus.browse import browse
from hanse.collect.connectors.modbus.config import ModbusConfig, from_url
from hanse.collect.connectors.modbus.diagnostics import explain
from hanse.collect.connectors.modbus.read import read
from hanse.collect.connectors.modbus.source import collect
from hanse.collect.connectors.modbus.write import write
from hanse.collect.ports import Connector
from hanse.model.text import Text

CONNECTOR = Connector(
    name="modbus",
    title=Text(en="Modbus TCP device", zh="Modbus TCP 设备"),
    config=ModbusConfig,
    collect=collect,
    explain=explain,
    schemes=("modbus", "modbus+tcp"),
    from_url=from_url,
    browse=browse,
    read=read,
    write=write,
)
