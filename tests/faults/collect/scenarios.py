"""Ways in which an OPC UA server is lost, and what collection did about it."""

import asyncio
import contextlib
import dataclasses
import time

from tests.conformance.connectors.builders import (
    KeptSink,
    a_bind,
    a_collector,
    a_world,
    free_port,
    running,
    until,
)
from tests.conformance.connectors.processes import opcua
from tests.conformance.connectors.test_opcua_collect import URI, own_certificate

from hanse.collect.connectors.opcua.config import OpcUaConfig
from hanse.model.sample import Gap


@dataclasses.dataclass
class Healed:
    """``back_s``: from the device being back to a value of its last signal."""

    back_s: float
    gaps: list[Gap]
    rejected: int


class Cable:
    """A TCP line that can be pulled: then bytes are swallowed both ways and nobody is told."""

    def __init__(self, to_port):
        self.port = free_port()
        self._to = to_port
        self._plugged = asyncio.Event()
        self._plugged.set()
        self._writers = set()
        self._tasks = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_):
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def pull(self):
        self._plugged.clear()

    def plug(self):
        self._plugged.set()

    def cut(self):
        """Reset every connection."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _join(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))

    async def _pass(self, reader, writer):
        was_pulled = False
        while data := await reader.read(65_536):
            was_pulled = was_pulled or not self._plugged.is_set()
            if not was_pulled:  # a line that lost bytes never carries a correct stream again
                writer.write(data)
        writer.transport.abort()


async def heal(folder, kind, *, signals=50, down_s=2.0):
    """Collect, lose the server in one way, get it back, and see how long values take."""
    secure = kind == "certificate"
    port, sink, world = free_port(), KeptSink(), a_world(folder)
    common = {"port": port, "signals": signals, "period_s": 0.2}
    if secure:
        common |= own_certificate(folder, "one")
    served = opcua(**common)
    async with Cable(port) as cable:
        settings = OpcUaConfig(url=f"opc.tcp://127.0.0.1:{cable.port}/", insecure=not secure)
        binds = [a_bind(n, f"nsu={URI};s=Lathe.S{n}") for n in range(signals)]
        collector = a_collector("opcua", settings, binds, world=world, sink=sink)
        await served.start()
        try:
            async with running(collector):
                await until(lambda: sink.values(0) and sink.values(signals - 1), 60)
                await until(lambda: collector.diagnostics().gap_since is None)
                settled = len(sink.gaps)
                served, back_at = await _lose(kind, served, cable, (common, folder, down_s))
                await until(lambda: len(sink.gaps) > settled, 30)
                sink.frames.clear()
                await until(lambda: sink.values(0) and sink.values(signals - 1), 60)
                back_s = time.monotonic() - back_at
                await until(lambda: all(g.end_ns for g in sink.gaps.values()))
                rejected = collector.diagnostics().rejected
        finally:
            served.kill()
    return Healed(back_s, list(sink.gaps.values())[settled:], rejected)


async def _lose(kind, served, cable, how):
    """Lose the server and get it back; the server that runs then, and when it was back."""
    common, folder, down_s = how
    if kind == "freeze":
        served.freeze()
        await asyncio.sleep(down_s)
        served.thaw()
    elif kind == "cable":
        cable.pull()
        await asyncio.sleep(down_s)
        cable.plug()
    elif kind == "reset":
        cable.cut()
    else:
        served.kill()
        changes = {"namespaces": {"namespaces_before": 4}}.get(kind, {})
        if kind == "certificate":
            changes = own_certificate(folder, "two")
        served = opcua(**{**common, **changes})
        await served.start()
    return served, time.monotonic()


KINDS = ("restart", "freeze", "cable", "reset", "namespaces", "certificate")
