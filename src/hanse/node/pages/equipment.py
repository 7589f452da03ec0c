"""Files with records, checked and taken in."""

from __future__ import annotations

import hashlib
from zoneinfo import ZoneInfo

import msgspec

from hanse.links.imports import Problem, Setting, read_file
from hanse.links.imports.read import Imported
from hanse.model.errors import NotFound, Unreachable
from hanse.model.event import Draft
from hanse.model.text import Text
from hanse.node.context import Context
from hanse.node.planning import wire
from hanse.node.records import loose_in, put_records
from hanse.packs.load import load_shipped
from hanse.store import Tx
from hanse.transmit.nats.requests import ask
from hanse.web.views.connecting import (
    BadRow,
    ImportReport,
    SampleFile,
)

REPORTS_MAX = 20
BAD_SHOWN_MAX = 200
ROWS_SHOWN_MAX = 20


class RecordImports:
    """A `hanse.web.ports.Imports`. Checked files wait in memory, the newest REPORTS_MAX."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: dict[str, tuple[Imported, ImportReport]] = {}

    async def samples(self) -> tuple[SampleFile, ...]:
        """Files that ship, to start from."""
        pack = load_shipped("machining")
        return tuple(SampleFile(name=n, about=pack.about) for n in sorted(pack.samples))

    async def sample(self, name: str) -> bytes:
        """One of them."""
        found = load_shipped("machining").samples.get(name)
        if found is None:
            raise NotFound("there is no such sample", subject=name)
        return found

    async def check(self, file: str, content: bytes, *, by: str) -> ImportReport:
        """Read a file without taking it in."""
        del by
        zone = ZoneInfo(self._context.settings.firm.timezone)
        setting = Setting(now=self._context.clock.now(), timezone=zone)
        found = read_file(file, content, setting=setting)
        key = hashlib.sha256(content).hexdigest()[:20]
        report = _report(key, file, found)
        while len(self._waiting) >= REPORTS_MAX:
            self._waiting.pop(next(iter(self._waiting)))
        self._waiting[key] = (found, report)
        return report

    async def one(self, report: str) -> ImportReport:
        """The report of a file that was checked or taken in."""
        return self._need(report)[1]

    async def apply(self, report: str, *, by: str) -> ImportReport:
        """Take the good rows in; the plan follows."""
        found, seen = self._need(report)
        await take_in_file(self._context, seen.file, found, by=by)
        kinds = {sheet.kind for sheet in found.sheets}
        loose = await self._context.store.read(lambda tx: loose_in(tx, kinds))
        applied = msgspec.structs.replace(
            seen, applied=True, loose=tuple(_bad_row(p) for p in loose[:BAD_SHOWN_MAX])
        )
        self._waiting[report] = (found, applied)
        return applied

    def _need(self, report: str) -> tuple[Imported, ImportReport]:
        if report not in self._waiting:
            raise NotFound("this file was not checked", subject=report, remedy="Choose it again")
        return self._waiting[report]


async def take_in_file(context: Context, file: str, found: Imported, *, by: str) -> dict[str, int]:
    """Keep the good rows of a file and have the plan laid out again."""
    values = {s.kind: found.values(s.kind) for s in found.sheets if s.kind}

    def write(tx: Tx) -> dict[str, int]:
        counts = put_records(tx, values)
        said = ", ".join(f"{n} {kind}" for kind, n in counts.items())
        text = Text(f"{file} was taken in: {said}", f"已导入 {file}:{said}")
        draft = Draft(
            kind="links.file_imported", subject=file, text=text, by=by, about=dict(counts)
        )
        tx.events.append(draft)
        return counts

    counts = await context.store.write(write)
    if context.nats is not None:
        try:
            question = wire.Reload()
            await ask(context.nats, wire.RELOAD, question, answer=wire.PlanChanged, wait_s=30.0)
        except Unreachable:
            return counts  # the plan role reads the record when it starts
    return counts


def _bad_row(problem: Problem) -> BadRow:
    return BadRow(
        row=problem.row, column=problem.column, value="", what=problem.what, remedy=problem.remedy
    )


def _report(key: str, file: str, found: Imported) -> ImportReport:
    good = [v for sheet in found.sheets for v in sheet.values]
    problems = found.problems
    first = good[0].__struct_fields__ if good else ()
    return ImportReport(
        id=key,
        file=file,
        kind=", ".join(s.kind for s in found.sheets if s.kind),
        good=len(good),
        bad=tuple(_bad_row(p) for p in problems[:BAD_SHOWN_MAX]),
        bad_count=len(problems),
        columns=tuple(first),
        rows=tuple(
            tuple(str(getattr(v, f, ""))[:60] for f in first) for v in good[:ROWS_SHOWN_MAX]
        ),
    )
