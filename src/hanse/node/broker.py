"""Keeping the embedded broker alive, on the same port and with the same password."""

from __future__ import annotations

import asyncio

import msgspec
import structlog
from msgspec import Struct

from hanse.model.errors import Unreachable
from hanse.node.folder import Folder
from hanse.node.identity import device_password, tls_files
from hanse.node.settings import Settings
from hanse.transmit.nats.keep import BrokerKeeper
from hanse.transmit.nats.server import BrokerConfig, DeviceDoor
from hanse.transmit.nats.streams import StreamLimits

USER, DEVICE_USER = "node", "device"
WAIT_S = 30.0
MEGABYTE = 1_000_000
_NOTE = "broker.json"

log = structlog.get_logger("broker")


class BrokerNote(Struct, frozen=True):
    """What the node's parts must know to reach the broker."""

    url: str
    pid: int = 0
    problem: str = ""


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


def stream_limits(settings: Settings) -> StreamLimits:
    """How much the broker's streams may hold, as the settings say."""
    return StreamLimits(
        telemetry_bytes=settings.broker.telemetry_mb * MEGABYTE,
        events_bytes=settings.broker.events_mb * MEGABYTE,
        replicas=settings.broker.replicas,
    )


def _device_door(folder: Folder, settings: Settings) -> DeviceDoor | None:
    """The door for devices where the owner opened it; its password lies with the keys."""
    told = settings.broker
    if not told.mqtt_port:
        return None
    certificate, key = tls_files(folder) if told.mqtt_tls else ("", "")
    return DeviceDoor(
        user=DEVICE_USER,
        password=device_password(folder),
        host=told.mqtt_host,
        port=told.mqtt_port,
        certificate=certificate,
        key=key,
    )


class KeptBroker:
    """Runs the embedded broker for ever; on the port it had, so that clients find it again."""

    def __init__(self, folder: Folder, settings: Settings, password: str) -> None:
        self._folder = folder
        note = read_note(folder)
        known = int(note.url.rsplit(":", 1)[1]) if note else 0
        config = BrokerConfig(
            folder=folder / "nats",
            user=USER,
            password=password,
            port=settings.broker.port or known,
            devices=_device_door(folder, settings),
        )
        self._keeper = BrokerKeeper(
            config, limits=stream_limits(settings), on_change=self._note_change
        )

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return self._keeper.restarts

    @property
    def pid(self) -> int | None:
        """The running broker's process, None between two."""
        broker = self._keeper.broker
        return broker.pid if broker and broker.alive else None

    async def keep(self) -> None:
        """Start it, feel the pulse of its streams, start it again when it needs that."""
        await self._keeper.run()

    async def stop(self) -> None:
        """End it in good order."""
        await self._keeper.stop()

    async def _note_change(self, what: str) -> None:
        log.warning("changed", part="broker", what=what)
        broker = self._keeper.broker
        if broker is not None:
            self._write_note(BrokerNote(broker.url, broker.pid, self._keeper.problem))

    def _write_note(self, note: BrokerNote) -> None:
        path = self._folder.run_file(_NOTE)
        fresh = path.with_suffix(".new")
        try:
            fresh.write_bytes(msgspec.json.encode(note))
            fresh.replace(path)
        except OSError as error:  # the disk is full: what it said before still leads to the broker
            log.warning("not noted", part="broker", error=str(error))
