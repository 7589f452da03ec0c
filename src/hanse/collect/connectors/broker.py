"""A line to an MQTT broker, shared by the connectors that use one."""

from __future__ import annotations

import asyncio
import ssl
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, unquote

import aiomqtt
from aiomqtt import ProtocolVersion
from msgspec import Meta, Struct
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hanse.collect.connectors.network import explain_network
from hanse.collect.ports import Intake, World
from hanse.collect.secrets import SECRET
from hanse.model.errors import HanseError, Refused, Unreachable
from hanse.model.sample import GapReason

MESSAGES_WAITING_MAX = 100_000
PAYLOAD_BYTES_MAX = 16_000_000
SILENT_KEEPALIVES_MAX = 2.5
WATCH_S = 0.2


class BrokerConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An MQTT broker."""

    host: Annotated[
        str, Meta(min_length=1, max_length=255, description="Name or address of the broker")
    ]
    port: Annotated[int, Meta(ge=1, le=65_535, description="TCP port; 8883 is usual with TLS")] = (
        1883
    )
    version: Annotated[Literal["3.1.1", "5"], Meta(description="Version of MQTT")] = "3.1.1"
    tls: Annotated[bool, Meta(description="Encrypt, and check the broker's certificate")] = False
    authority: Annotated[
        str,
        Meta(max_length=1_000, description="PEM file of the authority to trust; empty: system's"),
    ] = ""
    user: Annotated[str, Meta(max_length=200, description="User name, or empty")] = ""
    password: Annotated[
        str, Meta(max_length=400, description="Password, as secret:NAME or as it is", extra=SECRET)
    ] = ""
    client_id: Annotated[
        str, Meta(max_length=200, description="Name of this client at the broker; empty: any")
    ] = ""
    keepalive_s: Annotated[
        int, Meta(ge=1, le=600, description="Seconds after which a quiet broker is asked")
    ] = 2
    timeout_s: Annotated[
        float, Meta(ge=0.5, le=60, description="Seconds to wait for an answer")
    ] = 4.0


def fields_of(parts: SplitResult, query: dict[str, str]) -> dict[str, object]:
    """The broker's part of settings from a URL."""
    secure = parts.scheme.endswith("s")
    return {
        "host": parts.hostname or "",
        "port": parts.port or (8883 if secure else 1883),
        "tls": secure,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        **query,
    }


class Inbox(asyncio.Queue[aiomqtt.Message]):
    """Messages waiting to be read; the oldest goes when there are too many, and is counted."""

    given_up = 0

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Never full."""
        if self.qsize() >= MESSAGES_WAITING_MAX:
            self.get_nowait()
            self.given_up += 1
        super().put_nowait(item)


def line(
    config: BrokerConfig, world: World, *, will: aiomqtt.Will | None = None, keep: bool = False
) -> aiomqtt.Client:
    """A client that is not connected yet; ``keep`` asks the broker to keep messages meanwhile."""
    common: dict[str, Any] = {
        "port": config.port,
        "username": config.user or None,
        "password": world.reveal(config.password) or None,
        "identifier": config.client_id or None,
        "keepalive": config.keepalive_s,
        "timeout": config.timeout_s,
        "will": will,
        "queue_type": Inbox,
        "tls_context": _tls(config),
    }
    if config.version == "5":
        properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 86_400 if keep else 0
        return aiomqtt.Client(
            config.host,
            protocol=ProtocolVersion.V5,
            clean_start=not keep,
            properties=properties,
            **common,
        )
    return aiomqtt.Client(
        config.host, protocol=ProtocolVersion.V311, clean_session=not keep, **common
    )


async def watch(client: aiomqtt.Client, config: BrokerConfig, intake: Intake) -> None:
    """Tell the intake while the broker is heard; ends in an error when it is silent too long.

    Raises:
        Unreachable: nothing came for SILENT_KEEPALIVES_MAX keepalives.
    """
    heard_s, quiet_s, given_up = 0.0, 0.0, 0
    while True:
        await asyncio.sleep(WATCH_S)
        last_s = float(getattr(client._client, "_last_msg_in", 0.0))  # noqa: SLF001 (paho keeps it private)
        quiet_s = 0.0 if last_s != heard_s else quiet_s + WATCH_S
        if last_s != heard_s:
            intake.alive()
        heard_s = last_s
        if quiet_s > SILENT_KEEPALIVES_MAX * config.keepalive_s:
            raise Unreachable(
                f"the broker is silent for {quiet_s:.1f} s",
                subject=f"{config.host}:{config.port}",
                remedy="Look whether the broker is frozen or the cable is out",
                code="no-notification",
            )
        inbox = client._queue  # noqa: SLF001 (the only way to its own inbox)
        if isinstance(inbox, Inbox) and inbox.given_up > given_up:
            given_up = inbox.given_up
            intake.missed(GapReason.OVERFLOW, detail="messages came faster than they are read")


def explain_broker(error: BaseException, settings: BrokerConfig) -> HanseError:
    """An error of the broker as one that says what to do now."""
    where = f"{settings.host}:{settings.port}"
    if not isinstance(error, aiomqtt.MqttError):
        return explain_network(error, where)
    text = str(error)
    cause = error.__cause__ or error.__context__  # aiomqtt hides what paho met
    if isinstance(cause, OSError):
        return explain_network(cause, where)
    if any(word in text.lower() for word in ("not authorized", "bad user", "refused: not")):
        return Refused(
            "the broker refuses the login",
            subject=where,
            remedy="Check user name and password",
            code="login",
        )
    if "protocol version" in text.lower():
        return Refused(
            "the broker does not speak this version",
            subject=where,
            remedy="Choose version 3.1.1",
            code="version",
        )
    return Unreachable(
        f"the broker is lost: {text}"[:300],
        subject=where,
        remedy="Nothing to do: it is tried again by itself",
    )


def _tls(config: BrokerConfig) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=config.authority or None) if config.tls else None
