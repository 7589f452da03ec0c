"""The gate role: the web application behind TLS, for people and partners."""

from __future__ import annotations

import asyncio
import socket

import msgspec
import uvicorn
from msgspec import Struct

from hanse.model.errors import Conflict
from hanse.node.context import Context
from hanse.node.dealing.nearby import Nearby
from hanse.node.gate_url import base_url
from hanse.node.pages.claim import print_claim_link
from hanse.node.pages.live import LiveValues
from hanse.node.pages.ports import ports_of
from hanse.node.settings import Settings
from hanse.web.app import create_app
from hanse.web.ports import Ports
from hanse.web.settings import WebSettings

BACKLOG = 128
_NOTE = "web.json"


class WebNote(Struct, frozen=True):
    """Where the gate listens, for others on this machine."""

    url: str
    pin: str


async def run(context: Context) -> None:
    """Serve until cancelled."""
    listening = _listen(context.settings)
    port = listening.getsockname()[1]
    url = base_url(context.settings, port)
    note = msgspec.json.encode(WebNote(url, context.identity.certificate_pin))
    context.folder.run_file(_NOTE).write_bytes(note)
    live = LiveValues()
    await live.start(context.nats)
    await print_claim_link(context, url)
    nearby = Nearby(context, port)
    server = uvicorn.Server(_config(context, ports_of(context, live, url, nearby), url))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    looking = asyncio.create_task(nearby.run())
    try:
        await server.serve(sockets=[listening])
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        listening.close()


def _listen(settings: Settings) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.web.host, settings.web.port))
    except OSError as error:
        listening.close()
        raise Conflict(
            f"cannot listen there ({error.strerror})",
            subject=f"{settings.web.host}:{settings.web.port}",
            remedy="Choose another web.port in config.toml",
        ) from error
    listening.listen(BACKLOG)
    return listening


def _config(context: Context, ports: Ports, url: str) -> uvicorn.Config:
    tls = context.settings.web.tls
    return uvicorn.Config(
        create_app(ports, WebSettings(base_url=url)),
        log_config=None,
        access_log=False,
        ssl_certfile=context.identity.certificate_file if tls else None,
        ssl_keyfile=context.identity.key_file if tls else None,
        timeout_graceful_shutdown=2,
        server_header=False,
        lifespan="off",
    )
