"""``hanse init`` and ``hanse up``: make a node, run it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click

from hanse.cli.folders import folder_option, json_option
from hanse.cli.output import say_json
from hanse.node.folder import Folder
from hanse.node.settings import (
    CONFIG_FILE,
    ROLES,
    FirmSettings,
    RoleName,
    Settings,
    WebSettings,
    read_settings,
    write_settings,
)
from hanse.node.world import RealClock


@click.command()
@folder_option
@json_option
@click.option("--name", default="My firm", help="The firm's name, as it stands on documents.")
@click.option("--currency", default="EUR", help="ISO 4217 code of the books.")
@click.option("--timezone", default="UTC", help="Where the plant is, as Europe/Berlin.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en")
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8443, help="Port to listen on; 0 takes a free one.")
def init(folder: Path, *, as_json: bool, host: str, port: int, **firm: str) -> None:
    """Make a node in a folder: settings, keys, certificate. Nothing runs yet."""
    from hanse.node.identity import load_identity

    home = Folder(folder)
    home.make()
    if not (home / CONFIG_FILE).exists():
        settings = Settings(firm=FirmSettings(**firm), web=WebSettings(host=host, port=port))
        write_settings(home.path, settings)
    identity = load_identity(home, clock=RealClock(), hosts=(host,))
    if as_json:
        say_json({"folder": str(home.path), "did": identity.did})
    else:
        click.echo(f"A node is in {home.path}\nIts identity is {identity.did}\nRun it: hanse up")


@click.command()
@folder_option
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), help="Only these roles.")
def up(folder: Path, roles: tuple[str, ...]) -> None:
    """Run the node until Ctrl-C; makes what is missing. Prints the claim link once."""
    from hanse.node.telling import tell_claim_link
    from hanse.node.up import up as run_up

    home = Folder(folder)
    home.make()
    if not (home / CONFIG_FILE).exists():
        write_settings(home.path, read_settings(home.path))
    teller = tell_claim_link(home, click.echo)
    teller.start()
    run_up(home.path, cast("tuple[RoleName, ...]", roles))
