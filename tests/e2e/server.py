"""The cockpit over the samples, served for a real browser on a free port of loopback."""

import asyncio
import contextlib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvicorn
from tests.unit.web.fakes import ports

from hanse.web import WebSettings, create_app
from hanse.web.doors.links import make_claim_link

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """A node in memory behind a real socket, with its claim link."""

    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}"
        self.ports = ports()
        settings = WebSettings(base_url=self.base, api_per_min=100_000)
        self.app = create_app(self.ports, settings)
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=port, log_level="warning", ws="websockets-sansio"
        )
        self.server = uvicorn.Server(config)
        link = make_claim_link(self.ports.accounts, clock=self.ports.clock, settings=settings)
        with ThreadPoolExecutor(1) as beside:  # the browser driver has a loop in this thread
            self.claim_link = beside.submit(asyncio.run, link).result()


@contextlib.contextmanager
def served(port=None):
    node = Served(port or free_port())
    thread = threading.Thread(target=node.server.run, daemon=True)
    thread.start()
    while not node.server.started:
        pass
    try:
        yield node
    finally:
        node.server.should_exit = True
        node.server.force_exit = True
        thread.join(10)
