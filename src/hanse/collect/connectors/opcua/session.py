"""One secured session with an OPC UA server, and what it allows."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncua
from asyncua import ua
from asyncua.crypto import security_policies
from asyncua.crypto.uacrypto import CertProperties
from cryptography import x509
from msgspec import Struct

from hanse.collect.connectors.opcua.config import OpcUaConfig
from hanse.collect.connectors.opcua.keys import certificate_in, keys_in
from hanse.collect.ports import Certificate, World
from hanse.model.errors import Refused
from hanse.model.time import Instant

CLOSE_S_MAX = 1.0
KNOCK_S_MAX = 2.0
"""A server that does not list its endpoints within this is asked again on a new connection:
a line that was dead when the question went out stays dead when the cable is back."""
CALL_ITEMS_MAX = 1_000
"""Items in one call where the server names no limit of its own."""
SESSION_MS = 30_000
_POLICIES: dict[str, Any] = {
    "Aes256_Sha256_RsaPss": security_policies.SecurityPolicyAes256Sha256RsaPss,
    "Aes128_Sha256_RsaOaep": security_policies.SecurityPolicyAes128Sha256RsaOaep,
    "Basic256Sha256": security_policies.SecurityPolicyBasic256Sha256,
}
"""Strongest first. Basic128Rsa15 and Basic256 are deprecated (IEC 62541-7) and not spoken."""

logging.getLogger("asyncua").setLevel(logging.CRITICAL)


class Limits(Struct, frozen=True, kw_only=True):
    """OperationLimits of a server (IEC 62541-5, 6.3.11), each counted in items of one call."""

    read: int = CALL_ITEMS_MAX
    browse: int = CALL_ITEMS_MAX
    monitor: int = CALL_ITEMS_MAX


@contextlib.asynccontextmanager
async def session(config: OpcUaConfig, world: World) -> AsyncIterator[asyncua.Client]:
    """A connected client, closed at the end whatever the server does.

    Raises:
        Refused: no endpoint that is secure enough, or the certificate is not trusted.
        OSError, TimeoutError, asyncua errors: as the network and the server will have it.
    """
    client = await _client(config, world)
    try:
        async with asyncio.timeout(config.timeout_s * 3):
            await client.connect()
        yield client
    finally:
        await _close(client)


async def limits_of(client: asyncua.Client) -> Limits:
    """What the server takes in one call, asked first of all."""
    names = ("MaxNodesPerRead", "MaxNodesPerBrowse", "MaxMonitoredItemsPerCall")
    prefix = "Server_ServerCapabilities_OperationLimits_"
    ids = [ua.NodeId(getattr(ua.ObjectIds, prefix + name)) for name in names]
    answers = await client.uaclient.session.read_attributes(ids, ua.AttributeIds.Value)
    read, browse, monitor = (_limit(answer) for answer in answers)
    return Limits(read=read, browse=browse, monitor=monitor)


async def namespaces_of(client: asyncua.Client) -> list[str]:
    """The namespace URIs, by their index of now."""
    return [str(uri) for uri in await client.get_namespace_array()]


def chunks(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """Pieces of at most ``size``."""
    return [items[i : i + size] for i in range(0, len(items), size)]


def shown(endpoint: ua.EndpointDescription, world: World) -> Certificate:
    """The certificate of an endpoint as a person is asked about it."""
    before = world.trust.pinned(world.connection)
    der = _first(endpoint.ServerCertificate)
    return certificate_in(der, connection=world.connection, before=before)


def certificate_until(client: asyncua.Client) -> Instant | None:
    """Until when the server's certificate is valid, None without security."""
    der = client.security_policy.peer_certificate
    if not der or client.security_policy.Mode == ua.MessageSecurityMode.None_:
        return None
    return x509.load_der_x509_certificate(_first(der)).not_valid_after_utc


async def _client(config: OpcUaConfig, world: World) -> asyncua.Client:
    client = asyncua.Client(config.url, timeout=config.timeout_s, watchdog_intervall=60.0)
    client.session_timeout = SESSION_MS
    client.name = client.description = "Hanse"
    if config.user:
        client.set_user(config.user)
        client.set_password(world.reveal(config.password))
    if config.policy == "None":
        _allow_insecure(config)
        return client
    knock_s = min(KNOCK_S_MAX, config.timeout_s)
    asking = asyncua.Client(config.url, timeout=knock_s)
    async with asyncio.timeout(knock_s):
        endpoints = await asking.connect_and_get_server_endpoints()
    chosen = choose(endpoints, config)
    if chosen is None:
        _allow_insecure(config)
        return client
    await _secure(client, chosen, world)
    return client


def choose(
    endpoints: Sequence[ua.EndpointDescription], config: OpcUaConfig
) -> ua.EndpointDescription | None:
    """The strongest endpoint that fits, None where only an unsecured one may be used.

    Raises:
        Refused: what is wanted is not offered.
    """
    mode = ua.MessageSecurityMode
    wanted = mode.Sign if config.sign_only else mode.SignAndEncrypt
    names = list(_POLICIES) if config.policy == "best" else [config.policy]
    for name in names:
        for end in endpoints:
            if end.SecurityPolicyUri == _POLICIES[name].URI and end.SecurityMode == wanted:
                return end
    if config.policy == "best" and config.insecure:
        return None
    offered = sorted({_policy_name(end) for end in endpoints})
    raise Refused(
        f"the server offers {', '.join(offered) or 'nothing'} and not what is wanted",
        subject=config.url,
        remedy="Switch on a security policy in the server, or tick insecure for this device",
        code="no-security",
    )


async def _secure(client: asyncua.Client, endpoint: ua.EndpointDescription, world: World) -> None:
    certificate = shown(endpoint, world)
    if not await world.trust.decide(certificate):
        changed = "has changed its certificate" if certificate.before else "is not trusted yet"
        raise Refused(
            f"the server {changed}: {certificate.subject}, {certificate.fingerprint[:16]}",
            subject=client.server_url.geturl(),
            remedy="Compare the fingerprint with the device and trust it on the connection's page",
            code="certificate",
        )
    keys = await asyncio.to_thread(keys_in, world.keys, at=world.clock.now())
    client.application_uri = keys.application_uri
    name = next(n for n, p in _POLICIES.items() if endpoint.SecurityPolicyUri == p.URI)
    await client.set_security(
        _POLICIES[name],
        CertProperties(keys.certificate, "der"),
        CertProperties(keys.key, "pem"),
        server_certificate=CertProperties(certificate.der, "der"),
        mode=endpoint.SecurityMode,
    )


def _allow_insecure(config: OpcUaConfig) -> None:
    if not config.insecure:
        raise Refused(
            "a connection without security is not allowed",
            subject=config.url,
            remedy="Choose a security policy, or tick insecure for this device",
            code="no-security",
        )


async def _close(client: asyncua.Client) -> None:
    """Politely if the server answers at once, else only our own side."""
    try:
        async with asyncio.timeout(CLOSE_S_MAX):
            await client.disconnect()
    except Exception:  # noqa: BLE001 (a dead server must not keep us)
        with contextlib.suppress(Exception):
            client.disconnect_socket()


def _limit(answer: ua.DataValue) -> int:
    value = answer.Value.Value if answer.Value is not None else None
    return (
        min(int(value), CALL_ITEMS_MAX)
        if isinstance(value, int) and value > 0
        else (CALL_ITEMS_MAX)
    )


def _first(der: bytes) -> bytes:
    """The leaf of a chain of DER certificates one after another."""
    return der[: int.from_bytes(der[2:4], "big") + 4] if der[1:2] == b"\x82" else der


def _policy_name(endpoint: ua.EndpointDescription) -> str:
    return str(endpoint.SecurityPolicyUri).rpartition("#")[2] or "None"
