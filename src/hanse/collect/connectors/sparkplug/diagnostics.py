"""What goes wrong between a Sparkplug host and its broker."""

from __future__ import annotations

from hanse.collect.connectors.broker import explain_broker
from hanse.collect.connectors.sparkplug.config import SparkplugConfig
from hanse.model.errors import HanseError


def explain(error: BaseException, settings: SparkplugConfig) -> HanseError:
    """An error of the broker as one that says what to do now."""
    return explain_broker(error, settings)
