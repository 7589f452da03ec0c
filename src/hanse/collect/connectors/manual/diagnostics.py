"""What goes wrong where people enter values."""

from __future__ import annotations

from hanse.collect.connectors.manual.config import ManualConfig
from hanse.collect.connectors.network import explain_network
from hanse.model.errors import HanseError


def explain(error: BaseException, _settings: ManualConfig) -> HanseError:
    """An error as one that says what to do now."""
    return explain_network(error, "manual")
