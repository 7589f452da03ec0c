"""``hanse verify`` and ``hanse doctor``: does everything hold, does everything run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hanse.cli.folders import folder_option, json_option, known
from hanse.cli.output import NO, say_json, table
from hanse.node.doctor import examine, publishing
from hanse.node.offline import offline


@click.command()
@folder_option
@json_option
def verify(folder: Path, *, as_json: bool) -> None:
    """Check every invariant of the node's own records. Exit code 1 when something does not hold."""
    from hanse.store.verify import verify as check

    with offline(known(folder)) as context:
        report = check(context.store)
    if as_json:
        say_json({"ok": report.ok, "looked_at": report.looked_at, "findings": report.findings})
    else:
        click.echo(table(sorted(report.looked_at.items()), ("check", "looked at")))
        for finding in report.findings:
            click.echo(f"{finding.check}: {finding.subject}: {finding.text.en}", err=True)
        click.echo("Everything holds." if report.ok else "Something does not hold.")
    sys.exit(0 if report.ok else NO)


@click.command()
@folder_option
@json_option
def doctor(folder: Path, *, as_json: bool) -> None:
    """Look at the node from outside: settings, keys, broker, door, disk; say what to do."""
    found = examine(known(folder))
    wrong = [one for one in found if not one.ok]
    if as_json:
        say_json({"ok": not wrong, "checks": found})
    else:
        rows = [("ok" if c.ok else "WRONG", c.name, c.said, c.remedy) for c in found]
        click.echo(table(rows, ("", "check", "found", "what to do")))
        click.echo(publishing(known(folder)))
    sys.exit(NO if wrong else 0)
