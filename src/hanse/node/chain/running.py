"""A chain at work: the processes, kept alive, and when every node is ready."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Self

import httpx

from hanse.model.errors import Unreachable
from hanse.model.time import Clock
from hanse.node.chain.equip import PLANTS_FILE
from hanse.node.chain.lay import Laid
from hanse.node.children import Child

READY_S = 240.0
POLL_S = 0.5


class RunningChain:
    """The processes of a chain: ``async with RunningChain(...)`` starts and stops them all.

    Args:
        folder: where the chain was laid out.
        laid: its folders and ports.
        clock: the real clock.
    """

    def __init__(self, folder: Path, laid: Laid, clock: Clock) -> None:
        self.folder = folder
        self.laid = laid
        self._clock = clock
        self.children = {"plants": self._plants(), **{k: self._node(k) for k in laid.folders}}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start every process."""
        self._tasks = [asyncio.create_task(child.keep()) for child in self.children.values()]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop every process; nothing is left running."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def pids(self) -> list[int]:
        """The processes that run now; their children are not counted here."""
        return [child.pid for child in self.children.values() if child.pid is not None]

    async def ready(self) -> None:
        """Wait until every node says that it is ready.

        Raises:
            Unreachable: one does not within READY_S; its logs tell why.
        """
        try:
            async with asyncio.timeout(READY_S), httpx.AsyncClient(verify=False) as client:  # noqa: S501 (loopback, own nodes)
                await asyncio.gather(*(self._ready(client, key) for key in self.laid.folders))
        except TimeoutError as error:
            raise Unreachable(
                f"the chain is not ready within {READY_S:.0f} s",
                subject=str(self.folder),
                remedy="See logs/core.log and logs/plan.log in the firms' folders",
            ) from error

    async def _ready(self, client: httpx.AsyncClient, key: str) -> None:
        url = f"https://127.0.0.1:{self.laid.web_ports[key]}/readyz"
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = await client.get(url, timeout=5.0)
                if answer.status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(POLL_S)

    def _plants(self) -> Child:
        command = [sys.executable, "-m", "hanse.node.chain.plants", str(self.folder / PLANTS_FILE)]
        return self._child("plants", command)

    def _node(self, key: str) -> Child:
        return self._child(key, [sys.executable, "-m", "hanse.node.up", self.laid.folders[key]])

    def _child(self, name: str, command: list[str]) -> Child:
        log_file = self.folder / f"{name}.log"
        return Child(name, command, log_file=log_file, clock=self._clock)
