"""Values of Sparkplug edge nodes through a broker, as a host application."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import aiomqtt
import msgspec

from hanse.collect.connectors.broker import PAYLOAD_BYTES_MAX, line, watch
from hanse.collect.connectors.polling import first_of
from hanse.collect.connectors.sparkplug.codec import Said, rebirth
from hanse.collect.connectors.sparkplug.config import SparkplugConfig
from hanse.collect.connectors.sparkplug.host import (
    NAMESPACE,
    AskRebirth,
    Born,
    Deed,
    Died,
    Host,
    Lost,
    Values,
    topic_of,
)
from hanse.collect.ports import Intake, Point, World
from hanse.model.errors import BadConfig, BadInput
from hanse.model.event import Draft
from hanse.model.sample import GapReason, Quality
from hanse.model.text import Text
from hanse.model.time import NS_PER_S

TICK_S = 0.1
NS_PER_MS = 1_000_000
GOOD, STALE = 192, 500


class Wanted:
    """Which points want which metric: ``group/node/device:metric``."""

    def __init__(self, points: Sequence[Point], intake: Intake) -> None:
        self.metrics: dict[tuple[str, str], list[Point]] = {}
        self.owners: dict[str, list[Point]] = {}
        for point in points:
            try:
                owner, metric = split(point.address)
            except BadConfig as error:
                intake.reject(error.what, subject=point.address, remedy=error.remedy)
                continue
            self.metrics.setdefault((owner, metric), []).append(point)
            self.owners.setdefault(owner, []).append(point)

    def below(self, owner: str) -> list[Point]:
        """The points of an edge node with its devices, or of one device."""
        return [
            point
            for name, points in self.owners.items()
            if name == owner or name.startswith(f"{owner}/")
            for point in points
        ]


def split(address: str) -> tuple[str, str]:
    """Owner and metric of ``group/node/device:metric`` or ``group/node:metric``.

    Raises:
        BadConfig: not such an address.
    """
    owner, colon, metric = address.partition(":")
    if not colon or not metric or owner.count("/") not in {1, 2} or not all(owner.split("/")):
        raise BadConfig(
            "not a Sparkplug metric", subject=address[:120], remedy="Write group/node/device:metric"
        )
    return owner, metric


async def collect(
    config: SparkplugConfig, points: Sequence[Point], intake: Intake, world: World
) -> None:
    """One session as a host: announce, ask every node to be born again, take what they say.

    Raises:
        aiomqtt errors, Unreachable: the broker is lost; always in the end.
    """
    await Session(config, points, intake, world).run()


class Session:
    """One MQTT session of the host application."""

    def __init__(
        self, config: SparkplugConfig, points: Sequence[Point], intake: Intake, world: World
    ) -> None:
        self._config = config
        self._intake = intake
        self._world = world
        self._wanted = Wanted(points, intake)
        self._host = Host(reorder_s=config.reorder_s)
        self._state_topic = f"{NAMESPACE}/STATE/{config.host_id}"
        self._connected_ms = 0
        self._unborn: set[str] = set()

    async def run(self) -> None:
        """Connect with a will, subscribe, announce, listen [5.2, 6.4.27]."""
        self._connected_ms = self._now_ms()
        will = aiomqtt.Will(self._state_topic, self._state(online=False), qos=1, retain=True)
        async with line(self._config, self._world, will=will) as client:
            await client.subscribe(self._state_topic, qos=1)
            await client.subscribe([(topic, 0) for topic in self._topics()])
            await self._announce(client)
            await self._ask_all(client)
            self._intake.up()
            try:
                await first_of(
                    self._listen(client),
                    self._tick(client),
                    watch(client, self._config, self._intake),
                )
            finally:
                await self._say_goodbye(client)

    def _topics(self) -> list[str]:
        groups = self._config.groups or ("+",)
        return [f"{NAMESPACE}/{group}/#" for group in groups]

    async def _announce(self, client: aiomqtt.Client) -> None:
        """STATE online, with the timestamp of the will."""
        await client.publish(self._state_topic, self._state(online=True), qos=1, retain=True)

    async def _say_goodbye(self, client: aiomqtt.Client) -> None:
        """STATE offline with the time of now, before a clean disconnect."""
        self._connected_ms = self._now_ms()
        try:
            async with asyncio.timeout(1.0):
                await client.publish(
                    self._state_topic, self._state(online=False), qos=1, retain=True
                )
        except (aiomqtt.MqttError, TimeoutError):
            return

    async def _ask_all(self, client: aiomqtt.Client) -> None:
        """Births are not retained: nodes that are up already are asked for theirs."""
        for owner in self._wanted.owners:
            group, node, *_ = owner.split("/")
            if f"{group}/{node}" not in self._unborn:
                self._unborn.add(f"{group}/{node}")
                await self._ask(client, group, node)

    async def _ask(self, client: aiomqtt.Client, group: str, node: str) -> None:
        payload = rebirth(self._now_ms())
        await client.publish(f"{NAMESPACE}/{group}/NCMD/{node}", payload, qos=0, retain=False)

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            await self._intake.room()
            topic = str(message.topic)
            payload = message.payload if isinstance(message.payload, bytes) else b""
            if topic == self._state_topic:
                await self._own_state(client, payload)
            elif len(payload) <= PAYLOAD_BYTES_MAX and not message.retain:
                await self._hear(client, topic, payload)

    async def _own_state(self, client: aiomqtt.Client, payload: bytes) -> None:
        """Someone, a late will perhaps, says that we are offline: say that we are not [5.2]."""
        try:
            said = msgspec.json.decode(payload)
        except (msgspec.DecodeError, RecursionError):
            return
        if isinstance(said, dict) and said.get("online") is False:
            await self._announce(client)

    async def _hear(self, client: aiomqtt.Client, topic: str, payload: bytes) -> None:
        heard = topic_of(topic)
        if heard is None:
            return
        clock = self._world.clock
        try:
            deeds = self._host.hear(heard, payload, at_s=clock.monotonic_s(), at_ns=clock.ns())
        except BadInput as error:
            self._intake.reject(error.what, subject=topic, remedy=error.remedy)
            return
        await self._do(client, deeds)

    async def _tick(self, client: aiomqtt.Client) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            await self._do(client, self._host.tick(at_s=self._world.clock.monotonic_s()))

    async def _do(self, client: aiomqtt.Client, deeds: Iterable[Deed]) -> None:
        for deed in deeds:
            match deed:
                case Values():
                    self._take(deed)
                case AskRebirth():
                    await self._ask(client, deed.group, deed.node)
                case Born():
                    self._born(deed)
                case Died():
                    self._died(deed)
                case Lost():
                    slots = [p.slot for p in self._wanted.below(deed.edge)]
                    self._intake.missed(GapReason.SEQUENCE, detail=deed.detail, slots=slots)

    def _take(self, values: Values) -> None:
        wanted, take = self._wanted.metrics, self._intake.take
        owner = values.owner
        for metric in values.metrics:
            points = wanted.get((owner, metric.name))
            if points is None:
                continue
            at_ms = metric.at_ms or values.at_ms
            for point in points:
                at_ns = None if at_ms is None else at_ms * NS_PER_MS
                take(point.slot, metric.value, at_ns, _quality(metric))

    def _born(self, born: Born) -> None:
        if born.gap_since_ns is not None:
            self._intake.missed(
                GapReason.SESSION_LOST,
                detail=f"{born.owner} was offline",
                slots=[p.slot for p in self._wanted.owners.get(born.owner, [])],
                since_ns=born.gap_since_ns,
            )

    def _died(self, died: Died) -> None:
        at_ns = None if died.at_ms is None else died.at_ms * NS_PER_MS
        for point in self._wanted.owners.get(died.owner, []):
            self._intake.take(point.slot, None, at_ns, quality=Quality.BAD)
        self._intake.happened(
            Draft(
                kind="collect.device_offline",
                subject=died.owner[:200],
                text=Text(en=f"{died.owner} went offline", zh=f"{died.owner} 已离线"),
            )
        )

    def _state(self, *, online: bool) -> bytes:
        return msgspec.json.encode({"online": online, "timestamp": self._connected_ms})

    def _now_ms(self) -> int:
        return self._world.clock.ns() * 1_000 // NS_PER_S


def _quality(metric: Said) -> int:
    if metric.quality is None or metric.quality == GOOD:
        return Quality.GOOD
    return Quality.UNCERTAIN if metric.quality >= STALE else Quality.BAD
