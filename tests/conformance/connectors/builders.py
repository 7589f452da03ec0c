"""What the connector tests share: a real clock, a world, a sink that keeps, free ports."""

import asyncio
import contextlib
import datetime as dt
import random
import socket
import time

import numpy as np

from hanse.collect import Bind, Collector, Connection, Mapping, Start, World, connector
from hanse.model.plant import Signal, SignalKind
from hanse.model.setting import SignalSet


class RealClock:
    def now(self):
        return dt.datetime.now(dt.UTC)

    def ns(self):
        return time.time_ns()

    def monotonic_s(self):
        return time.monotonic()


class TrustAll:
    """Trusts what it is shown and remembers it; ``refuse`` makes it say no."""

    def __init__(self):
        self.shown = []
        self.refuse = False

    def pinned(self, connection):
        return self.shown[-1].fingerprint if self.shown else ""

    async def decide(self, shown):
        if not self.refuse and shown.fingerprint != self.pinned(shown.connection):
            self.shown.append(shown)
        return not self.refuse


class KeptSink:
    """Keeps what it is given; the same frame again is known by its happening."""

    def __init__(self):
        self.frames = {}
        self.gaps = {}
        self.events = []
        self.fails = 0

    async def frame(self, frame, *, partition):
        if self.fails > 0:
            self.fails -= 1
            raise TimeoutError("not kept")
        self.frames[frame.happening] = frame

    async def gap(self, gap):
        self.gaps[gap.start_ns, gap.signals] = gap

    async def event(self, event):
        self.events.append(event)

    def rows(self):
        """(signal, at_ns, value, quality, text) of every sample in order of arrival."""
        return [
            (int(s), int(a), float(v), int(q), frame.texts.get(i))
            for frame in self.frames.values()
            for i, (s, a, v, q) in enumerate(
                zip(frame.signal, frame.at_ns, frame.value, frame.quality, strict=True)
            )
        ]

    def values(self, signal):
        frames = [f.value[f.signal == signal] for f in self.frames.values()]
        return [float(v) for values in frames for v in values]

    def count(self):
        return int(np.sum([len(f) for f in self.frames.values()]))


class AuditKept:
    def __init__(self):
        self.intended: list[SignalSet] = []
        self.ended: list[SignalSet] = []

    async def intend(self, attempt):
        self.intended.append(attempt)

    async def done(self, attempt):
        self.ended.append(attempt)


class SeenNothing:
    async def newest(self, signal, *, since_ns, wait_s):
        return None


def a_wish(name, value, **changes):
    fields = {"id": f"{name}-{value}", "at": dt.datetime.now(dt.UTC), "asset": "m1", "by": "ann"}
    return SignalSet(name=name, value=value, reason="a test", **(fields | changes))


def a_world(folder, **changes):
    secrets = changes.pop("secrets", {})
    fields = {
        "clock": RealClock(),
        "dice": random.Random(1),
        "trust": TrustAll(),
        "keys": folder / "keys",
        "secret": secrets.__getitem__,
    }
    return World(**{**fields, **changes})


def a_bind(number, address, **changes):
    kind = changes.pop("kind", SignalKind.ANALOG)
    signal = Signal(id=number, asset=changes.pop("asset", "m1"), name=f"s{number}", kind=kind)
    return Bind(signal=signal, address=address, **changes)


def a_collector(protocol, settings, binds, *, world, sink, **changes):
    connection = Connection(
        key="dev1", settings=settings, mapping=Mapping(binds=tuple(binds)), pack_s=0.05
    )
    start = Start(source="node/dev1", epoch=1, last_heard_ns=changes.pop("last_heard_ns", None))
    return Collector(
        connection, connector(protocol), sink=sink, world=world, start=start, **changes
    )


@contextlib.asynccontextmanager
async def running(collector):
    task = asyncio.create_task(collector.run())
    try:
        yield collector
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(what, timeout_s=20.0):
    """Wait until something holds; fails with what was last seen."""
    end = time.monotonic() + timeout_s
    while not (seen := what()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout_s} s: {seen!r}")
        await asyncio.sleep(0.02)
    return seen


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
