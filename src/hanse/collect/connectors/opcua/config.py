"""Settings of an OPC UA server."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from msgspec import Meta, Struct

from hanse.collect.secrets import SECRET
from hanse.model.errors import BadConfig

Policy = Literal["best", "Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss", "None"]


class OpcUaConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An OPC UA server (IEC 62541) on TCP."""

    url: Annotated[
        str,
        Meta(
            pattern=r"^opc\.tcp://[^/@\s]+",
            max_length=500,
            description="Where the server is: opc.tcp://name:4840/path",
        ),
    ]
    policy: Annotated[
        Policy, Meta(description="Security policy; best takes the strongest that is offered")
    ] = "best"
    sign_only: Annotated[
        bool, Meta(description="Sign messages without encrypting them, where the server wants it")
    ] = False
    insecure: Annotated[
        bool,
        Meta(description="Allow a connection without security; anyone on the wire can change it"),
    ] = False
    user: Annotated[str, Meta(max_length=200, description="User name, or empty")] = ""
    password: Annotated[
        str, Meta(max_length=400, description="Password, as secret:NAME or as it is", extra=SECRET)
    ] = ""
    publishing_s: Annotated[
        float, Meta(ge=0.01, le=60, description="Seconds between notifications")
    ] = 0.1
    sampling_s: Annotated[
        float, Meta(ge=0, le=60, description="Seconds between samples in the server; 0 is fastest")
    ] = 0.1
    queue: Annotated[
        int, Meta(ge=1, le=1_000, description="Values the server keeps between notifications")
    ] = 10
    deadband: Annotated[
        float, Meta(ge=0, description="Changes of a number smaller than this are not sent")
    ] = 0.0
    keepalive_s: Annotated[
        float, Meta(ge=0.1, le=60, description="Seconds after which a quiet server says it lives")
    ] = 1.0
    timeout_s: Annotated[
        float, Meta(ge=0.5, le=60, description="Seconds to wait for an answer")
    ] = 4.0
    alarms: Annotated[
        bool, Meta(description="Take alarms and conditions of the server as events")
    ] = False
    root: Annotated[
        str, Meta(max_length=1_000, description="Node where browsing starts; empty is Objects")
    ] = ""


def from_url(url: str) -> OpcUaConfig:
    """Settings from ``opc.tcp://[user:password@]host:port/path[?insecure=1&policy=...]``.

    Raises:
        BadConfig: not such a URL.
    """
    parts = urlsplit(url)
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    place = parts.netloc.rpartition("@")[2]
    query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
    fields = {
        **query,
        "url": f"{parts.scheme}://{place}{parts.path}",
        "user": unquote(user),
        "password": unquote(password),
    }
    try:
        return msgspec.convert(fields, OpcUaConfig, strict=False)
    except msgspec.ValidationError as error:
        raise BadConfig(
            str(error), subject=place, remedy="Write opc.tcp://host:4840/path"
        ) from error
