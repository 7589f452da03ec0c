"""What MQTT errors mean and what to do about them."""

from __future__ import annotations

from hanse.collect.connectors.broker import explain_broker
from hanse.collect.connectors.mqtt.config import MqttConfig
from hanse.model.errors import HanseError


def explain(error: BaseException, settings: MqttConfig) -> HanseError:
    """An error of the broker as one that says what to do now."""
    return explain_broker(error, settings)
