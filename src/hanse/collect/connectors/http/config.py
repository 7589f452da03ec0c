"""Settings of an HTTP interface that is asked for JSON."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec
from msgspec import Meta, Struct

from hanse.collect.secrets import SECRET
from hanse.model.errors import BadConfig


class HttpConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device or system that answers GET with JSON."""

    url: Annotated[
        str,
        Meta(
            pattern=r"^https?://[^/@\s]+",
            max_length=1_000,
            description="Where to ask; addresses may name a path below it",
        ),
    ]
    poll_s: Annotated[float, Meta(gt=0, le=86_400, description="Seconds between questions")] = 1.0
    timeout_s: Annotated[
        float, Meta(ge=0.1, le=60, description="Seconds to wait for an answer")
    ] = 5.0
    token: Annotated[
        str,
        Meta(
            max_length=4_000, description="Bearer token, as secret:NAME or as it is", extra=SECRET
        ),
    ] = ""
    user: Annotated[str, Meta(max_length=200, description="User name, or empty")] = ""
    password: Annotated[
        str, Meta(max_length=400, description="Password, as secret:NAME or as it is", extra=SECRET)
    ] = ""
    authority: Annotated[
        str,
        Meta(max_length=1_000, description="PEM file of the authority to trust; empty: system's"),
    ] = ""
    time_path: Annotated[
        str, Meta(max_length=200, description="Path of the source time in the answer")
    ] = ""


def from_url(url: str) -> HttpConfig:
    """Settings from ``http://[user:password@]host/path`` or ``https://``.

    Raises:
        BadConfig: not such a URL.
    """
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    try:
        fields = {
            "url": urlunsplit((parts.scheme, place, parts.path, parts.query, "")),
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
        }
        return msgspec.convert(fields, HttpConfig, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadConfig(str(error), subject=place[:200], remedy="Write http://host/path") from error
