"""Values from the topics of an MQTT broker, until it is lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import aiomqtt

from hanse.collect.connectors.broker import PAYLOAD_BYTES_MAX, line, watch
from hanse.collect.connectors.mqtt.config import MqttConfig
from hanse.collect.connectors.mqtt.payload import check_type, read
from hanse.collect.connectors.polling import first_of
from hanse.collect.picking import pick
from hanse.collect.ports import Intake, Point, World
from hanse.collect.times import time_in
from hanse.model.errors import BadInput

SUBSCRIBE_AT_ONCE = 100


async def collect(
    config: MqttConfig, points: Sequence[Point], intake: Intake, world: World
) -> None:
    """One session: subscribe every topic, take what comes.

    Raises:
        aiomqtt errors, Unreachable: the broker is lost; always in the end.
    """
    topics = topics_of(points, intake)
    keep = config.keep_session and bool(config.client_id)
    began_s = world.clock.monotonic_s()
    async with line(config, world, keep=keep) as client:
        intake.note(round_trip_s=world.clock.monotonic_s() - began_s)
        names = list(topics)
        for at in range(0, len(names), SUBSCRIBE_AT_ONCE):
            part: list[tuple[str, int]] = [
                (name, config.qos) for name in names[at : at + SUBSCRIBE_AT_ONCE]
            ]
            await client.subscribe(part)
        intake.up()
        await first_of(_listen(client, config, topics, intake), watch(client, config, intake))


def topics_of(points: Sequence[Point], intake: Intake) -> dict[str, list[Point]]:
    """The points of every topic; those that cannot be are told."""
    topics: dict[str, list[Point]] = defaultdict(list)
    for point in points:
        try:
            check_type(point.type)
        except BadInput as error:
            intake.reject(error.what, subject=point.address, remedy=error.remedy)
            continue
        if not point.address or any(c in point.address for c in "+#\0"):
            intake.reject(
                "not a topic of one signal", subject=point.address, remedy="Write it without + or #"
            )
            continue
        topics[point.address].append(point)
    return dict(topics)


async def _listen(
    client: aiomqtt.Client,
    config: MqttConfig,
    topics: dict[str, list[Point]],
    intake: Intake,
) -> None:
    async for message in client.messages:
        await intake.room()
        payload = message.payload if isinstance(message.payload, bytes) else b""
        topic = str(message.topic)
        if len(payload) > PAYLOAD_BYTES_MAX:
            intake.reject("the payload is too large", subject=topic)
            continue
        for point in topics.get(topic, ()):
            give(point, payload, config, intake)


def give(point: Point, payload: bytes, config: MqttConfig, intake: Intake) -> None:
    """One payload to one point; what cannot be read is told."""
    try:
        value = read(payload, point.type, has_path=bool(point.path))
    except BadInput as error:
        intake.reject(error.what, subject=point.address, remedy=error.remedy)
        return
    at_ns = time_in(pick(value, config.time_path)) if config.time_path else None
    if isinstance(value, dict | list) and not point.path:
        intake.reject(
            "the payload has parts", subject=point.address, remedy="Choose a path to one of them"
        )
        return
    intake.take(point.slot, value, at_ns)
