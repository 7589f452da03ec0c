"""Settings of a Modbus TCP device."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Meta, Struct

from hanse.collect.secrets import without_secrets
from hanse.model.errors import BadConfig


class ModbusConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Modbus TCP device or gateway (Modbus Application Protocol 1.1b3)."""

    host: Annotated[
        str, Meta(min_length=1, max_length=255, description="Name or address of the device")
    ]
    port: Annotated[int, Meta(ge=1, le=65_535, description="TCP port")] = 502
    unit: Annotated[
        int, Meta(ge=0, le=255, description="Unit where an address names none (@2 names one)")
    ] = 1
    poll_s: Annotated[float, Meta(gt=0, le=3_600, description="Seconds between reads")] = 1.0
    timeout_s: Annotated[
        float, Meta(ge=0.1, le=30, description="Seconds to wait for an answer")
    ] = 2.0
    words: Annotated[
        Literal["high_first", "low_first"],
        Meta(description="Order of the registers of a 32 or 64 bit number"),
    ] = "high_first"
    width: Annotated[
        int, Meta(ge=1, le=125, description="Registers the device gives in one answer at most")
    ] = 125
    hole: Annotated[
        int, Meta(ge=0, le=124, description="Unwanted registers read along to save a question")
    ] = 20
    connections: Annotated[
        int, Meta(ge=1, le=8, description="Connections to the device at the same time")
    ] = 1


def from_url(url: str) -> ModbusConfig:
    """Settings from ``modbus://host:502[?unit=1&poll_s=0.5]``.

    Raises:
        BadConfig: not such a URL.
    """
    parts = urlsplit(url)
    fields: dict[str, object] = {k: v[-1] for k, v in parse_qs(parts.query).items()}
    try:
        fields |= {"host": parts.hostname or "", "port": parts.port or 502}
        return msgspec.convert(fields, ModbusConfig, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadConfig(
            str(error), subject=without_secrets(url), remedy="Write modbus://host:502?unit=1"
        ) from error
