"""Settings of a door to which devices push."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.collect.secrets import SECRET


class PushConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A door at this node to which a device or system posts its values."""

    token: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=400,
            description="What the sender must show, as secret:NAME or as it is",
            extra=SECRET,
        ),
    ]
    silent_s: Annotated[
        float,
        Meta(ge=0, le=86_400, description="Seconds without a delivery that make a gap; 0: none"),
    ] = 0.0
