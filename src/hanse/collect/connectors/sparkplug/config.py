"""Settings of a Sparkplug host."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Meta

from hanse.collect.connectors.broker import BrokerConfig, fields_of
from hanse.collect.secrets import without_secrets
from hanse.model.errors import BadConfig


class SparkplugConfig(BrokerConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Sparkplug B 3.0 host application on an MQTT broker (Eclipse Sparkplug, ISO/IEC 20237)."""

    host_id: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=100,
            pattern=r"^[^/+#]+$",
            description="Name of this host; edge nodes may wait for it; no other host has it",
        ),
    ] = "hanse"
    groups: Annotated[
        tuple[str, ...],
        Meta(max_length=100, description="Groups to listen to; empty listens to all"),
    ] = ()
    reorder_s: Annotated[
        float,
        Meta(ge=0, le=60, description="Seconds to wait for a message that was overtaken"),
    ] = 2.0
    browse_s: Annotated[
        float, Meta(gt=0, le=60, description="Seconds that browsing waits for births")
    ] = 3.0


def from_url(url: str) -> SparkplugConfig:
    """Settings from ``sparkplug://[user:password@]host[:port][?host_id=plant]``.

    Raises:
        BadConfig: not such a URL.
    """
    parts = urlsplit(url)
    try:
        query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
        return msgspec.convert(fields_of(parts, query), SparkplugConfig, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadConfig(
            str(error),
            subject=without_secrets(url),
            remedy="Write sparkplug://host:1883?host_id=plant",
        ) from error
