"""Values of an OPC UA server by subscription, until the session is lost."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence
from typing import Any

import asyncua
from asyncua import ua
from asyncua.ua.uaerrors import UaStructParsingError

from hanse.collect.connectors.opcua.config import OpcUaConfig
from hanse.collect.connectors.opcua.events import watch_alarms
from hanse.collect.connectors.opcua.session import (
    Limits,
    certificate_until,
    chunks,
    limits_of,
    namespaces_of,
    session,
)
from hanse.collect.connectors.opcua.values import (
    has_overflowed,
    node_of,
    plain,
    quality_of,
    time_of,
)
from hanse.collect.connectors.opcua.wire import Changes, response_of
from hanse.collect.ports import Intake, Point, World
from hanse.model.errors import BadConfig, Unreachable
from hanse.model.sample import GapReason
from hanse.model.time import Clock

SILENT_KEEPALIVES_MAX = 3
"""Keepalives that may be missing before a session is given up."""
WATCH_S = 0.2
PROBE_S = 5.0
RETRY_POINTS_S = 2.0
HANDLE_NAMESPACES = 1
HANDLE_FIRST = 10
REPUBLISH_MAX = 100


async def collect(
    config: OpcUaConfig, points: Sequence[Point], intake: Intake, world: World
) -> None:
    """One session: subscribe all points, then watch that notifications keep coming.

    Raises:
        Unreachable, Refused: and what `session` raises; always in the end.
    """
    async with session(config, world) as client:
        limits = await limits_of(client)
        if any(point.path for point in points):
            await client.load_data_type_definitions()
        await _introduce(client, intake)
        heard = Subscription(client, config, intake, world.clock)
        await heard.start()
        await heard.watch_namespaces()
        missing = await heard.add(points, limits)
        if config.alarms:
            await watch_alarms(client, intake)
        intake.up()
        await _watch(heard, missing, limits)


class Subscription:
    """One subscription, fed straight from publish responses."""

    def __init__(
        self, client: asyncua.Client, config: OpcUaConfig, intake: Intake, clock: Clock
    ) -> None:
        self._client = client
        self._config = config
        self._intake = intake
        self._clock = clock
        self._id = 0
        self._silence_s = 0.0
        self._heard_s = clock.monotonic_s()
        self._sequence: int | None = None
        self._namespaces: list[str] = []
        self._ended = ""

    async def start(self) -> None:
        """Create the subscription; the server may revise every interval."""
        config = self._config
        count = max(1, round(config.keepalive_s / config.publishing_s))
        parameters = ua.CreateSubscriptionParameters()
        parameters.RequestedPublishingInterval = config.publishing_s * 1_000
        parameters.RequestedMaxKeepAliveCount = count
        parameters.RequestedLifetimeCount = max(count * 10, 100)
        parameters.MaxNotificationsPerPublish = 0
        parameters.PublishingEnabled = True
        session = self._client.uaclient.session
        session.publish = functools.partial(publish, session)
        made = await session.create_subscription(parameters, self._publish)
        self._id = made.SubscriptionId
        keepalive_s = made.RevisedPublishingInterval * made.RevisedMaxKeepAliveCount / 1_000
        self._silence_s = max(1.0, SILENT_KEEPALIVES_MAX * keepalive_s)
        self._heard_s = self._clock.monotonic_s()

    async def watch_namespaces(self) -> None:
        """Be told when the indexes of namespaces change, which makes every node id wrong."""
        self._namespaces = await namespaces_of(self._client)
        array = ua.NodeId(ua.ObjectIds.Server_NamespaceArray)
        await self._monitor([(HANDLE_NAMESPACES, array, False)])

    async def add(self, points: Sequence[Point], limits: Limits) -> list[Point]:
        """Monitor points; those the server does not have now are told and returned."""
        missing: list[Point] = []
        good: list[tuple[Point, ua.NodeId]] = []
        for point in points:
            try:
                good.append((point, node_of(point.address, self._namespaces)))
            except BadConfig as error:
                self._intake.reject(error.what, subject=point.address, remedy=error.remedy)
                missing.append(point)
        for part in chunks(good, limits.monitor):
            asked = [(p.slot + HANDLE_FIRST, node, self._wants_deadband(p)) for p, node in part]
            results = await self._monitor(asked)
            for (point, _), result in zip(part, results, strict=False):
                if not result.StatusCode.is_good():
                    self._refuse(point, result.StatusCode)
                    missing.append(point)
        return missing

    async def probe(self) -> None:
        """Measure one small question and its answer."""
        before_s = self._clock.monotonic_s()
        state = self._client.get_node(ua.NodeId(ua.ObjectIds.Server_ServerStatus_State))
        async with asyncio.timeout(self._config.timeout_s):
            await state.read_value()
        self._intake.note(round_trip_s=self._clock.monotonic_s() - before_s)

    async def refresh(self) -> None:
        """Read the namespace indexes again."""
        self._namespaces = await namespaces_of(self._client)

    def check(self) -> None:
        """Whether the session still lives.

        Raises:
            Unreachable: it does not.
        """
        if self._ended:
            raise Unreachable(
                self._ended,
                subject=self._config.url,
                remedy="Nothing to do: it is connected again by itself",
                code="session-lost",
            )
        silent_s = self._clock.monotonic_s() - self._heard_s
        if silent_s > self._silence_s:
            raise Unreachable(
                f"no notification for {silent_s:.1f} s",
                subject=self._config.url,
                remedy="Look whether the server is frozen or the cable is out",
                code="no-notification",
            )

    # -- publish responses -----------------------------------------------------------------

    async def _publish(self, result: ua.PublishResult) -> None:
        self._heard_s = self._clock.monotonic_s()
        self._intake.alive()
        message = result.NotificationMessage
        data = message.NotificationData
        if not data:
            return
        await self._fill_hole(int(message.SequenceNumber))
        for part in data:
            if isinstance(part, Changes):
                self._take_changes(part)
            elif isinstance(part, ua.DataChangeNotification):
                self._take(part.MonitoredItems)
            elif isinstance(part, ua.StatusChangeNotification):
                self._ended = f"the server ended the subscription: {part.Status.name}"

    def _take_changes(self, changes: Changes) -> None:
        """Columns go on as columns; our own handles are no numbers and come one by one."""
        columns = changes.columns
        slots = columns.handle - HANDLE_FIRST
        self._intake.take_columns(slots, columns.value, columns.at_ns, columns.quality)
        for handle in columns.overflowed:
            self._tell_overflow(handle - HANDLE_FIRST)
        self._take(changes.others)

    def _take(self, items: Sequence[ua.MonitoredItemNotification]) -> None:
        take = self._intake.take
        for item in items:
            handle, value = item.ClientHandle, item.Value
            if handle >= HANDLE_FIRST:
                slot = handle - HANDLE_FIRST
                raw = value.Value.Value if value.Value is not None else None
                take(slot, plain(raw), time_of(value), quality_of(value.StatusCode))
                if has_overflowed(value.StatusCode):
                    self._tell_overflow(slot)
            elif handle == HANDLE_NAMESPACES:
                self._compare_namespaces(value)

    async def _fill_hole(self, number: int) -> None:
        """Ask again for notifications that went missing; what is gone is a gap."""
        expected = None if self._sequence is None else self._sequence % (2**32 - 1) + 1
        self._sequence = number
        if expected is None or number <= expected or number - expected > REPUBLISH_MAX:
            return
        for lost in range(expected, number):
            try:
                again = await self._client.uaclient.session.republish(self._id, lost)
            except (ua.UaError, OSError, TimeoutError):
                self._intake.missed(GapReason.SEQUENCE, detail=f"notification {lost} is gone")
                continue
            for part in again.NotificationData or []:
                if isinstance(part, ua.DataChangeNotification):
                    self._take(part.MonitoredItems)

    def _compare_namespaces(self, value: ua.DataValue) -> None:
        now = value.Value.Value if value.Value is not None else None
        if now and self._namespaces and [str(u) for u in now] != self._namespaces:
            self._ended = "the namespaces of the server changed"

    def _tell_overflow(self, slot: int) -> None:
        self._intake.missed(
            GapReason.OVERFLOW, detail="the server's queue overflowed", slots=[slot]
        )

    # -- monitored items -------------------------------------------------------------------

    async def _monitor(
        self, asked: Sequence[tuple[int, ua.NodeId, bool]]
    ) -> list[ua.MonitoredItemCreateResult]:
        parameters = ua.CreateMonitoredItemsParameters()
        parameters.SubscriptionId = self._id
        parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
        parameters.ItemsToCreate = [self._item(*one) for one in asked]
        made = await self._client.uaclient.session.create_monitored_items(parameters)
        return list(made)

    def _item(self, handle: int, node: ua.NodeId, deadband: bool) -> object:  # noqa: FBT001
        item = ua.MonitoredItemCreateRequest()
        item.ItemToMonitor.NodeId = node
        item.ItemToMonitor.AttributeId = ua.AttributeIds.Value
        item.MonitoringMode = ua.MonitoringMode.Reporting
        wanted = item.RequestedParameters
        wanted.ClientHandle = handle
        wanted.SamplingInterval = self._config.sampling_s * 1_000
        wanted.QueueSize = self._config.queue
        wanted.DiscardOldest = True
        if deadband:
            wanted.Filter = ua.DataChangeFilter(
                Trigger=ua.DataChangeTrigger.StatusValue,
                DeadbandType=ua.DeadbandType.Absolute.value,
                DeadbandValue=self._config.deadband,
            )
        return item

    def _wants_deadband(self, point: Point) -> bool:
        return self._config.deadband > 0 and point.kind == "analog"

    def _refuse(self, point: Point, status: ua.StatusCode) -> None:
        self._intake.reject(
            f"the server does not give this node: {status.name}",
            subject=point.address,
            remedy="Browse the server again and choose the signal anew",
        )


async def publish(session: Any, acks: Sequence[ua.SubscriptionAcknowledgement]) -> Any:
    """Ask for the next publish response, as asyncua does, and decode it by columns."""
    request = ua.PublishRequest()
    request.Parameters.SubscriptionAcknowledgements = list(acks or ())
    data = await session._send_request(request, timeout=0)  # noqa: SLF001 (no other way)
    try:
        return response_of(data)
    except Exception as error:
        raise UaStructParsingError from error


async def _introduce(client: asyncua.Client, intake: Intake) -> None:
    """Tell who the server is, since when it runs, and until when its certificate is good."""
    intake.note(certificate_until=certificate_until(client))
    status = await client.get_node(ua.NodeId(ua.ObjectIds.Server_ServerStatus)).read_value()
    build = status.BuildInfo
    words = (build.ManufacturerName, build.ProductName, build.SoftwareVersion)
    intake.note(device=" ".join(w for w in words if w), started=status.StartTime)


async def _watch(heard: Subscription, missing: list[Point], limits: Limits) -> None:
    """Look at the session a few times a second until it is lost."""
    ticks = 0
    while True:
        heard.check()
        if ticks % round(PROBE_S / WATCH_S) == 0:
            await heard.probe()
        if missing and ticks % round(RETRY_POINTS_S / WATCH_S) == round(1 / WATCH_S):
            await heard.refresh()
            missing = await heard.add(missing, limits)
        await asyncio.sleep(WATCH_S)
        ticks += 1
