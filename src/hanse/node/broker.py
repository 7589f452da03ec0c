"""Keeping the embedded broker alive, on the same port and with the same password."""

from __future__ import annotations

import asyncio

import msgspec
import structlog
from msgspec import Struct

from hanse.model.errors import HanseError, Unreachable
from hanse.node.children import PAUSE_FIRST_S, PAUSE_MAX_S
from hanse.node.folder import Folder
from hanse.node.settings import Settings
from hanse.transmit.nats.server import Broker, BrokerConfig, start

USER = "node"
WAIT_S = 30.0
_NOTE = "broker.json"

log = structlog.get_logger("broker")


class BrokerNote(Struct, frozen=True):
    """What the node's parts must know to reach the broker."""

    url: str
    pid: int = 0


def read_note(folder: Folder) -> BrokerNote | None:
    """Where the broker was last seen, None before its first start."""
    path = folder.run_file(_NOTE)
    try:
        return msgspec.json.decode(path.read_bytes(), type=BrokerNote)
    except (OSError, msgspec.MsgspecError):
        return None


async def broker_url(folder: Folder, settings: Settings) -> str:
    """Where the broker is: the settings' cluster, or the embedded one as soon as it has started.

    Raises:
        Unreachable: the embedded broker has not started within WAIT_S.
    """
    if settings.broker.url:
        return settings.broker.url
    for _ in range(int(WAIT_S * 20)):
        note = read_note(folder)
        if note is not None:
            return note.url
        await asyncio.sleep(0.05)
    raise Unreachable("the broker has not started", subject=str(folder.path), remedy="hanse up")


class KeptBroker:
    """Runs the embedded broker for ever; on the port it had, so that clients find it again."""

    def __init__(self, folder: Folder, settings: Settings, password: str) -> None:
        self.restarts = 0
        self._folder = folder
        self._settings = settings
        self._password = password
        self._broker: Broker | None = None

    @property
    def pid(self) -> int | None:
        """The running broker's process, None between two."""
        return self._broker.pid if self._broker and self._broker.alive else None

    async def keep(self) -> None:
        """Start, wait, start again."""
        pause_s = PAUSE_FIRST_S
        while True:
            try:
                self._broker = await start(self._config())
                self._write_note(self._broker)
                pause_s = PAUSE_FIRST_S
                code = await self._broker.wait()
                log.warning("ended", part="broker", code=code)
            except HanseError as error:
                log.warning("not started", part="broker", error=str(error))
                pause_s = min(pause_s * 2, PAUSE_MAX_S)
            self.restarts += 1
            await asyncio.sleep(pause_s)

    async def stop(self) -> None:
        """End it in good order."""
        if self._broker is not None:
            await self._broker.stop()

    def _config(self) -> BrokerConfig:
        note = read_note(self._folder)
        known = int(note.url.rsplit(":", 1)[1]) if note else 0
        return BrokerConfig(
            folder=self._folder / "nats",
            user=USER,
            password=self._password,
            port=self._settings.broker.port or known,
        )

    def _write_note(self, broker: Broker) -> None:
        note = msgspec.json.encode(BrokerNote(broker.url, broker.pid))
        self._folder.run_file(_NOTE).write_bytes(note)
