"""Settings of what people enter."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.collect.secrets import SECRET


class ManualConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values and counts that people enter, for machines without a controller."""

    token: Annotated[
        str,
        Meta(
            max_length=400,
            description="What a QR page shows instead of a login, as secret:NAME; empty: a login",
            extra=SECRET,
        ),
    ] = ""
    step_max: Annotated[
        float, Meta(gt=0, le=1e9, description="The most that one press may add to a counter")
    ] = 1_000.0
