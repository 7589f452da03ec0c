"""``hanse backup`` and ``hanse restore``: a whole copy of a node, and a node from a copy."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from hanse.cli.folders import folder_option, json_option, known
from hanse.cli.output import say_json
from hanse.node.folder import Folder
from hanse.node.offline import offline
from hanse.node.world import RandomIds, RealClock

MEGABYTE = 1e6


@click.command()
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@click.option("--history/--no-history", default=True, help="Copy the history of samples too.")
@folder_option
@json_option
def backup(target: Path, folder: Path, *, history: bool, as_json: bool) -> None:
    """Copy the node, also while it runs, into an empty folder. It holds the keys: guard it."""
    from hanse.node.backup import back_up

    with offline(known(folder)) as context:
        note = back_up(context, target, history=history)
    if as_json:
        say_json(msgspec.to_builtins(note))
    else:
        size = f"{note.files} files, {note.bytes / MEGABYTE:.1f} MB"
        click.echo(f"{note.firm} is copied to {target}: {size}. It holds the keys.")


@click.command()
@click.argument("source", type=click.Path(path_type=Path, file_okay=False, exists=True))
@folder_option
@json_option
def restore(source: Path, folder: Path, *, as_json: bool) -> None:
    """Make a node from a copy, in a folder that holds none. The old one must not run any more."""
    from hanse.node.backup import restore as restore_node

    note = restore_node(source, Folder(folder), clock=RealClock(), ids=RandomIds())
    if as_json:
        say_json(msgspec.to_builtins(note))
    else:
        click.echo(
            f"{note.firm} as of {note.at:%Y-%m-%d %H:%M} UTC is in {folder}. At its first start it "
            "asks its partners what was signed since, before it signs anything."
        )
