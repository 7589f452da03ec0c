"""Settings of a Siemens S7 controller."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Meta, Struct

from hanse.collect.secrets import without_secrets
from hanse.model.errors import BadConfig


class S7Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Siemens S7-300/400/1200/1500 controller by S7 communication (PUT/GET allowed there)."""

    host: Annotated[
        str, Meta(min_length=1, max_length=255, description="Name or address of the controller")
    ]
    port: Annotated[int, Meta(ge=1, le=65_535, description="TCP port")] = 102
    rack: Annotated[int, Meta(ge=0, le=7, description="Rack of the CPU, 0 as a rule")] = 0
    slot: Annotated[
        int, Meta(ge=0, le=31, description="Slot of the CPU: 1 for S7-1200/1500, 2 for S7-300")
    ] = 1
    poll_s: Annotated[float, Meta(gt=0, le=3_600, description="Seconds between reads")] = 1.0
    hole: Annotated[
        int, Meta(ge=0, le=200, description="Unwanted bytes read along to save a question")
    ] = 32
    width: Annotated[int, Meta(ge=1, le=960, description="Bytes read at once at most")] = 200


def from_url(url: str) -> S7Config:
    """Settings from ``s7://host[:102][?rack=0&slot=1]``.

    Raises:
        BadConfig: not such a URL.
    """
    parts = urlsplit(url)
    fields: dict[str, object] = {k: v[-1] for k, v in parse_qs(parts.query).items()}
    try:
        fields |= {"host": parts.hostname or "", "port": parts.port or 102}
        return msgspec.convert(fields, S7Config, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadConfig(
            str(error), subject=without_secrets(url), remedy="Write s7://host?rack=0&slot=1"
        ) from error
