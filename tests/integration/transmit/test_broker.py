import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.integration.transmit.brokers import (
    LIMITS,
    PASSWORD,
    USER,
    broker,
    broker_and_client,
    client,
    config,
    port_of,
)

from hanse.model.errors import BadConfig, Unreachable
from hanse.transmit.nats import connect, server, streams


def test_its_settings_shut_the_doors_and_sync_always(tmp_path):
    settings = json.loads(server.settings(config(tmp_path, password='"} port: 1 {"')))
    assert settings["host"] == "127.0.0.1"
    assert settings["jetstream"]["sync_interval"] == "always"
    assert settings["authorization"]["password"] == '"} port: 1 {"'
    assert "mqtt" not in settings


async def test_it_starts_answers_and_stops_with_nothing_left(tmp_path):
    async with broker(tmp_path) as running:
        assert running.url.startswith("nats://127.0.0.1:")
        assert (tmp_path / "nats.conf").stat().st_mode & 0o077 == 0
        pid = running.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_wrong_password_is_refused_with_what_to_do(tmp_path):
    async with broker(tmp_path) as running:
        with pytest.raises(Unreachable, match="password"):
            await connect.connect(running.url, user=USER, password="wrong", name="stranger")
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(running))
        writer.write(b'CONNECT {"verbose":false}\r\nPING\r\n')
        assert b"Authorization Violation" in await reader.read()
        writer.close()
        await writer.wait_closed()


async def test_nobody_there_is_said(tmp_path):
    with pytest.raises(Unreachable, match="no broker answers"):
        await connect.connect("nats://127.0.0.1:1", user=USER, password=PASSWORD, name="x")


async def test_a_taken_port_is_an_error_that_says_so(tmp_path):
    async with broker(tmp_path / "a") as first:
        with pytest.raises(BadConfig, match="in use"):
            await server.start(config(tmp_path / "b", port=port_of(first)))


def test_a_missing_program_is_an_error_that_says_what_to_do():
    with pytest.raises(BadConfig, match="NATS_SERVER"):
        server.program({"NATS_SERVER": "/nowhere/nats-server"})


async def test_streams_are_made_once_and_their_limits_follow_the_settings(tmp_path):
    async with broker_and_client(tmp_path) as (_, connection):
        js = connection.jetstream()
        await streams.ensure(
            js, streams.StreamLimits(telemetry_bytes=1_000_000, events_bytes=500_000)
        )
        telemetry = (await js.stream_info(streams.TELEMETRY)).config
        events = (await js.stream_info(streams.EVENTS)).config
        assert (telemetry.max_bytes, telemetry.discard) == (1_000_000, "old")
        assert (events.max_bytes, events.discard) == (500_000, "new")


async def test_the_client_comes_back_by_itself_after_the_broker_was_killed(tmp_path):
    async with broker(tmp_path) as running, client(running.url) as connection:
        await streams.ensure(connection.jetstream(), LIMITS)
        await connection.jetstream().publish("tele.1", b"before")
        port = port_of(running)
        await running.kill()
        async with broker(tmp_path, port=port):
            while not connection.is_connected:
                await asyncio.sleep(0.02)
            info = await connection.jetstream().stream_info(streams.TELEMETRY)
            assert info.state.messages == 1


def test_the_broker_dies_with_the_process_that_started_it(tmp_path):
    code = f"""
import asyncio, os, signal, sys
from pathlib import Path
from hanse.transmit.nats import server
async def main():
    folder = Path({str(tmp_path)!r})
    b = await server.start(server.BrokerConfig(folder=folder, user="u", password="p"))
    print(b.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    pid = int(done.stdout)
    for _ in range(200):
        if not _runs(pid):
            return
        time.sleep(0.02)
    pytest.fail("the broker outlived its parent")


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False
