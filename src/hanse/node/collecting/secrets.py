"""Secrets of connections: kept beside the keys, named everywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from hanse.collect.secrets import MARK, hide
from hanse.model.errors import NotFound
from hanse.node.folder import Folder, read_secret, write_secret


def keep_secrets(folder: Folder, secrets: Mapping[str, str]) -> None:
    """Write each into ``keys/secret-NAME``, for this user's eyes only."""
    for name, secret in secrets.items():
        write_secret(folder / "keys" / f"secret-{name}", secret.encode())


def settled(folder: Folder, connection: str, settings: Struct) -> dict[str, Any]:
    """Settings as they go on record: their secrets are kept here and named there."""
    hidden = hide(connection, settings)
    keep_secrets(folder, hidden.secrets)
    found: dict[str, Any] = msgspec.to_builtins(hidden.settings)
    return found


def secret_in(folder: Folder, name: str) -> str:
    """A secret kept in ``keys/secret-NAME``.

    Raises:
        NotFound: there is none of that name.
        NotAllowed: others may read it.
    """
    path = folder / "keys" / f"secret-{name}"
    if "/" in name or not path.exists():
        raise NotFound("there is no such secret", subject=name[:80], remedy=f"Write {path.name}")
    return read_secret(path).decode().strip()


def revealed(folder: Folder, text: str) -> str:
    """A setting's value, looked up where it reads ``secret:NAME``.

    Raises:
        NotFound, NotAllowed: as `secret_in`.
    """
    return secret_in(folder, text.removeprefix(MARK)) if text.startswith(MARK) else text
