"""How browsers and partners reach a node."""

from __future__ import annotations

from hanse.node.settings import Settings


def base_url(settings: Settings, port: int) -> str:
    """The node's address: the public one where the owner gave it."""
    scheme = "https" if settings.web.tls else "http"
    return settings.web.public_url or f"{scheme}://{settings.web.host}:{port}"
