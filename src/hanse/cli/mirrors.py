"""``hanse peer mirror``: untrusted lists of signed profiles this node looks at."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from hanse.cli.folders import folder_option, json_option, known
from hanse.cli.output import say_json, table
from hanse.node.dealing import mirroring
from hanse.node.dealing.mirroring import Mirror
from hanse.node.offline import offline


@click.group()
def mirror() -> None:
    """Untrusted lists of firms' signed profiles: looked at, never believed further."""


@mirror.command("add")
@click.argument("url")
@folder_option
@json_option
def mirror_add(url: str, folder: Path, *, as_json: bool) -> None:
    """Look at a mirror from now on: https://host, or https://host/path of a plain file."""
    with offline(known(folder)) as context:
        kept = context.store.write_sync(lambda tx: mirroring.add_mirror(tx, url))
        state = asyncio.run(mirroring.look(context, kept))
    _say((state,), as_json=as_json)


@mirror.command("remove")
@click.argument("url")
@folder_option
def mirror_remove(url: str, folder: Path) -> None:
    """Look at it no more, and forget the firms that only it showed."""
    address = mirroring.mirror_address(url)
    with offline(known(folder)) as context:
        context.store.write_sync(lambda tx: mirroring.remove_mirror(tx, address))
    click.echo(address)


@mirror.command("list")
@folder_option
@json_option
def mirror_list(folder: Path, *, as_json: bool) -> None:
    """The mirrors that are looked at, and what came of it the last time."""
    with offline(known(folder)) as context:
        found = tuple(context.store.read_sync(lambda tx: mirroring.mirrors(tx).all()))
    _say(found, as_json=as_json)


def _say(found: tuple[Mirror, ...], *, as_json: bool) -> None:
    if as_json:
        say_json({"mirrors": found})
        return
    rows = [(m.url, m.at or "", m.fresh, m.stale, m.refused, m.error) for m in found]
    click.echo(table(rows, ("mirror", "looked at", "new", "old", "refused", "")))
