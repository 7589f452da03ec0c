"""How browsers and partners reach a node."""

from __future__ import annotations

import contextlib

import msgspec

from hanse.node.folder import Folder
from hanse.node.settings import Settings

NOTE = "web.json"


def base_url(settings: Settings, port: int) -> str:
    """The node's address: the public one where the owner gave it."""
    scheme = "https" if settings.web.tls else "http"
    return settings.web.public_url or f"{scheme}://{settings.web.host}:{port}"


def known_url(folder: Folder) -> str:
    """Where the gate of a running node says it listens; empty before it does."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        note = msgspec.json.decode(folder.run_file(NOTE).read_bytes(), type=dict[str, str])
        return note.get("url", "")
    return ""
