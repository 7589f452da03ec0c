"""A real broker for a test."""

import contextlib

import msgspec

from hanse.transmit.nats import connect, server, streams

USER, PASSWORD = "hanse", "not-a-secret-of-anyone"


def config(folder, **changes):
    plain = server.BrokerConfig(folder=folder, user=USER, password=PASSWORD, store_bytes=10**9)
    return msgspec.structs.replace(plain, **changes)


@contextlib.asynccontextmanager
async def broker(folder, **changes):
    running = await server.start(config(folder, **changes))
    try:
        yield running
    finally:
        await running.stop()


@contextlib.asynccontextmanager
async def client(url, name="test"):
    connection = await connect.connect(url, user=USER, password=PASSWORD, name=name)
    try:
        yield connection
    finally:
        await connect.close(connection)


LIMITS = streams.StreamLimits(telemetry_bytes=200_000_000, events_bytes=10_000_000)


@contextlib.asynccontextmanager
async def broker_and_client(folder):
    async with broker(folder) as running, client(running.url) as connection:
        await streams.ensure(connection.jetstream(), LIMITS)
        yield running, connection


def port_of(running):
    return int(running.url.rpartition(":")[2])
