"""Servers in processes of their own, started and stopped by the tests that need them."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

OPCUA = Path(__file__).with_name("opcua_server.py")


class Served:
    """A process that says ``ready`` on its first line when it serves."""

    def __init__(self, *command, cwd=None, env=None):
        self._command = command
        self._cwd, self._env = cwd, env
        self._process = None

    @property
    def is_running(self):
        return self._process is not None

    def begin(self):
        """Start without waiting for it to serve."""
        self._process = subprocess.Popen(
            self._command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._cwd,
            env={**os.environ, **(self._env or {})},
        )

    async def start(self, timeout_s=30):
        self.begin()
        try:
            await self._hear_ready(timeout_s)
        except BaseException:
            self.kill()
            raise

    async def _hear_ready(self, timeout_s):
        line = await asyncio.wait_for(asyncio.to_thread(self.first_line), timeout_s)
        assert line.strip() == b"ready", f"{self._command[:2]} did not start: {line!r}"

    def first_line(self):
        """Wait for the line that says ``ready``; blocks."""
        while (line := self._process.stdout.readline()) and line.strip() != b"ready":
            pass  # notes of the server's own library
        return line

    def kill(self):
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._process = None

    def freeze(self):
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)


class Mosquitto(Served):
    """Eclipse Mosquitto on a port of its own; skips loudly where it is not installed."""

    def __init__(self, port, folder):
        found = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        if not Path(found).exists():
            pytest.skip("mosquitto is not installed: ./dev test installs it on Debian")
        config = folder / f"mosquitto-{port}.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        super().__init__(found, "-c", str(config))
        self._port = port

    async def _hear_ready(self, timeout_s):
        for _ in range(round(timeout_s / 0.05)):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                writer.close()
                return
            await asyncio.sleep(0.05)
        raise AssertionError("mosquitto did not start")


def opcua(**options):
    return Served(sys.executable, str(OPCUA), json.dumps(options))


@contextlib.asynccontextmanager
async def serving(served):
    await served.start()
    try:
        yield served
    finally:
        served.kill()
