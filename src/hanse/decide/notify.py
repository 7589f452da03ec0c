"""Messages to people: bodies for messengers and mail, when to send and when to try again.

Nothing is sent here: `Letter` says where and what, a port sends it. Forms as the makers publish
them: WeCom, DingTalk and Feishu group robots, Slack and Teams incoming webhooks, RFC 5322 mail.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Annotated, Any, Literal, NamedTuple, assert_never
from urllib.parse import quote_plus

import msgspec
from msgspec import Meta, Struct

from hanse.decide.alarm import AlarmEvent
from hanse.decide.rules import Schedule, priority
from hanse.model.ids import Key
from hanse.model.plant import AlarmPriority
from hanse.model.text import Language, Text
from hanse.model.time import NS_PER_S, format_instant, from_ns

BODY_CHARACTERS_MAX = 2_000
TRIES_MAX = 8
FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 600.0
CALLS_PER_MINUTE = 20

Way = Literal["wecom", "dingtalk", "feishu", "slack", "teams", "webhook", "smtp"]


class Channel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where messages go: a webhook's address, or a mailbox for smtp.

    In ``quiet`` hours only critical alarms are sent at once; the others wait for their end.
    """

    key: Key
    way: Way
    to: Annotated[str, Meta(min_length=3, max_length=500)]
    language: Language = "en"
    at_least: Annotated[int, Meta(ge=1, le=4, description="Lowest priority that is sent")] = 2
    roles: tuple[Key, ...] = ()
    quiet: Schedule | None = None


class Letter(Struct, frozen=True, kw_only=True):
    """Something to send: bytes, their type, and the identity that keeps it from going twice."""

    id: str
    channel: Key
    way: Way
    to: str
    content_type: str
    body: bytes


class Request(NamedTuple):
    """A letter as it is posted."""

    url: str
    body: bytes
    headers: Mapping[str, str]


class Wrong(NamedTuple):
    """What the other side's answer means: worth another try or not, and what it said."""

    again: bool
    said: str


_MARKS = {
    AlarmPriority.CRITICAL: Text("CRITICAL", "紧急"),
    AlarmPriority.HIGH: Text("HIGH", "高"),
    AlarmPriority.MEDIUM: Text("MEDIUM", "中"),
    AlarmPriority.LOW: Text("LOW", "低"),
}


def wanted(channel: Channel, event: AlarmEvent) -> bool:
    """Whether a channel takes an event: called for, severe enough, and for one of its roles."""
    severe = priority(event.severity) >= channel.at_least
    meant = not event.role or not channel.roles or event.role in channel.roles
    return event.annunciate and severe and meant


def loud(event: AlarmEvent) -> bool:
    """Whether an alarm breaks quiet hours."""
    return priority(event.severity) is AlarmPriority.CRITICAL


def letter(channel: Channel, event: AlarmEvent, *, when: str = "", link: str = "") -> Letter:
    """The letter about one event.

    ``when`` is its instant as people there write it (UTC where nothing is given); ``link`` leads
    to the alarm in the cockpit.
    """
    mark = _MARKS[priority(event.severity)].in_(channel.language)
    head = f"[{mark}] {event.text.in_(channel.language)}"
    at = when or format_instant(from_ns(event.at_ns))
    lines = tuple(line for line in (head, at, link) if line)
    return _letter(channel, event.id, lines, msgspec.to_builtins(event))


def plain_letter(channel: Channel, text: Text, *, mark: str) -> Letter:
    """A letter of one sentence; ``mark`` keeps it from going twice."""
    said = text.in_(channel.language)
    return _letter(channel, mark, (said,), {"text": said})


def trial_letter(channel: Channel, *, at_ns: int) -> Letter:
    """What the test button sends."""
    text = Text("Test message from Hanse: this channel works", "Hanse 测试消息:通道可用")
    said = text.in_(channel.language)
    return _letter(channel, f"test@{channel.key}:{at_ns}", (said,), {"test": True, "text": said})


def _letter(
    channel: Channel, identity: str, lines: tuple[str, ...], fields: Mapping[str, object]
) -> Letter:
    kind, body = _body(channel, lines, fields)
    return Letter(
        id=f"{identity}>{channel.key}",
        channel=channel.key,
        way=channel.way,
        to=channel.to,
        content_type=kind,
        body=body,
    )


def _body(
    channel: Channel, lines: tuple[str, ...], fields: Mapping[str, object]
) -> tuple[str, bytes]:
    text = "\n".join(lines)[:BODY_CHARACTERS_MAX]
    match channel.way:
        case "wecom" | "dingtalk":
            return _json({"msgtype": "text", "text": {"content": text}})
        case "feishu":
            return _json({"msg_type": "text", "content": {"text": text}})
        case "slack":
            return _json({"text": text.replace("&", "&amp;").replace("<", "&lt;")})
        case "teams":
            return _json(_teams(lines))
        case "webhook":
            return _json(dict(fields))
        case "smtp":
            return "message/rfc822", _mail(channel.to, lines)
        case _:
            assert_never(channel.way)


def _json(fields: Mapping[str, object]) -> tuple[str, bytes]:
    return "application/json", msgspec.json.encode(fields)


def _teams(lines: tuple[str, ...]) -> dict[str, object]:
    blocks = [
        {"type": "TextBlock", "text": line[:BODY_CHARACTERS_MAX], "wrap": True} for line in lines
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


def _mail(to: str, lines: tuple[str, ...]) -> bytes:
    message = EmailMessage()
    message["To"] = to
    message["Subject"] = " ".join(lines[0].split())[:150]
    message.set_content("\n".join(lines)[:BODY_CHARACTERS_MAX])
    return message.as_bytes()


def signed(letter: Letter, address: str, *, secret: str, at_ns: int) -> Request:
    """A letter as its messenger wants it posted, signed where a secret was agreed.

    DingTalk: HMAC-SHA256 of time and secret in the address; Feishu: the same beside the body; a
    plain webhook: ``X-Hanse-Signature: sha256=`` HMAC of the body, as many senders do it.
    """
    headers = {"content-type": letter.content_type, "user-agent": "hanse"}
    if not secret:
        return Request(address, letter.body, headers)
    match letter.way:
        case "dingtalk":
            ms = str(at_ns // 1_000_000)
            mark = quote_plus(_hmac(secret, f"{ms}\n{secret}"))
            joint = "&" if "?" in address else "?"
            return Request(f"{address}{joint}timestamp={ms}&sign={mark}", letter.body, headers)
        case "feishu":
            seconds = str(at_ns // NS_PER_S)
            fields: dict[str, Any] = msgspec.json.decode(letter.body)
            mark = _hmac(f"{seconds}\n{secret}", "")
            body = msgspec.json.encode({"timestamp": seconds, "sign": mark, **fields})
            return Request(address, body, headers)
        case "webhook":
            digest = hmac.new(secret.encode(), letter.body, hashlib.sha256).hexdigest()
            return Request(
                address, letter.body, {**headers, "x-hanse-signature": f"sha256={digest}"}
            )
        case _:
            return Request(address, letter.body, headers)


def _hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


BUSY_CODES = frozenset({-1, 45009, 130101, 11232, 9499, 99991400})
"""WeCom, DingTalk and Feishu: busy, or too many messages in a minute."""


def refusal(way: Way, status: int, body: bytes) -> Wrong | None:
    """What is wrong with an answer; None where the message was taken.

    WeCom, DingTalk and Feishu answer 200 to everything and tell the truth in the body.
    """
    if status in {408, 425, 429} or status >= 500:
        return Wrong(again=True, said=f"answered {status}")
    if status >= 300:
        return Wrong(again=False, said=f"answered {status}: {_plain(body)}")
    if way not in {"wecom", "dingtalk", "feishu"}:
        return None
    try:
        fields: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return Wrong(again=True, said=f"no answer that can be read: {_plain(body)}")
    code = fields.get("errcode", fields.get("code", fields.get("StatusCode", 0)))
    if code == 0:
        return None
    told = str(fields.get("errmsg") or fields.get("msg") or "")[:120]
    return Wrong(again=code in BUSY_CODES, said=f"refused with {code}: {told}")


def _plain(body: bytes) -> str:
    return " ".join(body[:200].decode(errors="replace").split())


def wait_s(tries: int) -> float | None:
    """How long to wait after so many failed tries; None to give up and show it."""
    if tries >= TRIES_MAX:
        return None
    return min(FIRST_WAIT_S * 2.0 ** max(tries - 1, 0), LONGEST_WAIT_S)


class Pace:
    """At most CALLS_PER_MINUTE letters a minute to a channel, as group robots allow.

    What is over the limit is not lost: it waits for the next free place.
    """

    def __init__(self, per_minute: int = CALLS_PER_MINUTE) -> None:
        self._per_minute = per_minute
        self._sent: dict[str, list[int]] = {}

    def free_at(self, channel: str, now_ns: int) -> int:
        """When the next letter may go: now, or later."""
        minute = 60 * NS_PER_S
        recent = [at for at in self._sent.get(channel, []) if now_ns - at < minute]
        self._sent[channel] = recent
        return now_ns if len(recent) < self._per_minute else recent[-self._per_minute] + minute

    def sent(self, channel: str, at_ns: int) -> None:
        """A letter went."""
        self._sent.setdefault(channel, []).append(at_ns)
