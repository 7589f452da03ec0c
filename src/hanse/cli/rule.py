"""``hanse rule``: what rules would have done, which there are, and which are armed."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from hanse.cli.folders import folder_option, json_option, known
from hanse.cli.output import say_json, table
from hanse.model.errors import NotFound, Unreachable
from hanse.model.event import Event
from hanse.model.time import Instant, parse_instant
from hanse.node.asking import with_broker
from hanse.node.folder import Folder
from hanse.node.offline import offline
from hanse.store import Tx

SHOWN_MAX = 40
_AGO = re.compile(r"^(\d{1,5})(min|h|d)$")
_UNIT_S = {"min": 60, "h": 3_600, "d": 86_400}


@click.group()
def rule() -> None:
    """Rules: try them on history, list, add, arm, disarm, remove."""


def _moment(text: str, now: Instant) -> Instant:
    """RFC 3339, or ``90min``, ``8h``, ``7d`` ago, or ``now``.

    Raises:
        BadInput: none of these.
    """
    ago = _AGO.match(text)
    if ago:
        return now - dt.timedelta(seconds=int(ago[1]) * _UNIT_S[ago[2]])
    return now if text == "now" else parse_instant(text)


def _read(file: Path) -> str:
    if not file.is_file():
        raise NotFound("there is no such file", subject=str(file))
    return file.read_text(encoding="utf-8", errors="replace")


@rule.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--from", "start", default="24h", help="RFC 3339, or so long ago: 90min, 8h, 7d.")
@click.option("--to", "end", default="now", help="The same, or now.")
@folder_option
@json_option
def test(file: Path, start: str, end: str, folder: Path, *, as_json: bool) -> None:
    """What the rules of FILE would have done on this node's history. Changes nothing."""
    from hanse.node.ruling.trial import answer, question

    home, text = known(folder), _read(file)
    with offline(home) as context:
        now = context.clock.now()
        asked = context.store.read_sync(
            lambda tx: question(
                tx, text, key=file.stem, start=_moment(start, now), end=_moment(end, now)
            )
        )
        tried = answer(asked, context.history, clock=context.clock)
    if as_json:
        say_json(tried)
        return
    rows = [
        (f"{t.start:%m-%d %H:%M:%S}", f"{t.end:%m-%d %H:%M:%S}" if t.end else "…", t.text_en)
        for t in tried.told[:SHOWN_MAX]
    ]
    click.echo(table(rows, ("raised (UTC)", "ended", "what")))
    click.echo(
        f"{tried.alarms} alarms on {len(tried.alarms_by_asset)} of {tried.assets} assets, "
        f"{tried.chatter} of them chatter, active {tried.active_s:,.0f} s; told after "
        f"{tried.delay_mean_s:.1f} s, at worst {tried.delay_worst_s:.1f} s; {tried.samples} samples"
    )


@rule.command("list")
@folder_option
@json_option
def list_(folder: Path, *, as_json: bool) -> None:
    """Every rule: shipped, from a page, from the rules folder."""
    from hanse.node.ruling.book import standing

    with offline(known(folder)) as context:
        found = context.store.read_sync(standing)
    rows = [
        {
            "key": one.rule.key,
            "kind": type(one.rule).__name__.lower(),
            "asset_type": one.rule.asset_type,
            "armed": one.armed,
            "from": one.file.key if one.file else one.pack,
            "version": one.file.number if one.file else 0,
            "title": one.rule.heading,
        }
        for one in found
    ]
    if as_json:
        say_json({"rules": rows})
        return
    heads = ("key", "kind", "asset_type", "armed", "from")
    click.echo(table([[row[h] for h in heads] for row in rows], heads))


@rule.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@folder_option
@json_option
def add(file: Path, folder: Path, *, as_json: bool) -> None:
    """Keep the rules of FILE as their next version; a running node takes them up."""
    from hanse.node.ruling.book import RuleFile, keep

    kept = RuleFile(key=file.stem, text=_read(file))
    _change(known(folder), lambda tx: keep(tx, kept, by="command line"), as_json=as_json)


@rule.command()
@click.argument("key")
@folder_option
@json_option
def remove(key: str, folder: Path, *, as_json: bool) -> None:
    """Take a file of rules away."""
    from hanse.node.ruling.book import forget

    _change(known(folder), lambda tx: forget(tx, key, by="command line"), as_json=as_json)


@rule.command()
@click.argument("key")
@folder_option
@json_option
def arm(key: str, folder: Path, *, as_json: bool) -> None:
    """Let a rule count."""
    _arm(key, folder, armed=True, as_json=as_json)


@rule.command()
@click.argument("key")
@folder_option
@json_option
def disarm(key: str, folder: Path, *, as_json: bool) -> None:
    """Let a rule count no more; its alarms end."""
    _arm(key, folder, armed=False, as_json=as_json)


def _arm(key: str, folder: Path, *, armed: bool, as_json: bool) -> None:
    from hanse.node.ruling import book

    def write(tx: Tx) -> Event:
        return book.arm(tx, key, armed=armed, by="command line")

    _change(known(folder), write, as_json=as_json)


def _change(home: Folder, write: Callable[[Tx], Event | None], *, as_json: bool) -> None:
    with offline(home) as context:
        event: Any = context.store.write_sync(write)
    taken_up = _tell(home)
    if as_json:
        say_json({"event": event.id if event else None, "taken_up": taken_up})
        return
    click.echo(event.text.en if event else "Nothing changed.")
    if not taken_up:
        click.echo("The node takes it up when it runs.", err=True)
    sys.stdout.flush()


def _tell(home: Folder) -> bool:
    from hanse.node.ruling.folder import tell_decide

    try:
        return asyncio.run(with_broker(home, tell_decide))
    except Unreachable:
        return False
