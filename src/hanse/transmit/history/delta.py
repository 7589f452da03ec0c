"""The log of a Delta Lake table: which files are it, changed by atomic, synced commits.

Only what a table of one kind of writer needs of the Delta protocol (reader 1, writer 2): protocol,
metaData, add, remove, txn and commitInfo in ``_delta_log/<version>.json``, and checkpoints. Other
engines read the table as any other; `deltalake` makes the checkpoints. Written here because an
acknowledgement needs the commit on disk, and because it costs no library and no memory.

Source: Delta Transaction Log Protocol, github.com/delta-io/delta/blob/master/PROTOCOL.md.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec import Struct

from hanse.model.errors import Broken, Conflict
from hanse.model.time import Clock

LOG = "_delta_log"
COMMIT_TRIES_MAX = 20
ENGINE = "Hanse"
_VERSION = re.compile(r"(\d{20})\.json")


class File(Struct, frozen=True, kw_only=True):
    """A Parquet file of the table. Times are microseconds; the last one is inclusive."""

    path: str
    kept: str
    day: str
    size: int
    rows: int
    signal_min: int
    signal_max: int
    at_min_us: int
    at_max_us: int


class State(Struct, frozen=True, kw_only=True):
    """A version of the table: its files by path, the spans it covers, and what was removed when."""

    version: int = -1
    files: dict[str, File] = {}
    spans: dict[str, int] = {}
    removed_ms: dict[str, int] = {}


class Column(Struct, frozen=True):
    """A column's name and Delta type."""

    name: str
    type: str


class Log:
    """The log of one table. One thread at a time commits; states are values and may be shared."""

    def __init__(self, folder: Path, columns: Sequence[Column], *, clock: Clock) -> None:
        self.folder = folder
        self._log = folder / LOG
        self._clock = clock
        self._log.mkdir(mode=0o750, parents=True, exist_ok=True)
        self.state = State()
        self.refresh()
        if self.state.version < 0:
            with contextlib.suppress(Conflict):
                self._write(0, self._birth(columns))
            self.refresh()

    def refresh(self) -> State:
        """Read what was committed since, by whomever.

        Raises:
            Broken: a commit cannot be read.
        """
        state = self.state if self.state.version >= 0 else self._checkpoint()
        while (path := self._path(state.version + 1)).exists():
            state = _after(state, path)
        self.state = state
        return state

    def commit(
        self,
        *,
        add: Sequence[File] = (),
        remove: Iterable[str] = (),
        spans: Mapping[str, int] | None = None,
        operation: str = "WRITE",
    ) -> State:
        """Change the table in one step; returns when the disk has it.

        Raises:
            Conflict: a file to be removed is no longer there: someone else merged it.
            OSError: the disk refuses; nothing was changed.
        """
        gone = list(remove)
        for _ in range(COMMIT_TRIES_MAX):
            missing = [p for p in gone if p not in self.state.files]
            if missing:
                raise Conflict("a file was merged by someone else", subject=missing[0])
            actions = self._actions(add, gone, spans or {}, operation)
            try:
                self._write(self.state.version + 1, actions)
            except Conflict:
                self.refresh()
                continue
            return self.refresh()
        raise Conflict("others keep changing the table", subject=str(self.folder))

    def version_path(self) -> Path:
        """Where the next commit will stand: it exists as soon as someone committed."""
        return self._path(self.state.version + 1)

    def _path(self, version: int) -> Path:
        return self._log / f"{version:020d}.json"

    def _actions(
        self, add: Sequence[File], remove: Sequence[str], spans: Mapping[str, int], operation: str
    ) -> list[dict[str, Any]]:
        now_ms = self._clock.ns() // 1_000_000
        merged = bool(remove) and bool(add)
        files = self.state.files
        return [
            {"commitInfo": {"timestamp": now_ms, "operation": operation, "engineInfo": ENGINE}},
            *({"txn": {"appId": k, "version": v, "lastUpdated": now_ms}} for k, v in spans.items()),
            *({"remove": _removal(files[p], now_ms, data_change=not merged)} for p in remove),
            *({"add": _addition(f, now_ms, data_change=not merged)} for f in add),
        ]

    def _birth(self, columns: Sequence[Column]) -> list[dict[str, Any]]:
        now_ms = self._clock.ns() // 1_000_000
        name = f"{self.folder.resolve()}#{now_ms}"
        fields = [
            {"name": c.name, "type": c.type, "nullable": True, "metadata": {}} for c in columns
        ]
        meta = {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
            "name": self.folder.name,
            "format": {"provider": "parquet", "options": {}},
            "schemaString": json.dumps({"type": "struct", "fields": fields}),
            "partitionColumns": ["kept", "day"],
            "configuration": {},
            "createdTime": now_ms,
        }
        return [
            {
                "commitInfo": {
                    "timestamp": now_ms,
                    "operation": "CREATE TABLE",
                    "engineInfo": ENGINE,
                }
            },
            {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
            {"metaData": meta},
        ]

    def _write(self, version: int, actions: Iterable[Mapping[str, Any]]) -> None:
        """Put a version in place, whole or not at all; raises `Conflict` if it is taken."""
        temporary = self._log / f".{version}.{os.getpid()}.{threading.get_ident()}.tmp"
        lines = b"\n".join(msgspec.json.encode(a) for a in actions) + b"\n"
        with temporary.open("wb") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, self._path(version))
        except FileExistsError as error:
            raise Conflict("that version was written by someone else") from error
        finally:
            temporary.unlink()
        sync_folder(self._log)

    def _checkpoint(self) -> State:
        """The state at the last checkpoint, or before the first version."""
        pointer = self._log / "_last_checkpoint"
        if not pointer.exists():
            return State()
        version = int(json.loads(pointer.read_text())["version"])
        path = self._log / f"{version:020d}.checkpoint.parquet"
        return _of_checkpoint(path, version)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _after(state: State, path: Path) -> State:
    """The state after a commit."""
    files, spans, removed = dict(state.files), dict(state.spans), dict(state.removed_ms)
    try:
        actions = [msgspec.json.decode(line) for line in path.read_bytes().splitlines() if line]
        for action in actions:
            _apply(action, files, spans, removed)
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        raise Broken(
            f"a commit of the history table cannot be read ({error})",
            subject=str(path),
            remedy="Restore this file from a backup, or open the table at the version before",
        ) from error
    return State(version=state.version + 1, files=files, spans=spans, removed_ms=removed)


def _apply(
    action: Mapping[str, Any],
    files: dict[str, File],
    spans: dict[str, int],
    removed: dict[str, int],
) -> None:
    if (add := action.get("add")) is not None:
        file = _file(add)
        files[file.path] = file
        removed.pop(file.path, None)
    elif (remove := action.get("remove")) is not None:
        path = unquote(remove["path"])
        files.pop(path, None)
        removed[path] = int(remove.get("deletionTimestamp") or 0)
    elif (txn := action.get("txn")) is not None:
        spans[txn["appId"]] = int(txn["version"])


def _of_checkpoint(path: Path, version: int) -> State:
    import pyarrow.parquet as pq

    files: dict[str, File] = {}
    spans: dict[str, int] = {}
    removed: dict[str, int] = {}
    table = pq.read_table(path, columns=["add", "remove", "txn"])
    for row in table.to_pylist():
        for name in ("add", "remove", "txn"):
            content = row.get(name)
            if content and (content.get("path") or content.get("appId")):
                _apply({name: content}, files, spans, removed)
    return State(version=version, files=files, spans=spans, removed_ms=removed)


def _file(add: Mapping[str, Any]) -> File:
    stats = json.loads(add["stats"])
    partition = dict(add["partitionValues"])
    low, high = stats["minValues"], stats["maxValues"]
    return File(
        path=unquote(add["path"]),
        kept=partition["kept"],
        day=partition["day"],
        size=int(add["size"]),
        rows=int(stats["numRecords"]),
        signal_min=int(low["signal"]),
        signal_max=int(high["signal"]),
        at_min_us=_us(low["time"]),
        at_max_us=_us(high["time"]) + 999,
    )


def _addition(file: File, now_ms: int, *, data_change: bool) -> dict[str, Any]:
    stats = {
        "numRecords": file.rows,
        "minValues": {"signal": file.signal_min, "time": _text(file.at_min_us)},
        "maxValues": {"signal": file.signal_max, "time": _text(file.at_max_us)},
        "nullCount": {"signal": 0, "time": 0},
    }
    return {
        "path": file.path,
        "partitionValues": {"kept": file.kept, "day": file.day},
        "size": file.size,
        "modificationTime": now_ms,
        "dataChange": data_change,
        "stats": json.dumps(stats),
    }


def _removal(file: File, now_ms: int, *, data_change: bool) -> dict[str, Any]:
    return {
        "path": file.path,
        "deletionTimestamp": now_ms,
        "dataChange": data_change,
        "extendedFileMetadata": True,
        "partitionValues": {"kept": file.kept, "day": file.day},
        "size": file.size,
    }


def _text(us: int) -> str:
    """An instant cut to the millisecond, as Delta statistics have it."""
    import numpy as np

    return str(np.datetime64(us // 1_000, "ms")) + "Z"


def _us(text: str) -> int:
    import numpy as np

    return int(np.datetime64(text.removesuffix("Z"), "us").astype(np.int64))
