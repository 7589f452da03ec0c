"""``hanse connect URL``: look at a device, choose signals, collect."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import msgspec

from hanse.cli.folders import folder_option, json_option, known
from hanse.cli.output import say_json, table
from hanse.cli.trusting import AskedTrust, asking
from hanse.collect.inspect import Look, look
from hanse.collect.mapping import Line, from_toml, to_toml
from hanse.collect.registry import connector_of_url
from hanse.model.event import Draft
from hanse.model.text import Text
from hanse.node.asking import with_broker
from hanse.node.collecting.choosing import keep_lines
from hanse.node.collecting.secrets import keep_secrets
from hanse.node.connections import Setup, setups
from hanse.node.context import Context
from hanse.node.offline import offline
from hanse.node.pages.connecting import world_of
from hanse.store import Tx


@click.command()
@click.argument("url")
@click.option("--name", default="", help="What the connection is called.")
@click.option("--asset", default="", help="The machine it is, where the device does not say.")
@click.option("--all", "everything", is_flag=True, help="Take every signal, not only proposals.")
@click.option("--look", "look_only", is_flag=True, help="Only look; nothing is kept.")
@click.option("--trust", default="", help="SHA-256 of the certificate the device is to show.")
@click.option("--mapping", type=click.Path(path_type=Path, dir_okay=False), help="A mapping file.")
@folder_option
@json_option
def connect(url: str, folder: Path, *, as_json: bool, **wishes: Any) -> None:
    """Look at a device, take its proposed signals, and collect them from now on."""
    home = known(folder)
    with offline(home) as context:
        ask = None if as_json else asking()
        trust = AskedTrust(context.store, named=wishes["trust"], ask=ask)
        key = wishes["name"] or connector_of_url(url)[0].name
        world = replace(world_of(context), connection=key, trust=trust)
        found = asyncio.run(look(url, world, asset=wishes["asset"], progress=_say))
        lines = _lines(found, wishes)
        if not wishes["look_only"]:
            keep_secrets(context.folder, found.secrets)
            _keep(context, found, lines, name=key)
            context.store.write_sync(lambda tx: trust.keep(tx, key))
    if not wishes["look_only"]:
        asyncio.run(_reload(home))
    if as_json:
        say_json({"protocol": found.protocol, "signals": lines, "toml": to_toml(lines)})
        return
    rows = [(x.asset, x.name, x.unit, x.kind.value, x.address) for x in lines]
    click.echo(table(rows, ("machine", "signal", "unit", "kind", "address")))
    click.echo(
        f"{len(lines)} of {found.signals} signals" + ("" if wishes["look_only"] else " kept")
    )


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


def _lines(found: Look, wishes: dict[str, Any]) -> tuple[Line, ...]:
    if wishes["mapping"]:
        lines, wrong = from_toml(wishes["mapping"].read_text(encoding="utf-8"))
        for error in wrong:
            click.echo(str(error), err=True)
        return tuple(lines)
    proposals = [p for asset in found.assets for p in asset.signals]
    return tuple(p.line for p in proposals if p.chosen or wishes["everything"])


def _keep(context: Context, found: Look, lines: tuple[Line, ...], *, name: str) -> None:
    setup = Setup(
        key=name,
        protocol=found.protocol,
        settings=msgspec.to_builtins(found.settings),
    )
    types = {asset.key: asset.asset_type for asset in found.assets}

    def write(tx: Tx) -> None:
        keep_lines(tx, setup, lines, types=types)
        text = Text(f"{setup.key} is connected", f"已连接 {setup.key}")
        tx.events.append(Draft(kind="collect.connection_added", subject=setup.key, text=text))

    context.store.write_sync(write)


@click.command()
@click.argument("name")
@click.option(
    "--from", "file", type=click.Path(path_type=Path, dir_okay=False), help="A file to take in."
)
@folder_option
@json_option
def mapping(name: str, folder: Path, *, file: Path | None, as_json: bool) -> None:
    """Show what a connection collects as TOML, or collect what a file says from now on."""
    home = known(folder)
    with offline(home) as context:
        setup = context.store.read_sync(lambda tx: setups(tx).need(name))
        lines = list(setup.lines)
        if file is not None:
            lines, wrong = from_toml(file.read_text(encoding="utf-8"))
            if wrong:
                raise wrong[0]
            context.store.write_sync(lambda tx: keep_lines(tx, setup, lines))
    if file is not None:
        asyncio.run(_reload(home))
    if as_json:
        say_json({"connection": name, "signals": lines, "toml": to_toml(lines)})
    else:
        click.echo(to_toml(lines), nl=False)


async def _reload(home: Any) -> None:
    """Have the running node begin anew from the record; without one it will when it starts."""
    from hanse.model.errors import Unreachable
    from hanse.transmit.nats.requests import ask

    async def tell(nats: Any) -> None:
        for command in ("collect.reload", "decide.reload"):
            await ask(nats, command, "", answer=bool)

    try:
        await with_broker(home, tell)
    except Unreachable:
        click.echo("The node does not run; it collects when it starts (hanse up).", err=True)
