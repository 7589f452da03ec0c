"""``hanse demo``: a chain of sample firms on this machine; a machine fails, the loop closes."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

import click

from hanse.cli.output import NO, OK, say_json
from hanse.node.chain.lay import Wishes
from hanse.node.chain.showing import show
from hanse.node.chain.telling import Report, play_and_check
from hanse.node.logs import configure_logs

FOLDER = Path("hanse-demo")


@click.command()
@click.option("--once", is_flag=True, help="Play the story once, check everything, and end.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object (with --once).")
@click.option("--ask", is_flag=True, help="Policies so tight that a person is asked first.")
@click.option(
    "--replay",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder of real recordings, in place of the failing machine.",
)
@click.option("--speed", type=click.FloatRange(0.01, 3_600), help="Speed-up of the plants.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Where the chain lies; ./{FOLDER} by default.",
)
@click.option("--fresh", is_flag=True, help="Forget what lies there and begin anew.")
@click.option("--browser/--no-browser", default=True, help="Open the page.")
def demo(
    *,
    once: bool,
    as_json: bool,
    ask: bool,
    replay: Path | None,
    speed: float | None,
    folder: Path | None,
    fresh: bool,
    browser: bool,
) -> None:
    """A pump works, three machining shops and a steel stockholder, each a node of its own."""
    configure_logs("warning")
    wishes = Wishes(speed_up=speed, ask=ask, replay=str(replay.resolve()) if replay else "")
    if once:
        told = _once(folder, wishes)
        if as_json:
            say_json(told)
        else:
            click.echo(told.in_words())
        sys.exit(OK if told.ok else NO)
    where = folder or FOLDER
    if fresh:
        shutil.rmtree(where, ignore_errors=True)
    asyncio.run(show(where, wishes, say=click.echo, browser=browser))


def _once(folder: Path | None, wishes: Wishes) -> Report:
    if folder is not None:
        return asyncio.run(play_and_check(folder, wishes))
    with tempfile.TemporaryDirectory(prefix="hanse-demo-") as made:
        return asyncio.run(play_and_check(Path(made), wishes))
