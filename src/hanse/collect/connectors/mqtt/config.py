"""Settings of an MQTT subscription."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Meta

from hanse.collect.connectors.broker import BrokerConfig, fields_of
from hanse.collect.secrets import without_secrets
from hanse.model.errors import BadConfig


class MqttConfig(BrokerConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Topics of an MQTT broker (OASIS MQTT 3.1.1 and 5.0)."""

    qos: Annotated[Literal[0, 1, 2], Meta(description="Quality of service asked for")] = 1
    keep_session: Annotated[
        bool,
        Meta(description="Let the broker keep messages while this node is away (needs client_id)"),
    ] = False
    time_path: Annotated[
        str, Meta(max_length=200, description="Path of the source time in a JSON payload")
    ] = ""
    browse_filter: Annotated[
        str, Meta(max_length=500, description="Topics that browsing listens to")
    ] = "#"
    browse_s: Annotated[float, Meta(gt=0, le=60, description="Seconds that browsing listens")] = 2.0


def from_url(url: str) -> MqttConfig:
    """Settings from ``mqtt://[user:password@]host[:port][?version=5]``; ``mqtts`` is with TLS.

    Raises:
        BadConfig: not such a URL.
    """
    parts = urlsplit(url)
    try:
        query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
        fields = fields_of(parts, query)
        if parts.path.strip("/"):
            fields["browse_filter"] = parts.path.strip("/")
        return msgspec.convert(fields, MqttConfig, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadConfig(
            str(error), subject=without_secrets(url), remedy="Write mqtt://host:1883"
        ) from error
