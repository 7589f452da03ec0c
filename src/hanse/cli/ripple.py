"""``hanse ripple``: what a disturbance does along the chain, asked from partner to partner."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from hanse.cli.folders import folder_option, json_option, known
from hanse.cli.output import say_json, table
from hanse.model.errors import BadInput
from hanse.node.offline import offline
from hanse.node.pages.ripples import RecordRipples

BY = "command line"
ROWS_MAX = 100


@click.group()
def ripple() -> None:
    """Disturbances that go from partner to partner, and what they answer."""


@ripple.command("list")
@folder_option
@json_option
def ripple_list(folder: Path, *, as_json: bool) -> None:
    """All disturbances, newest first."""
    with offline(known(folder)) as context:
        rows = asyncio.run(RecordRipples(context).rows(limit=ROWS_MAX))
    if as_json:
        say_json({"ripples": rows})
        return
    cells = [
        (r.id, r.title.en, r.state.label.en, r.orders, r.firms, r.money or "-", r.covered or "-")
        for r in rows
    ]
    click.echo(table(cells, ("ripple", "what", "", "orders", "firms", "money", "covered")))


@ripple.command("show")
@click.argument("name")
@folder_option
@json_option
def ripple_show(name: str, folder: Path, *, as_json: bool) -> None:
    """One disturbance: what it does here, and what partners answered."""
    with offline(known(folder)) as context:
        view = asyncio.run(RecordRipples(context).one(name))
    if as_json:
        say_json(view)
        return
    row = view.row
    first = f"{row.first_short:%Y-%m-%d %H:%M}" if row.first_short else "-"
    click.echo(
        f"{row.title.en}: {row.orders} orders at {row.firms} firms, first short {first}, "
        f"{row.money or 'no money'} at risk, {row.covered or 'nothing'} covered by quotes"
    )
    hits = [(h.order, h.firm, h.quantity, f"{h.agreed:%m-%d %H:%M}", h.money) for h in view.hits]
    click.echo(table(hits, ("order here", "for", "pieces", "agreed", "money")))
    answers = [
        (a.firm, a.state.label.en, a.orders, a.firms, a.money, a.covered, a.needs.en)
        for a in view.answers
    ]
    heads = ("partner", "", "orders", "firms", "money", "covered", "needs")
    click.echo(table(answers, heads))


@ripple.command("begin")
@click.argument("kind", type=click.Choice(["machine", "late", "sale", "more", "less", "forecast"]))
@click.argument("fields", nargs=-1)
@folder_option
@json_option
def ripple_begin(kind: str, fields: tuple[str, ...], folder: Path, *, as_json: bool) -> None:
    """Tell partners of a disturbance: hanse ripple begin machine machine=L1 hours=48.

    Fields: machine: machine, hours; late: order (PARTNER|ORDER), quantity, expected; sale: sale,
    quantity, expected; more, less: item, quantity, by; forecast: none. Times as 2026-12-01T12:00.
    """
    values = dict(_pair(field) for field in fields)
    with offline(known(folder)) as context:
        done = asyncio.run(RecordRipples(context).begin(kind, values, by=BY))
    name = done.href.rpartition("/")[2]
    if as_json:
        say_json({"ripple": name, "event": done.event})
    else:
        click.echo(f"{done.text.en}\nhanse ripple show {name}")


def _pair(field: str) -> tuple[str, str]:
    name, found, value = field.partition("=")
    if not found:
        raise BadInput("not a field", subject=field, remedy="Write name=value")
    return name, value
