"""Child processes that live as long as their supervisor and are started again when they die."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import signal
import sys
from pathlib import Path

import structlog

from hanse.model.time import Clock

STOP_S = 8.0
PAUSE_FIRST_S = 0.2
PAUSE_MAX_S = 10.0
STEADY_S = 30.0
_PR_SET_PDEATHSIG = 1

log = structlog.get_logger("supervisor")


def die_with_parent() -> None:
    """In the child, before it runs: end it when its parent ends (Linux prctl 2)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One command kept running: started, watched, started again with growing pauses.

    Args:
        name: what logs and the status page call it.
        command: the program and its arguments, no shell.
        log_file: where its standard output and error go.
        clock: to tell a steady run from a crash loop.
    """

    def __init__(self, name: str, command: list[str], *, log_file: Path, clock: Clock) -> None:
        self.name = name
        self.restarts = 0
        self._command = command
        self._log_file = log_file
        self._clock = clock
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The running process, None between two."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def keep(self) -> None:
        """Run for ever; when cancelled, ask the process to end, then make it end."""
        pause_s = PAUSE_FIRST_S
        try:
            while True:
                began_s = self._clock.monotonic_s()
                code = await self._run_once()
                steady = self._clock.monotonic_s() - began_s > STEADY_S
                pause_s = PAUSE_FIRST_S if steady else min(pause_s * 2, PAUSE_MAX_S)
                self.restarts += 1
                log.warning("ended", part=self.name, code=code, again_in_s=pause_s)
                await asyncio.sleep(pause_s)
        finally:
            await self.stop()

    async def stop(self) -> None:
        """End the process: SIGTERM, then SIGKILL after STOP_S."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _run_once(self) -> int:
        with self._log_file.open("ab") as log_file:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                preexec_fn=die_with_parent,
            )
        return await self._process.wait()
