"""Whether the node runs well: health, readiness, settings that may be changed."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.text import Text
from hanse.web.views.common import Line


class Check(Struct, frozen=True, kw_only=True):
    """One thing a ready node needs, with the reason when it is missing and what to do."""

    name: Annotated[str, Meta(max_length=60)]
    title: Text
    ok: bool
    text: Text
    remedy: Text = Text("", "")


class Readiness(Struct, frozen=True, kw_only=True):
    """All checks; the node is ready when every one is ok."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is missing."""
        return all(check.ok for check in self.checks)


class PeerAnswer(Struct, frozen=True, kw_only=True):
    """The bytes that answer a partner's message, with their HTTP status and media type."""

    body: bytes
    status: Annotated[int, Meta(ge=200, le=599)] = 200
    media_type: Line = "application/jose"


class FirstStep(Struct, frozen=True, kw_only=True):
    """One thing worth doing on a fresh node."""

    name: Annotated[str, Meta(pattern=r"^[a-z]{2,20}$")]
    href: Line
    title: Text
    about: Text
    done: bool = False
