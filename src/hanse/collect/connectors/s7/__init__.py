"""Siemens S7: data blocks, flags, inputs and outputs by S7 communication.

In: host, rack and slot, addresses as ``DB1.DBD4``, ``DB1.DBX0.3``, ``MW10``. Out: values stamped
on arrival, since the protocol has no time.
Neighbouring bytes are read together; a read that is refused is halved until the wrong address
stands alone. Data blocks must not be "optimised", and PUT/GET must be allowed in the controller.
Limits: ``width`` bytes a read, one connection; nothing to browse, as the protocol has no names.
"""

from hanse.collect.connectors.s7.config import S7Config, from_url
from hanse.collect.connectors.s7.diagnostics import explain
from hanse.collect.connectors.s7.read import read
from hanse.collect.connectors.s7.source import collect
from hanse.collect.connectors.s7.write import write
from hanse.collect.ports import Connector
from hanse.model.text import Text

CONNECTOR = Connector(
    name="s7",
    title=Text(en="Siemens S7 controller", zh="西门子 S7 控制器"),
    config=S7Config,
    collect=collect,
    explain=explain,
    schemes=("s7",),
    from_url=from_url,
    read=read,
    write=write,
)
