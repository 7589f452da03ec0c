"""Settings of files that are read once or as they appear."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from msgspec import Meta, Struct

from hanse.collect.secrets import without_secrets
from hanse.model.errors import BadConfig


class FilesConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """CSV and XLSX files: one, or all that appear in a folder."""

    path: Annotated[
        str, Meta(min_length=1, max_length=1_000, description="A file, or a folder to watch")
    ]
    watch: Annotated[
        bool, Meta(description="Go on looking for new and changed files instead of ending")
    ] = False
    poll_s: Annotated[float, Meta(gt=0, le=3_600, description="Seconds between looks")] = 2.0
    time_column: Annotated[
        str,
        Meta(max_length=200, description="Column of the time; empty stamps rows with the file's"),
    ] = ""
    name_column: Annotated[
        str,
        Meta(max_length=200, description="Column with the signal's name, where a row is one value"),
    ] = ""
    value_column: Annotated[
        str, Meta(max_length=200, description="Column with the value, where a row is one value")
    ] = "value"
    sheet: Annotated[
        str, Meta(max_length=200, description="Sheet of an XLSX file; empty is the first")
    ] = ""
    delimiter: Annotated[
        Literal["", ",", ";", "\t", "|"],
        Meta(description="Between columns; empty finds it out from the first line"),
    ] = ""
    decimal_comma: Annotated[bool, Meta(description="Numbers are written 3,14")] = False


def from_url(url: str) -> FilesConfig:
    """Settings from ``file:///folder/or/file[?watch=1&time_column=t]``.

    Raises:
        BadConfig: not such a URL.
    """
    parts = urlsplit(url)
    query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
    try:
        fields = {**query, "path": unquote(parts.netloc + parts.path)}
        return msgspec.convert(fields, FilesConfig, strict=False)
    except msgspec.ValidationError as error:
        raise BadConfig(
            str(error), subject=without_secrets(url), remedy="Write file:///folder"
        ) from error
