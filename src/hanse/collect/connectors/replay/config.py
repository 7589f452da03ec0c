"""Settings of a recording that is played back."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from msgspec import Meta, Struct

from hanse.collect.secrets import without_secrets
from hanse.model.errors import BadConfig


class ReplayConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A recording in a CSV file, played back as if it happened now."""

    file: Annotated[
        str,
        Meta(min_length=1, max_length=1_000, description="A .csv or .csv.gz file, or a folder"),
    ]
    time_column: Annotated[
        str, Meta(max_length=200, description="Column of the time; empty is the first one")
    ] = ""
    delimiter: Annotated[
        Literal["", ",", ";", "\t", "|"],
        Meta(description="Between columns; empty finds it out from the first line"),
    ] = ""
    speed: Annotated[
        float, Meta(gt=0, le=100_000, description="How many times faster than it happened")
    ] = 1.0
    original_time: Annotated[
        bool, Meta(description="Keep the times of the recording instead of moving them to now")
    ] = False
    repeat: Annotated[bool, Meta(description="Start again at the end")] = False
    skip_s: Annotated[
        float, Meta(ge=0, description="Seconds of the recording to leave out at its start")
    ] = 0.0


def from_url(url: str) -> ReplayConfig:
    """Settings from ``replay:///path/file.csv[?speed=10&time_column=datetime]``.

    Raises:
        BadConfig: not such a URL.
    """
    parts = urlsplit(url)
    query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
    fields = {**query, "file": unquote(parts.netloc + parts.path)}
    try:
        return msgspec.convert(fields, ReplayConfig, strict=False)
    except msgspec.ValidationError as error:
        raise BadConfig(
            str(error),
            subject=without_secrets(url),
            remedy="Write replay:///folder/file.csv?speed=10",
        ) from error
