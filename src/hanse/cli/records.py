"""``hanse import`` and ``hanse export``: records in from files, and out to files."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from nats.aio.client import Client

from hanse.cli.folders import folder_option, json_option, known
from hanse.cli.output import NO, say_json
from hanse.links.imports import KINDS, Setting, read_file
from hanse.model.errors import BadInput, NotFound, Unreachable
from hanse.node.asking import with_broker
from hanse.node.folder import Folder
from hanse.node.offline import offline
from hanse.node.pages.equipment import take_in_file
from hanse.node.planning import wire
from hanse.node.records import loose_in
from hanse.transmit.nats.requests import ask

RELOAD_S = 60.0


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--kind", type=click.Choice(list(KINDS)), help="What the file holds, if not clear.")
@folder_option
@json_option
def import_(files: tuple[Path, ...], kind: str | None, folder: Path, *, as_json: bool) -> None:
    """Take CSV or XLSX files in: good rows are kept, each bad row is named with what to do.

    What the files name and no file has given yet is said too, and fails nothing.
    """
    told: list[dict[str, object]] = []
    kinds: set[str] = set()
    with offline(known(folder)) as context:
        zone = ZoneInfo(context.settings.firm.timezone)
        for path in files:
            if not path.exists():
                raise NotFound("there is no such file", subject=str(path))
            setting = Setting(now=context.clock.now(), timezone=zone)
            found = read_file(path.name, path.read_bytes(), setting=setting, kind=kind)
            counts = asyncio.run(take_in_file(context, path.name, found, by="command line"))
            problems = [p.in_("en") for p in found.problems]
            told.append({"file": str(path), "kept": counts, "problems": problems})
            kinds |= set(counts)
        ends = context.store.read_sync(lambda tx: loose_in(tx, kinds))
        loose = [p.in_("en") for p in ends]
    asyncio.run(plan_again(known(folder)))
    if as_json:
        say_json({"files": told, "loose": loose})
    else:
        for one in told:
            click.echo(f"{one['file']}: kept {one['kept']}")
            for problem in one["problems"]:  # type: ignore[attr-defined]
                click.echo(f"  {problem}", err=True)
        for end in loose:
            click.echo(f"  {end}", err=True)
    sys.exit(NO if any(one["problems"] for one in told) else 0)


async def plan_again(home: Folder) -> None:
    """Have a running node lay its plan out from the new records; one that stands does at start."""

    async def tell(nats: Client) -> None:
        for command in ("collect.reload", "decide.reload"):
            await ask(nats, command, "", answer=bool)
        question = wire.Reload()
        await ask(nats, wire.RELOAD, question, answer=wire.PlanChanged, wait_s=RELOAD_S)

    try:
        await with_broker(home, tell)
    except Unreachable as error:
        click.echo(f"The plan follows when the node runs ({error.what}).", err=True)
    except BadInput as error:
        click.echo(f"Kept, but not planned yet: {error}", err=True)


@click.command()
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@folder_option
@json_option
def export(target: Path, folder: Path, *, as_json: bool) -> None:
    """Write a whole copy of the record and every ledger into a folder, readable by anyone."""
    from hanse.node.exporting import export_all

    with offline(known(folder)) as context:
        written = export_all(context, target)
    if as_json:
        say_json({"files": written})
    else:
        click.echo("\n".join(written))
