"""The streams: what they keep, how much, and what happens at the limit."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from nats.js import JetStreamContext
from nats.js.api import (
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StoreCompression,
    StreamConfig,
    StreamInfo,
)
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from hanse.model.errors import Unreachable
from hanse.transmit.partition import TELEMETRY_SUBJECT

TELEMETRY = "TELEMETRY"
EVENTS = "EVENTS"
PULSE_SUBJECT = "pulse"
EVENT_SUBJECT = "event"
TELEMETRY_BYTES_MAX = 8_000_000_000
EVENTS_BYTES_MAX = 1_000_000_000
DUPLICATE_WINDOW_S = 120.0
TELEMETRY_AGE_S_MAX = 7 * 86_400
EVENTS_AGE_S_MAX = 30 * 86_400


class StreamLimits(Struct, frozen=True, kw_only=True):
    """How much the broker keeps, and on how many servers (3 in a cluster)."""

    telemetry_bytes: int = TELEMETRY_BYTES_MAX
    events_bytes: int = EVENTS_BYTES_MAX
    replicas: int = 1


def configs(limits: StreamLimits) -> tuple[StreamConfig, ...]:
    """The streams of a node.

    TELEMETRY drops its oldest when full; EVENTS refuses new ones, which stay in the outbox. Each
    takes one message now and then, in place of the one before, to prove that it can be written:
    after a full disk a broker may serve one stream and not another.
    """
    return (
        _stream(
            limits,
            name=TELEMETRY,
            subjects=[f"{TELEMETRY_SUBJECT}.*", pulse_subject(TELEMETRY)],
            discard=DiscardPolicy.OLD,
            max_bytes=limits.telemetry_bytes,
            max_age=TELEMETRY_AGE_S_MAX,
            compression=StoreCompression.S2,
        ),
        _stream(
            limits,
            name=EVENTS,
            subjects=[f"{EVENT_SUBJECT}.>", pulse_subject(EVENTS)],
            discard=DiscardPolicy.NEW,
            max_bytes=limits.events_bytes,
            max_age=EVENTS_AGE_S_MAX,
        ),
    )


def _stream(limits: StreamLimits, **particular: Any) -> StreamConfig:
    return StreamConfig(
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        num_replicas=limits.replicas,
        duplicate_window=DUPLICATE_WINDOW_S,
        allow_direct=True,
        allow_rollup_hdrs=True,
        **particular,
    )


def event_subject(kind: str) -> str:
    """The subject on which events of a kind travel."""
    return f"{EVENT_SUBJECT}.{kind}"


def pulse_subject(stream: str) -> str:
    """Where a stream takes its pulse."""
    return f"{PULSE_SUBJECT}.{stream.lower()}"


async def ensure(js: JetStreamContext, limits: StreamLimits | None = None) -> None:
    """Make the streams, or bring their limits up to date. What they hold stays.

    Raises:
        Unreachable: the broker does not answer, or refuses (its disk is full).
    """
    for config in configs(limits or StreamLimits()):
        try:
            await _ensure_one(js, config)
        except (JetStreamError, TimeoutError) as error:
            raise Unreachable(
                f"the broker could not make its stream ({error})",
                subject=str(config.name),
                remedy="Look at nats/nats.log; see that its disk has room",
            ) from error


async def _ensure_one(js: JetStreamContext, config: StreamConfig) -> StreamInfo:
    try:
        await js.stream_info(str(config.name))
    except NotFoundError:
        return await js.add_stream(config)
    return await js.update_stream(config)
