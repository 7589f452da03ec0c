"""``hanse promise``: when can it be ready; reserve it, make an order of it, give it back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click

from hanse.cli.folders import folder_option, json_option, known
from hanse.cli.output import say_json, table
from hanse.cli.plan import BY, asked
from hanse.model.errors import BadInput
from hanse.model.plan import Hold, Promise
from hanse.model.time import format_minute
from hanse.node.offline import offline
from hanse.node.planning import wire


@click.command()
@click.argument("item", required=False)
@click.argument("quantity", type=click.IntRange(min=1), required=False)
@click.option("--hold", "hours", type=click.FloatRange(0.01, 8_760), help="Reserve it so long.")
@click.option("--harmless", is_flag=True, help="With --hold: others may wait, none too long.")
@click.option("--key", default="", help="With --hold: a name of your own; told again, held once.")
@click.option("--confirm", default="", help="This hold becomes the work order --order.")
@click.option("--order", default="", help="With --confirm: the order's key.")
@click.option("--release", default="", help="Give this hold back.")
@click.option("--holds", "listed", is_flag=True, help="What is held.")
@folder_option
@json_option
def promise(
    item: str | None, quantity: int | None, folder: Path, *, as_json: bool, **wish: Any
) -> None:
    """When can QUANTITY of ITEM be ready? Reserves nothing without --hold."""
    if wish["listed"]:
        _say_holds(folder, as_json=as_json)
    elif wish["confirm"]:
        _confirm(folder, wish["confirm"], wish["order"], as_json=as_json)
    elif wish["release"]:
        question = wire.Release(hold=wish["release"])
        made = asked(folder, wire.RELEASE, question, wire.PlanChanged)
        _say(made, "given back", as_json=as_json)
    elif item is None or quantity is None:
        raise BadInput("nothing is asked", remedy="hanse promise ITEM QUANTITY")
    elif wish["hours"]:
        expires = _now(folder) + dt.timedelta(hours=wish["hours"])
        named = {"harmless": wish["harmless"], "key": wish["key"]}
        hold = wire.QuoteAsk(item=item, quantity=quantity, expires=expires, **named)
        _say(asked(folder, wire.QUOTE, hold, wire.QuoteAnswer), "held", as_json=as_json)
    else:
        _say_curve(folder, wire.PromiseAsk(item=item, quantity=quantity), as_json=as_json)


def _now(folder: Path) -> dt.datetime:
    with offline(known(folder)) as context:
        return context.clock.now()


def _confirm(folder: Path, hold: str, order: str, *, as_json: bool) -> None:
    question = wire.Confirm(hold=hold, order=order or hold, by=BY)
    made = asked(folder, wire.CONFIRM, question, wire.PlanChanged)
    _say(made, f"is order {order or hold}", as_json=as_json)


def _say(made: wire.PlanChanged | wire.QuoteAnswer, what: str, *, as_json: bool) -> None:
    if as_json:
        say_json(made)
        return
    ready = f", ready {format_minute(made.ready)}" if made.ready else ""
    name = made.hold if isinstance(made, wire.QuoteAnswer) else f"Plan {made.version}"
    click.echo(f"{name}: {what}{ready}")


def _say_curve(folder: Path, question: wire.PromiseAsk, *, as_json: bool) -> None:
    found = asked(folder, wire.PROMISE, question, Promise)
    if as_json:
        say_json(found)
        return
    rows = [(p.kind.value, f"{p.ready_at:%Y-%m-%d %H:%M}", p.harm_minor / 100) for p in found.curve]
    click.echo(table(rows, ("how", "ready (UTC)", "harm to others")))


def _say_holds(folder: Path, *, as_json: bool) -> None:
    with offline(known(folder)) as context:
        held: list[Hold] = list(context.store.read_sync(lambda tx: tx.holds.all()))
        now = context.clock.now()
    held = sorted((h for h in held if h.expires_at > now), key=lambda h: h.expires_at)
    if as_json:
        say_json(held)
        return
    rows = [
        (h.key, h.item, h.quantity, format_minute(h.ready_at), format_minute(h.expires_at))
        for h in held
    ]
    click.echo(table(rows, ("hold", "item", "pieces", "ready (UTC)", "lapses (UTC)")))
