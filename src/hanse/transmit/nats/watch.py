"""Whether the broker can really write, and whether it still has what it had."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from hanse.model.errors import Unreachable
from hanse.transmit.nats import streams

PULSE_WAIT_S = 5.0
WATCHED = (streams.TELEMETRY, streams.EVENTS)


class Setback(Struct, frozen=True, kw_only=True):
    """A stream that went back: its files were damaged, lost or restored.

    Numbers ``found + 1`` to ``noted`` will be given again to other messages. History is right: it
    knows frames by their own identity. Messages nobody had consumed may be gone.
    """

    stream: str
    noted: int
    found: int


async def pulse(client: Client) -> None:
    """Prove that each stream of the broker takes a message to its disk and gives it back.

    Raises:
        Unreachable: one does not: away, hung, or its disk is or was full. The subject says which.
    """
    if not client.is_connected:
        raise Unreachable("the broker is away", subject="broker", remedy="See nats/nats.log")
    js = client.jetstream(timeout=PULSE_WAIT_S)
    for stream in WATCHED:
        subject = streams.pulse_subject(stream)
        try:
            await js.publish(subject, b"", timeout=PULSE_WAIT_S, headers={"Nats-Rollup": "sub"})
            await js.get_last_msg(stream, subject)
        except (NatsError, TimeoutError, OSError) as error:
            raise Unreachable(
                f"the broker does not take a message to its disk and give it back ({error})",
                subject=stream,
                remedy="See that its disk has room; it must be started again once it has",
            ) from error


async def positions(js: JetStreamContext) -> dict[str, int]:
    """The last sequence of each stream, to be noted outside the broker.

    Raises:
        Unreachable: the broker does not answer.
    """
    try:
        return {s: (await js.stream_info(s)).state.last_seq for s in WATCHED}
    except (NatsError, TimeoutError) as error:
        raise Unreachable("the broker does not answer", subject="streams") from error


def setbacks(noted: Mapping[str, int], found: Mapping[str, int]) -> list[Setback]:
    """Streams that have less than was noted."""
    return [
        Setback(stream=s, noted=n, found=found.get(s, 0))
        for s, n in sorted(noted.items())
        if found.get(s, 0) < n
    ]


async def rebase(js: JetStreamContext, setback: Setback) -> int:
    """Let the durable consumers of a stream that went back start from its first message again.

    They would wait for numbers that come again and skip what they carry. What they have had they
    know by its identity. Returns how many consumers were reset; open their feeds afterwards.
    """
    n = 0
    for consumer in await js.consumers_info(setback.stream):
        delivered = consumer.delivered.stream_seq if consumer.delivered else 0
        if delivered > setback.found:
            await js.delete_consumer(setback.stream, consumer.name)
            n += 1
    return n


class Noted:
    """Positions written down beside the broker's own files."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, int]:
        """What was noted; nothing if that file is not there or damaged."""
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, int])
        return {}

    def write(self, found: Mapping[str, int]) -> None:
        """Note positions."""
        temporary = self._path.with_suffix(".tmp")
        temporary.write_bytes(msgspec.json.encode(found))
        temporary.replace(self._path)


async def check(js: JetStreamContext, noted: Noted) -> list[Setback]:
    """At the start of a node: compare, reset consumers of streams that went back, note anew.

    The caller raises an alarm for each setback.

    Raises:
        Unreachable: the broker does not answer.
    """
    found = await positions(js)
    back = setbacks(noted.read(), found)
    for setback in back:
        await rebase(js, setback)
    noted.write(found)
    return back
