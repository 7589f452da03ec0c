"""``hanse plan`` and ``hanse promise``: what runs where and when, and when it can be ready."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from hanse.cli.folders import folder_option, json_option, known
from hanse.cli.output import say_json, table
from hanse.model.errors import NotFound
from hanse.model.plan import Promise
from hanse.node.asking import with_broker
from hanse.node.offline import offline
from hanse.node.planning import wire
from hanse.node.planning.alone import plan_alone

ANSWER_S = 30.0


@click.command()
@folder_option
@json_option
@click.option("--now", is_flag=True, help="Lay it out from the records, without a node running.")
def plan(folder: Path, *, as_json: bool, now: bool) -> None:
    """Show the plan in force."""
    with offline(known(folder)) as context:
        version = (
            plan_alone(context) if now else context.store.read_sync(lambda tx: tx.plans.current())
        )
    if version is None:
        raise NotFound("there is no plan yet", remedy="hanse up, or hanse plan --now")
    if as_json:
        say_json(version)
        return
    rows = [
        (a.machine, f"{a.start:%m-%d %H:%M}", f"{a.end:%m-%d %H:%M}", a.order, a.step, a.pieces)
        for a in sorted(version.assignments, key=lambda a: (a.machine, a.start))
    ]
    click.echo(table(rows, ("machine", "start", "end", "order", "step", "pieces")))
    late = {order: s for order, s in version.late.items() if s > 0}
    click.echo(f"Plan {version.number}: {len(rows)} operations, {len(late)} orders late")


@click.command()
@click.argument("item")
@click.argument("quantity", type=click.IntRange(min=1))
@folder_option
@json_option
def promise(item: str, quantity: int, folder: Path, *, as_json: bool) -> None:
    """When can so many of an item be ready? Reserves nothing."""
    from hanse.transmit.nats.requests import ask

    question = wire.PromiseAsk(item=item, quantity=quantity)
    found = asyncio.run(
        with_broker(
            known(folder),
            lambda nats: ask(nats, wire.PROMISE, question, answer=Promise, wait_s=ANSWER_S),
        )
    )
    if as_json:
        say_json(found)
        return
    rows = [(p.kind.value, f"{p.ready_at:%Y-%m-%d %H:%M}", p.harm_minor / 100) for p in found.curve]
    click.echo(table(rows, ("how", "ready (UTC)", "harm to others")))
