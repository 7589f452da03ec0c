"""`hanse up`: one light process that holds the folder and keeps broker and roles alive."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

import structlog

from hanse.model.time import Clock
from hanse.node.broker import KeptBroker
from hanse.node.children import Child
from hanse.node.folder import Folder, FolderLock
from hanse.node.identity import load_identity
from hanse.node.settings import RoleName, Settings, read_settings

log = structlog.get_logger("supervisor")


Roles = tuple[RoleName, ...]


def processes_of(roles: Iterable[RoleName], *, deciding: int = 1) -> dict[str, Roles]:
    """Which process runs which roles: the scheduler burns CPU and stands alone.

    ``deciding`` processes share the partitions of the role decide; the first is with the others.
    """
    wanted = tuple(roles)
    split: dict[str, Roles] = {"core": tuple(role for role in wanted if role != "plan")}
    split["plan"] = tuple(role for role in wanted if role == "plan")
    more = range(2, deciding + 1) if "decide" in wanted else ()
    split |= {f"decide-{number}": ("decide",) for number in more}
    return {name: its for name, its in split.items() if its}


def role_command(folder: Path, roles: tuple[RoleName, ...]) -> list[str]:
    """The command line of one process of roles."""
    return [sys.executable, "-m", "hanse.node.process", str(folder), ",".join(roles)]


class Supervisor:
    """Runs one node from its folder until told to stop.

    Args:
        folder: the node's folder; what is missing in it is made.
        clock: the real clock.
        roles: which roles to run here; empty: what the settings say.
    """

    def __init__(self, folder: Path, *, clock: Clock, roles: tuple[RoleName, ...] = ()) -> None:
        self._folder = Folder(folder)
        self._clock = clock
        self._roles = roles
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Start everything, keep it alive, stop it in order on SIGTERM or SIGINT.

        Raises:
            Conflict: the node is running already.
            BadConfig: the settings cannot be used.
        """
        self._folder.make()
        settings = read_settings(self._folder.path)
        self._listen_to_signals()
        with FolderLock(self._folder):
            identity = load_identity(self._folder, clock=self._clock, hosts=(settings.web.host,))
            broker = KeptBroker(self._folder, settings, identity.broker_password)
            embedded = [] if settings.broker.url else [asyncio.create_task(broker.keep())]
            parts = [asyncio.create_task(child.keep()) for child in self._children(settings)]
            log.info("up", folder=str(self._folder.path), roles=self._roles or settings.roles)
            await self._stopping.wait()
            await _cancel(parts)
            await _cancel(embedded)
            await broker.stop()

    def stop(self) -> None:
        """Ask for an orderly end."""
        self._stopping.set()

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)

    def _children(self, settings: Settings) -> list[Child]:
        wanted = processes_of(self._roles or settings.roles, deciding=settings.decide.processes)
        return [
            Child(
                name,
                role_command(self._folder.path, roles),
                log_file=self._folder / "logs" / f"{name}.log",
                clock=self._clock,
            )
            for name, roles in wanted.items()
        ]


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
