"""``hanse set``: a signal of a machine, once, within what its owner allows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from hanse.cli.folders import folder_option, json_option, known
from hanse.cli.output import say_json
from hanse.collect.settable import shown, value_of
from hanse.model.errors import Conflict
from hanse.model.setting import SetState, SignalSet
from hanse.node.asking import with_broker
from hanse.node.offline import offline
from hanse.node.setting.records import COMMAND_LINE

SAID = {
    SetState.WAITING: "It waits for another person, on the page of the machine.",
    SetState.UNSURE: "Nobody knows whether the device has it. Look before you try again.",
    SetState.DIFFERS: "The device took it and reads another value.",
    SetState.REFUSED: "The device did not take it.",
}


@click.command("set")
@click.argument("machine")
@click.argument("signal")
@click.argument("value")
@click.option("--reason", required=True, help="Why: it stands on the record.")
@folder_option
@json_option
def set_(
    machine: str, signal: str, value: str, *, reason: str, folder: Path, as_json: bool
) -> None:
    """Set SIGNAL of MACHINE to VALUE, where its owner allows it, and read it back."""
    from hanse.node.pages.setting import connection_for
    from hanse.node.setting.desk import SetAsk, ask_set

    home = known(folder)
    with offline(home) as context:
        connection, is_text = context.store.read_sync(
            lambda tx: connection_for(tx, machine, signal)
        )
        wish = SignalSet(
            id=context.ids.new("set"),
            at=context.clock.now(),
            asset=machine,
            name=signal,
            value=value_of(value, is_text=is_text),
            by=COMMAND_LINE,
            reason=reason,
        )
    asked = SetAsk(wish=wish, by=COMMAND_LINE)
    done = asyncio.run(with_broker(home, lambda nats: ask_set(nats, connection, asked)))
    if as_json:
        say_json(done)
    elif done.state is SetState.WRITTEN:
        told = f"{machine} {signal}: {shown(done.old)} -> {shown(done.read)} {done.unit}"
        click.echo(told.strip())
    if done.state in SAID:
        raise Conflict(SAID[done.state], subject=f"{machine} {signal}", remedy=done.why)
