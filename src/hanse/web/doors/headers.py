"""Headers on every answer: what a browser may load, keep and tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litestar.datastructures import MutableScopeHeaders

if TYPE_CHECKING:
    from litestar.types import BeforeMessageSendHookHandler, Message, Scope

CSP = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
ALWAYS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
"""``same-origin``, not ``no-referrer``: under the latter browsers send ``Origin: null``."""

HSTS = "max-age=31536000"


def header_writer(*, hsts: bool) -> BeforeMessageSendHookHandler:
    """A hook that puts the headers on whatever leaves, errors included."""
    wanted = {**ALWAYS, **({"strict-transport-security": HSTS} if hsts else {})}

    async def write(message: Message, scope: Scope) -> None:  # noqa: ARG001 (the hook's shape)
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders.from_message(message)
        for name, value in wanted.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "no-store")

    return write
