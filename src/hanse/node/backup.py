"""A whole copy of a node, made while it runs, and a node made from such a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
from msgspec import Struct

from hanse.model.errors import BadInput, Conflict
from hanse.model.ids import Ids
from hanse.model.time import Clock, Instant, to_ns
from hanse.node.context import Context
from hanse.node.folder import Folder
from hanse.node.settings import CONFIG_FILE
from hanse.store import Store
from hanse.store.store import COPIED
from hanse.transmit.history.delta import Log
from hanse.transmit.history.files import SAMPLE_COLUMNS
from hanse.transmit.history.table import HOURS, MINUTES, ROLLUP_COLUMNS, SAMPLES

NOTE = "backup.json"
RECORD = "record.sqlite"
HISTORY = "history"
PLAIN = ("keys", "files")
TABLES = {SAMPLES: SAMPLE_COLUMNS, MINUTES: ROLLUP_COLUMNS, HOURS: ROLLUP_COLUMNS}


class BackupNote(Struct, frozen=True, kw_only=True):
    """What a copy is of. ``bytes`` counts all its files."""

    did: str
    firm: str
    at: Instant
    files: int
    bytes: int


def back_up(context: Context, target: Path, *, history: bool = True) -> BackupNote:
    """Copy settings, keys, record, files and history into an empty folder.

    The record's copy knows that it is one. What is on its way in the broker is not copied: samples
    not yet in the history, events not yet told to the roles (the record has them).

    Raises:
        Conflict: the target holds something already.
        BadConfig: the record is in PostgreSQL, which brings its own ``pg_dump``.
    """
    if target.exists() and any(target.iterdir()):
        raise Conflict("the target is not empty", subject=str(target), remedy="Name another one")
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.chmod(0o700)
    context.store.backup(target / RECORD)
    for name in PLAIN:
        if (context.folder / name).is_dir():
            shutil.copytree(context.folder / name, target / name)
    if (context.folder / CONFIG_FILE).exists():
        shutil.copy2(context.folder / CONFIG_FILE, target / CONFIG_FILE)
    if history:
        for name in TABLES:
            _copy_table(context.history / name, target / HISTORY / name, clock=context.clock)
    every = [p for p in target.rglob("*") if p.is_file()]
    note = BackupNote(
        did=context.identity.did,
        firm=context.settings.firm.name,
        at=context.clock.now(),
        files=len(every),
        bytes=sum(p.stat().st_size for p in every),
    )
    (target / NOTE).write_bytes(msgspec.json.encode(note))
    return note


def _copy_table(table: Path, target: Path, *, clock: Clock) -> None:
    """A table as of now: its log first, then the files it names, which outlive it by an hour."""
    if not table.is_dir():
        return
    shutil.copytree(
        table / "_delta_log", target / "_delta_log", ignore=shutil.ignore_patterns(".*")
    )
    for path in Log(target, TABLES[table.name], clock=clock).state.files:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(table / path, target / path)


def restore(source: Path, folder: Folder, *, clock: Clock, ids: Ids) -> BackupNote:
    """Make a node in a folder from a copy.

    At its first start it exchanges heads with every partner before it signs anything, so that no
    ledger forks, and numbers its letters on behind what partners have seen.

    Raises:
        BadInput: the source is no copy of a node.
        Conflict: there is a node in the folder.
    """
    try:
        note = msgspec.json.decode((source / NOTE).read_bytes(), type=BackupNote)
    except (OSError, msgspec.MsgspecError) as error:
        raise BadInput(
            f"no copy of a node is there ({error})", subject=str(source), remedy="See hanse backup"
        ) from error
    if any((folder / name).exists() for name in (RECORD, CONFIG_FILE, "keys")):
        raise Conflict(
            "there is a node already", subject=str(folder.path), remedy="Choose an empty folder"
        )
    shutil.copytree(source, folder.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns(NOTE))
    folder.make()
    with Store.open(folder.record_url, clock=clock, ids=ids) as record:
        if record.copied_ns is None:
            record.write_sync(lambda tx: tx.settings.put(COPIED, to_ns(note.at)))
    return note
