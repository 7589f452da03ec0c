"""Alarms and conditions of an OPC UA server as events (IEC 62541-9)."""

from __future__ import annotations

from typing import Any

import asyncua
from asyncua import ua

from hanse.collect.ports import Intake
from hanse.model.event import Draft
from hanse.model.text import Text
from hanse.model.time import format_instant

HANDLE_EVENTS = 1
QUEUE_MAX = 1_000
_FIELDS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (ua.ObjectIds.BaseEventType, ("EventId",)),
    (ua.ObjectIds.BaseEventType, ("EventType",)),
    (ua.ObjectIds.BaseEventType, ("SourceName",)),
    (ua.ObjectIds.BaseEventType, ("Time",)),
    (ua.ObjectIds.BaseEventType, ("Message",)),
    (ua.ObjectIds.BaseEventType, ("Severity",)),
    (ua.ObjectIds.ConditionType, ("ConditionName",)),
    (ua.ObjectIds.ConditionType, ("Retain",)),
    (ua.ObjectIds.AlarmConditionType, ("ActiveState", "Id")),
    (ua.ObjectIds.AcknowledgeableConditionType, ("AckedState", "Id")),
)
_NAMES = tuple("".join(path).removesuffix("Id") or "EventId" for _, path in _FIELDS)


async def watch_alarms(client: asyncua.Client, intake: Intake) -> None:
    """Subscribe to the server's events and ask for the conditions that stand now."""
    session = client.uaclient.session

    async def publish(result: ua.PublishResult) -> None:
        for part in result.NotificationMessage.NotificationData or []:
            if isinstance(part, ua.EventNotificationList):
                for event in part.Events:
                    intake.happened(draft_of([f.Value for f in event.EventFields]))

    parameters = ua.CreateSubscriptionParameters()
    parameters.RequestedPublishingInterval = 100
    parameters.RequestedMaxKeepAliveCount = 50
    parameters.RequestedLifetimeCount = 1_000
    parameters.PublishingEnabled = True
    made = await session.create_subscription(parameters, publish)
    wanted = ua.CreateMonitoredItemsParameters()
    wanted.SubscriptionId = made.SubscriptionId
    wanted.ItemsToCreate = [_item()]
    results = await session.create_monitored_items(wanted)
    if not results[0].StatusCode.is_good():
        intake.reject(
            f"the server gives no events: {results[0].StatusCode.name}",
            subject="Server",
            remedy="Switch alarms off for this device",
        )


def draft_of(values: list[Any]) -> Draft:
    """An event notification as an event of ours; fields a server leaves out are left out."""
    fields = dict(zip(_NAMES, values, strict=False))
    source = str(fields.get("SourceName") or "server")[:200]
    message = _text(fields.get("Message")) or _text(fields.get("ConditionName")) or "event"
    about: dict[str, Any] = {
        "condition": _text(fields.get("ConditionName")),
        "severity": int(fields.get("Severity") or 0),
        "active": fields.get("ActiveState"),
        "acknowledged": fields.get("AckedState"),
        "retain": fields.get("Retain"),
    }
    at = fields.get("Time")
    if at is not None:
        about["at"] = format_instant(at)
    return Draft(
        kind="collect.device_event",
        subject=source,
        text=Text(en=f"{source}: {message}"[:400], zh=f"{source}：{message}"[:400]),
        about={k: v for k, v in about.items() if v is not None and v != ""},
    )


def _item() -> object:
    chosen = ua.EventFilter()
    chosen.SelectClauses = [_clause(kind, path) for kind, path in _FIELDS]
    item = ua.MonitoredItemCreateRequest()
    item.ItemToMonitor.NodeId = ua.NodeId(ua.ObjectIds.Server)
    item.ItemToMonitor.AttributeId = ua.AttributeIds.EventNotifier
    item.MonitoringMode = ua.MonitoringMode.Reporting
    item.RequestedParameters.ClientHandle = HANDLE_EVENTS
    item.RequestedParameters.QueueSize = QUEUE_MAX
    item.RequestedParameters.DiscardOldest = True
    item.RequestedParameters.Filter = chosen
    return item


def _clause(kind: int, path: tuple[str, ...]) -> ua.SimpleAttributeOperand:
    clause = ua.SimpleAttributeOperand()
    clause.TypeDefinitionId = ua.NodeId(kind)
    clause.BrowsePath = [ua.QualifiedName(name, 0) for name in path]
    clause.AttributeId = ua.AttributeIds.Value
    return clause


def _text(value: object) -> str:
    return str(value.Text or "") if isinstance(value, ua.LocalizedText) else str(value or "")
