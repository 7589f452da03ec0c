"""An outage and what follows: how soon and how fast a backlog reaches the other side.

Telemetry: the broker is killed, --minutes of frames at --rate samples a second are collected (as
fast as they can be made, not as slowly as a clock would), the broker is started again. Letters: the
same for a partner's node that is away, with the real record on both sides. ``first_s`` counts from
the moment the other side takes connections; ``times_real_time`` is the backlog's length over the
time it took.
"""

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import random
import socket
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np
import uvicorn

from hanse.model.ids import Counter, Happening
from hanse.model.keys import DidKeyVerifier, Ed25519Signer
from hanse.model.sample import frame as checked_frame
from hanse.store import Store, peer_lane
from hanse.transmit.coverage import Coverage
from hanse.transmit.nats import connect, feed, server, streams
from hanse.transmit.nats.spool import Spool
from hanse.transmit.nats.telemetry import FramePublisher
from hanse.transmit.peerlink import certificate, envelope
from hanse.transmit.peerlink.client import Route
from hanse.transmit.peerlink.door import Door
from hanse.transmit.peerlink.relay import LetterRelay

FRAME_SAMPLES = 500
START_NS = 1_767_600_000 * 10**9
LIMITS = streams.StreamLimits(telemetry_bytes=4_000_000_000, events_bytes=10_000_000)


class Clock:
    def ns(self):
        return time.time_ns()

    def now(self):
        return dt.datetime.now(dt.UTC)

    def monotonic_s(self):
        return time.monotonic()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def a_frame(seq):
    dice = np.random.default_rng(seq)
    return checked_frame(
        Happening("bench/press", 1, seq),
        signal=np.arange(FRAME_SAMPLES, dtype=np.int32),
        at_ns=START_NS + seq * 50_000_000 + np.arange(FRAME_SAMPLES) * 1_000,
        value=np.round(dice.normal(50, 1, FRAME_SAMPLES), 2),
        received_ns=START_NS + seq * 50_000_000,
    )


async def ignore(_):
    pass


async def telemetry(folder, rate, minutes):
    n = rate * minutes * 60 // FRAME_SAMPLES
    login = {"user": "bench", "password": "bench-only"}
    config = server.BrokerConfig(folder=folder / "nats", **login)
    broker = await server.start(config)
    config = msgspec.structs.replace(config, port=int(broker.url.rpartition(":")[2]))
    client = await connect.connect(broker.url, **login, name="bench")
    await streams.ensure(client.jetstream(), LIMITS)
    publisher = FramePublisher(client, spool=Spool(folder / "spool"), clock=Clock(), gaps=ignore)
    running = asyncio.create_task(publisher.run())
    await publisher.frame(a_frame(0), partition=0)
    await broker.kill()
    start = time.perf_counter()
    for seq in range(1, n + 1):
        while not publisher.offer(a_frame(seq), partition=seq % 32):
            await asyncio.sleep(0.005)
    while publisher.status().ring_frames:
        await asyncio.sleep(0.005)
    fill_s = time.perf_counter() - start
    spooled = publisher.status().spool_bytes
    broker = await server.start(config)
    start = time.perf_counter()
    while publisher.status().replayed_frames == 0:
        await asyncio.sleep(0.001)
    first_s = time.perf_counter() - start
    await publisher.settled()
    drain_s = time.perf_counter() - start
    lost, doubled = await count(client, n + 1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await connect.close(client)
    await broker.stop()
    return {
        "backlog_samples": n * FRAME_SAMPLES,
        "backlog_s": minutes * 60,
        "spool_mb": round(spooled / 1e6),
        "fill_s": round(fill_s, 2),
        "first_s": round(first_s, 3),
        "drain_s": round(drain_s, 2),
        "times_real_time": round(minutes * 60 / drain_s, 1),
        "drain_samples_s": round(n * FRAME_SAMPLES / drain_s),
        "lost": lost,
        "doubled": doubled,
    }


async def count(client, n):
    """Frames of the stream that are missing, and that stand in it twice."""
    inbox = await feed.frames(client.jetstream(), name="bench")
    coverage, doubled, empty = Coverage(), 0, 0
    while empty < 2:
        arrivals = await inbox.take(wait_s=0.5)
        empty = 0 if arrivals else empty + 1
        for arrival in arrivals:
            doubled += not coverage.add(arrival.what.happening)
            await arrival.done()
    seen = sum(last - first + 1 for _, _, first, last in coverage.spans())
    return n - seen, doubled


class Partner:
    """A firm's door on a real HTTPS server over a real record."""

    def __init__(self, folder, signer, verifier):
        folder.mkdir(parents=True)
        self.folder, self.port = folder, free_port()
        key = certificate.new_key()
        shown = certificate.self_signed(key, ["127.0.0.1"], at=Clock().now())
        (folder / "key.pem").write_bytes(key)
        (folder / "cert.pem").write_bytes(shown)
        self.route = Route(url=f"https://127.0.0.1:{self.port}", pin=certificate.pin(shown))
        self.store = Store.open(folder / "record.sqlite", clock=Clock(), ids=Counter())
        self.taken = []
        self.door = Door(
            signer=signer,
            verifier=verifier,
            known=lambda _: True,
            record=self.store,
            effect=lambda _, message: self.taken.append((message.number, time.perf_counter())),
            clock=Clock(),
        )

    async def app(self, _scope, receive, send):
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        reply = await self.door.receive(body)
        headers = [(b"content-length", str(len(reply.body)).encode())]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    @contextlib.asynccontextmanager
    async def serving(self):
        config = uvicorn.Config(
            self.app,
            host="127.0.0.1",
            port=self.port,
            ssl_keyfile=self.folder / "key.pem",
            ssl_certfile=self.folder / "cert.pem",
            log_level="critical",
            interface="asgi3",
            lifespan="off",
        )
        web = uvicorn.Server(config)
        web.install_signal_handlers = lambda: None
        task = asyncio.create_task(web.serve())
        while not web.started:
            await asyncio.sleep(0.001)
        yield
        web.should_exit = True
        await task


def put(tx, us, them, number):
    now = Clock().now()
    message = envelope.Message(
        id=f"letter-{number}",
        source=us.did,
        audience=them.did,
        number=number,
        kind="disturbance",
        at=now,
        expires=now + dt.timedelta(days=1),
        data=json.dumps({"n": str(number), "text": "x" * 800}).encode(),
    )
    lane = peer_lane(them.did)
    tx.outbox.put(lane, id=message.id, kind=message.kind, payload=envelope.seal(message, us))


async def letters(folder, minutes, hops):
    us, them = Ed25519Signer(b"u" * 32), Ed25519Signer(b"t" * 32)
    verifier = DidKeyVerifier()
    partner = Partner(folder / "them", them, verifier)
    ours = Store.open(folder / "record.sqlite", clock=Clock(), ids=Counter())
    relay = LetterRelay(
        record=ours,
        route=lambda _: partner.route,
        signer=us,
        verifier=verifier,
        clock=Clock(),
        dice=random.Random(1),
    )
    loop = asyncio.get_running_loop()
    ours.on_commit(lambda lanes: [loop.call_soon_threadsafe(relay.poke, lane) for lane in lanes])
    running = asyncio.create_task(relay.run())
    n = minutes * 60
    for number in range(1, n + 1):
        await ours.write(lambda tx, number=number: put(tx, us, them, number))
    await asyncio.sleep(2)
    async with partner.serving():
        start = time.perf_counter()
        while len(partner.taken) < n:
            await asyncio.sleep(0.001)
        first_s, drain_s = (partner.taken[i][1] - start for i in (0, -1))
        took = []
        for number in range(n + 1, n + 1 + hops):
            begin = time.perf_counter()
            await ours.write(lambda tx, number=number: put(tx, us, them, number))
            while len(partner.taken) < number:
                await asyncio.sleep(0.0005)
            took.append(partner.taken[-1][1] - begin)
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    order = [number for number, _ in partner.taken]
    ours.close()
    partner.store.close()
    took.sort()
    return {
        "backlog_letters": n,
        "backlog_s": n,
        "first_s": round(first_s, 3),
        "drain_s": round(drain_s, 2),
        "times_real_time": round(n / drain_s, 1),
        "letters_s": round(n / drain_s),
        "in_order_and_once": order == list(range(1, n + 1 + hops)),
        "hop_p50_ms": round(took[len(took) // 2] * 1e3, 2),
        "hop_p99_ms": round(took[int(len(took) * 0.99) - 1] * 1e3, 2),
    }


async def both(asked, folder):
    found = {"telemetry": await telemetry(folder / "t", asked.rate, asked.minutes)}
    return found | {"letters": await letters(folder / "l", asked.minutes, asked.hops)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rate", type=int, default=10_000, help="samples a second")
    parser.add_argument("--hops", type=int, default=200)
    parser.add_argument("--data", help="not needed")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    import uvloop

    with (
        tempfile.TemporaryDirectory(prefix="hanse-bench-") as scratch,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        found = runner.run(both(asked, Path(scratch)))
    if asked.json:
        print(json.dumps(found))
    else:
        for part, figures in found.items():
            print(part, *(f"  {k:18} {v}" for k, v in figures.items()), sep="\n", file=sys.stdout)


if __name__ == "__main__":
    main()
