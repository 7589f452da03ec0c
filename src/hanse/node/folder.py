"""The folder of a node: where each thing lies, and who holds it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from hanse.model.errors import Conflict, NotAllowed

SUBFOLDERS = ("keys", "nats", "history", "spool", "files", "logs", "run", "rules")
_OTHERS = 0o077


class Folder:
    """Paths of one node's folder; makes what is missing."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    def make(self) -> None:
        """Create the folder and its rooms; ``keys`` is for the owner alone.

        Raises:
            NotAllowed: the folder cannot be written.
        """
        try:
            for name in SUBFOLDERS:
                (self.path / name).mkdir(parents=True, exist_ok=True)
            (self.path / "keys").chmod(0o700)
        except OSError as error:
            raise NotAllowed(
                f"the folder cannot be written ({error.strerror})",
                subject=str(self.path),
                remedy="Choose another with --folder, or give yourself the right to write it",
            ) from error

    def __truediv__(self, name: str) -> Path:
        """A path inside."""
        return self.path / name

    @property
    def record_url(self) -> str:
        """The default record."""
        return f"sqlite:///{self.path / 'record.sqlite'}"

    def run_file(self, name: str) -> Path:
        """Where a running part writes what others must know (ports, pids)."""
        return self.path / "run" / name


def write_secret(path: Path, data: bytes) -> None:
    """Write a file only its owner can read, whole or not at all."""
    partial = path.with_suffix(path.suffix + ".new")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_secret(path: Path) -> bytes:
    """Read a secret file.

    Raises:
        NotAllowed: others than the owner may read it.
    """
    if path.stat().st_mode & _OTHERS:
        raise NotAllowed(
            "others may read this secret", subject=str(path), remedy=f"chmod 600 {path.name}"
        )
    return path.read_bytes()


class FolderLock:
    """Holds a node's folder for one supervisor; released when the process ends, however it ends."""

    def __init__(self, folder: Folder) -> None:
        self._path = folder / "run" / "lock"
        self._file: int | None = None

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            Conflict: another supervisor runs this node.
        """
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise Conflict(
                "this node is running already",
                subject=str(self._path.parents[1]),
                remedy="Stop it first, or choose another folder",
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go."""
        if self._file is not None:
            os.close(self._file)
