"""A connector's memory in a folder: one small file a key, replaced as a whole."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from hanse.collect.ports import MEMORY_TEXT_MAX
from hanse.model.errors import TooMuch


class MemoryInFolder:
    """Keeps texts by key in files; a power cut leaves the old one or the new one."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is made when there is something to keep."""
        self._folder = folder

    def get(self, key: str) -> str:
        """What was kept, empty if nothing was."""
        try:
            return self._file(key).read_text()
        except FileNotFoundError:
            return ""

    def put(self, key: str, text: str) -> None:
        """Keep a text for good.

        Raises:
            TooMuch: more than MEMORY_TEXT_MAX characters.
        """
        if len(text) > MEMORY_TEXT_MAX:
            raise TooMuch(f"more than {MEMORY_TEXT_MAX} characters to remember", subject=key)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self._file(key)
        new = file.with_suffix(".new")
        with new.open("w") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        new.replace(file)

    def _file(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.txt"
