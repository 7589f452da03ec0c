"""The option every command has: whose node it is about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from hanse.model.errors import NotFound
from hanse.node.folder import Folder


def folder_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--folder DIR``, this directory by default."""
    return click.option(
        "--folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(),
        help="The node's folder; by default this directory.",
    )(function)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object.")(function)


def known(folder: Path) -> Folder:
    """The folder of a node that is there.

    Raises:
        NotFound: there is no node in it.
    """
    found = Folder(folder)
    if not (found / "keys").is_dir():
        raise NotFound(
            "there is no node here", subject=str(found.path), remedy="Run hanse init or hanse up"
        )
    return found
