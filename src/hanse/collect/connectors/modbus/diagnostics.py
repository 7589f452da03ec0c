"""What Modbus errors mean and what to do about them."""

from __future__ import annotations

from pymodbus.exceptions import ModbusException

from hanse.collect.connectors.modbus.config import ModbusConfig
from hanse.collect.connectors.network import explain_network
from hanse.model.errors import HanseError, Unreachable


def explain(error: BaseException, settings: ModbusConfig) -> HanseError:
    """An error of the network or the device as one that says what to do now."""
    where = f"{settings.host}:{settings.port}"
    if isinstance(error, ModbusException):
        return Unreachable(
            f"no answer: {error}"[:300],
            subject=where,
            remedy="Check the cable and the unit number; some devices take one connection only",
        )
    return explain_network(error, where)
