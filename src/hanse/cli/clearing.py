"""``hanse clearing``: call partners to clear together, see what came of it, try it alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from hanse.cli.folders import folder_option, json_option, known
from hanse.cli.output import say_json, table
from hanse.node.offline import offline
from hanse.node.pages.clearings import RecordClearings
from hanse.web.views.clearing import DAYS_MAX, HOURS_MAX, ConveneForm, TrialRow


@click.group()
def clearing() -> None:
    """A group of firms puts needs and free capacity together; nobody is bound by it."""


@clearing.command("open")
@click.option("--members", "-m", multiple=True, required=True, help="A partner's DID; repeatable.")
@click.option("--closing", default=24.0, type=click.FloatRange(0.01, HOURS_MAX), help="Hours.")
@click.option("--days", default=30.0, type=click.FloatRange(0.1, DAYS_MAX), help="Looks ahead.")
@click.option("--note", default="")
@folder_option
@json_option
def clearing_open(members: tuple[str, ...], folder: Path, *, as_json: bool, **more: object) -> None:
    """Call partners; statements are taken until closing, then each is told its own pairs."""
    form = ConveneForm(
        members=tuple(did for given in members for did in given.split(",") if did),
        hours=float(str(more["closing"])),
        days=float(str(more["days"])),
        note=str(more["note"]),
    )
    with offline(known(folder)) as context:
        done = asyncio.run(RecordClearings(context).convene(form, by="command line"))
    if as_json:
        say_json({"event": done.event, "text": done.text.en})
    else:
        click.echo(done.text.en)


@clearing.command("list")
@folder_option
@json_option
def clearing_list(folder: Path, *, as_json: bool) -> None:
    """Clearings we convened or take part in, and what was proposed to us."""
    with offline(known(folder)) as context:
        view = asyncio.run(RecordClearings(context).view())
    if as_json:
        say_json({"clearings": view.rows})
        return
    for row in view.rows:
        click.echo(f"{row.id}  {row.convener}  {row.state.label.en}  closes {row.closing}")
        pairs = [
            ("buy" if p.buys else "sell", p.item, p.quantity, p.price, p.firm) for p in row.pairs
        ]
        if pairs:
            click.echo(table(pairs, ("", "item", "quantity", "price", "firm")))


@clearing.command("try")
@folder_option
@json_option
def clearing_try(folder: Path, *, as_json: bool) -> None:
    """Our open requests and valid offers cleared at once, beside what was chosen."""
    with offline(known(folder)) as context:
        found = asyncio.run(RecordClearings(context).trial())
    if as_json:
        say_json(found)
        return
    rows = [
        (
            r.request,
            r.item,
            r.quantity,
            ", ".join(r.chosen),
            _other(r),
        )
        for r in found.rows
    ]
    click.echo(table(rows, ("request", "item", "wanted", "as chosen", "all at once, if different")))
    click.echo(f"as chosen: {found.chosen}, unmet {found.chosen_unmet}")
    click.echo(f"all at once: {found.together}, unmet {found.together_unmet}")


def _other(row: TrialRow) -> str:
    return "" if row.same else ", ".join(row.together)
