"""A firm's door on a real HTTPS server."""

import asyncio
import contextlib
import socket

import uvicorn
from tests.unit.transmit.firms import NOW, VERIFIER

from hanse.model.time import StillClock
from hanse.transmit.peerlink import certificate
from hanse.transmit.peerlink.client import INBOX_PATH, Route
from hanse.transmit.peerlink.door import Door


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def door_app(door):
    async def app(scope, receive, send):
        assert (scope["method"], scope["path"]) == ("POST", INBOX_PATH)
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        reply = await door.receive(body)
        headers = [
            (b"content-type", reply.media_type.encode()),
            (b"content-length", str(len(reply.body)).encode()),
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    return app


def new_identity(folder):
    """A key and certificate in files, and the pin."""
    folder.mkdir(parents=True, exist_ok=True)
    key = certificate.new_key()
    shown = certificate.self_signed(key, ["localhost", "127.0.0.1"], at=NOW)
    (folder / "key.pem").write_bytes(key)
    (folder / "cert.pem").write_bytes(shown)
    return certificate.pin(shown)


@contextlib.asynccontextmanager
async def serving(door, folder, *, port):
    config = uvicorn.Config(
        door_app(door),
        host="127.0.0.1",
        port=port,
        ssl_keyfile=folder / "key.pem",
        ssl_certfile=folder / "cert.pem",
        log_level="critical",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        await task


class Firm:
    """One firm with a door, a record, and somewhere to be reached."""

    def __init__(self, signer, folder, *, effect):
        self.signer = signer
        self.folder = folder
        self.pin = new_identity(folder)
        self.port = free_port()
        from tests.unit.transmit.record import RecordInMemory

        self.record = RecordInMemory()
        self.door = Door(
            signer=signer,
            verifier=VERIFIER,
            known=lambda _: True,
            record=self.record,
            effect=effect,
            clock=StillClock(NOW),
        )

    @property
    def route(self):
        return Route(url=f"https://127.0.0.1:{self.port}", pin=self.pin)

    def serving(self):
        return serving(self.door, self.folder, port=self.port)
