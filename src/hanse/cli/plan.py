"""``hanse plan``: what runs where and when; moves and what-ifs, tried before they are done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from hanse.allocate.versions import between
from hanse.cli.folders import folder_option, json_option, known
from hanse.cli.output import say_json, table
from hanse.model.errors import NotFound
from hanse.model.plan import (
    Compared,
    MachineLoad,
    PlanVersion,
    Relief,
    Search,
    WhatIf,
    WhyLink,
)
from hanse.model.time import Instant, format_minute, parse_instant
from hanse.node.asking import with_broker
from hanse.node.offline import offline
from hanse.node.planning import wire
from hanse.node.planning.alone import plan_alone
from hanse.store import Tx

ANSWER_S = 60.0
BY = "command line"
SHOWN_MAX = 40
A = TypeVar("A")


def asked(folder: Path, command: str, question: object, answer: type[A]) -> A:
    """The plan role's answer to a command.

    Raises:
        Unreachable: the node does not run.
        HanseError: what the plan role refused it for.
    """
    from hanse.transmit.nats.requests import ask

    return asyncio.run(
        with_broker(
            known(folder),
            lambda nats: ask(nats, command, question, answer=answer, wait_s=ANSWER_S),
        )
    )


@click.group(invoke_without_command=True)
@folder_option
@json_option
@click.option("--now", is_flag=True, help="Lay it out from the records, without a node running.")
@click.pass_context
def plan(ctx: click.Context, folder: Path, *, as_json: bool, now: bool) -> None:
    """Show the plan in force; with a command: try, do, look back."""
    if ctx.invoked_subcommand:
        return
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


@plan.command()
@click.argument("order")
@click.argument("step")
@click.argument("machine")
@click.argument("start")
@click.option("--lot", type=click.IntRange(min=0), default=0, help="Which lot of the order.")
@click.option("--do", "do_it", is_flag=True, help="Do it; otherwise it is only tried.")
@folder_option
@json_option
def move(folder: Path, *, as_json: bool, do_it: bool, start: str, **named: Any) -> None:
    """Put an operation on MACHINE from START (RFC 3339) on: tried, or done with --do."""
    question = wire.MoveOperation(start=parse_instant(start), by=BY, **named)
    found = asked(folder, wire.TRY_MOVE, question, Compared)
    made = None
    if do_it:
        made = asked(folder, wire.MOVE, question, wire.PlanChanged)
    _say_tried(found, made, as_json=as_json)


@plan.command()
@click.argument("order")
@click.argument("step")
@click.option("--lot", type=click.IntRange(min=0), default=0, help="Which lot of the order.")
@folder_option
@json_option
def free(order: str, step: str, lot: int, folder: Path, *, as_json: bool) -> None:
    """An operation that was put by hand may be moved again."""
    now = parse_instant("1970-01-01T00:00:00Z")
    question = wire.MoveOperation(order=order, step=step, lot=lot, machine="any", start=now, by=BY)
    _say_done(asked(folder, wire.FREE, question, wire.PlanChanged), as_json=as_json)


@plan.command("what-if")
@click.option("--machine", default="", help="This machine is out for --hours.")
@click.option("--item", default="", help="So many (--quantity) of this item are due in --hours.")
@click.option("--order", default="", help="This order: given up (--quantity 0), or due in --hours.")
@click.option("--calendar", default="", help="Overtime of this calendar from --start is worked.")
@click.option("--start", default="", help="Where the overtime begins (RFC 3339).")
@click.option("--quantity", type=click.IntRange(0, 10**6), default=1, show_default=True)
@click.option("--hours", type=click.FloatRange(0.01, 8_760), default=24.0, show_default=True)
@click.option("--do", "do_it", is_flag=True, help="Adopt it at the cost that is shown.")
@folder_option
@json_option
def what_if(folder: Path, *, as_json: bool, do_it: bool, **named: Any) -> None:
    """What would happen if: dates and money beside those of the live plan."""
    wish = msgspec.convert(named, WhatIf)
    found = asked(folder, wire.WHAT_IF, wish, Compared)
    made = None
    if do_it:
        question = wire.Adopt(what=wish, cost_minor=found.cost_after_minor, by=BY)
        made = asked(folder, wire.ADOPT, question, wire.PlanChanged)
    _say_tried(found, made, as_json=as_json)


def _say_tried(found: Compared, made: wire.PlanChanged | None, *, as_json: bool) -> None:
    if as_json:
        say_json({"tried": found, "done": made})
        return
    if found.placed is not None:
        p = found.placed
        click.echo(f"{p.order} {p.step} would run on {p.machine}, {_span(p.start, p.end)}")
    before, after = found.cost_before_minor / 100, found.cost_after_minor / 100
    click.echo(f"Cost {before:,.2f} -> {after:,.2f}")
    click.echo(f"Late orders {found.late_before} -> {found.late_after}, {found.moved} moved")
    rows = [(h.order, f"{h.seconds / 3_600:.1f} h", h.cost_minor / 100) for h in found.harmed]
    if rows:
        click.echo(table(rows[:SHOWN_MAX], ("harmed", "later than promised", "cost")))
    click.echo(f"Done: plan {made.version}" if made else "Nothing was changed; --do does it")


def _say_done(made: wire.PlanChanged, *, as_json: bool) -> None:
    if as_json:
        say_json(made)
    else:
        click.echo(f"Plan {made.version}")


def _span(start: Instant, end: Instant) -> str:
    return f"{format_minute(start)} to {format_minute(end)}"


@plan.command()
@click.argument("machine", default="")
@folder_option
@json_option
def load(machine: str, folder: Path, *, as_json: bool) -> None:
    """How busy every machine is; with MACHINE, what would relieve it, each tried."""
    if machine:
        found = asked(folder, wire.RELIEF, wire.ReliefAsk(machine=machine), tuple[Relief, ...])
        relief = [(r.saves_minor / 100, r.late_after, r.text.en) for r in found]
        _say_rows(found, relief, ("saves", "late orders then", "what"), as_json=as_json)
        return
    loads = asked(folder, wire.LOADS, "", tuple[MachineLoad, ...])
    rows = [(x.machine, f"{x.share:.0%}", round(x.busy_s / 3_600, 1)) for x in loads]
    _say_rows(loads, rows, ("machine", "busy", "hours"), as_json=as_json)


def _say_rows(
    found: object, rows: Sequence[Sequence[object]], head: Sequence[str], *, as_json: bool
) -> None:
    if as_json:
        say_json(found)
    else:
        click.echo(table(rows, head))


@plan.command()
@click.argument("order")
@folder_option
@json_option
def why(order: str, folder: Path, *, as_json: bool) -> None:
    """Why an order ends when it ends: from its last operation back to what began it."""
    chain = asked(folder, wire.WHY, wire.WhyAsk(order=order), tuple[WhyLink, ...])
    rows = [(k.order, k.step, k.machine, format_minute(k.until), k.text.en) for k in chain]
    head = ("order", "step", "machine", "until (UTC)", "why")
    _say_rows(chain, rows, head, as_json=as_json)


@plan.command()
@folder_option
@json_option
def stop(folder: Path, *, as_json: bool) -> None:
    """End the background search for a better plan; it begins again after the next change."""
    found = asked(folder, wire.STOP_SEARCH, "", Search)
    if as_json:
        say_json(found)
    else:
        click.echo(f"The search is {found.state}; it saved {found.saved_minor / 100:,.2f}")


@plan.command()
@click.argument("numbers", nargs=-1, type=click.IntRange(min=0))
@folder_option
@json_option
def versions(numbers: tuple[int, ...], folder: Path, *, as_json: bool) -> None:
    """Versions, newest first; with two NUMBERS, what changed from the first to the second."""
    with offline(known(folder)) as context:
        if len(numbers) >= 2:
            old = context.store.read_sync(lambda tx: _version(tx, numbers[0]))
            new = context.store.read_sync(lambda tx: _version(tx, numbers[1]))
            _say_between(old, new, as_json=as_json)
            return
        found = context.store.read_sync(_listed)
    rows = [(v["number"], v["made_at"], v["moves"], v["late"], v["cost"]) for v in found]
    _say_rows(found, rows, ("version", "made (UTC)", "moves", "late", "cost"), as_json=as_json)


def _version(tx: Tx, number: int) -> PlanVersion:
    found = tx.plans.get(number)
    if found is None:
        raise NotFound("there is no such plan", subject=f"plan {number}")
    return found


def _listed(tx: Tx) -> list[dict[str, object]]:
    newest = (tx.plans.get(number) for number in tx.plans.numbers()[::-1][:SHOWN_MAX])
    return [
        {
            "number": v.number,
            "made_at": format_minute(v.made_at),
            "moves": len(v.moves),
            "late": sum(s > 0 for s in v.late.values()),
            "cost": v.cost_minor / 100,
        }
        for v in newest
        if v is not None
    ]


def _say_between(old: PlanVersion, new: PlanVersion, *, as_json: bool) -> None:
    found = between(old, new)
    if as_json:
        say_json(found)
        return
    rows = [
        (d.order, d.step, _where(d.was), _where(d.now), d.text.en)
        for d in found.operations[:SHOWN_MAX]
    ]
    click.echo(table(rows, ("order", "step", "was", "is", "why")))
    costs = f"cost {found.cost_before_minor / 100:,.2f} -> {found.cost_after_minor / 100:,.2f}"
    late = f"late orders {found.late_before} -> {found.late_after}"
    click.echo(f"{found.changed} operations, {len(found.dates)} dates; {costs}; {late}")


def _where(given: Any) -> str:
    return "-" if given is None else f"{given.machine} {given.start:%m-%d %H:%M}"
