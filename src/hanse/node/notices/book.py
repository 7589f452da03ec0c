"""Channels, mail settings and letters on record; their secrets in the node's ``keys`` folder."""

from __future__ import annotations

import contextlib
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct
from msgspec.structs import replace

from hanse.decide import CallOrder
from hanse.decide.notify import Channel, Letter
from hanse.flows import kinds
from hanse.model.errors import BadConfig, Conflict, NotFound, TooMuch
from hanse.model.event import Draft, Event
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.model.titles import role_title
from hanse.node.collecting.secrets import secret_in
from hanse.node.folder import Folder, write_secret
from hanse.store import Tx
from hanse.store.shelf import Shelf

CHANNELS_MAX = 50
WAITING_MAX = 5_000
ERROR_MAX = 300
CALLS = "calls"
MAIL = "mail"
MAIL_SECRET = "mail"  # noqa: S105 (the name of a secret, not one)


class MailSettings(Struct, frozen=True, kw_only=True):
    """The mail server that letters go through; its password is a secret of the node."""

    host: Annotated[str, Meta(max_length=255)] = ""
    port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    safety: Literal["starttls", "tls", "none"] = "starttls"
    user: Annotated[str, Meta(max_length=200)] = ""
    sender: Annotated[str, Meta(max_length=200)] = ""


class Standing(Struct, frozen=True, kw_only=True):
    """A channel and how it fares. ``address`` is what of its address may be shown."""

    channel: Channel
    address: str
    by: str = ""
    enabled: bool = True
    sent: int = 0
    last_at: Instant | None = None
    error: str = ""
    error_at: Instant | None = None


class Waiting(Struct, frozen=True, kw_only=True):
    """A letter that has not gone yet: when it is tried next, and what went wrong before."""

    letter: Letter
    event: str
    text: Text
    next_ns: int
    tries: int = 0
    error: str = ""


def channels(tx: Tx) -> Shelf[Standing]:
    """Where messages go, by key."""
    return tx.shelf("channel", Standing)


def letters(tx: Tx) -> Shelf[Waiting]:
    """What waits to be sent, by the letter's identity."""
    return tx.shelf("letter", Waiting)


def mail_settings(tx: Tx) -> MailSettings:
    """The mail server."""
    return tx.settings.get(MAIL, MailSettings) or MailSettings()


def call_order(tx: Tx) -> CallOrder:
    """Who is called, and who next."""
    return tx.settings.get(CALLS, CallOrder) or CallOrder()


def put_call_order(tx: Tx, calls: CallOrder, *, by: str) -> Event:
    """Keep who is called, and who next; running alarms go by it from now on."""
    tx.settings.put(CALLS, calls)
    said = call_order_said(calls)
    text = Text(f"Who is called changed: {said.en}", f"呼叫顺序已更改:{said.zh}")
    about = {"first": calls.first or "", "steps": [(s.role, s.after_s) for s in calls.steps]}
    draft = Draft(kind=kinds.CALLS_CHANGED, subject=CALLS, text=text, by=by, about=about)
    return tx.events.append(draft)


def call_order_said(calls: CallOrder) -> Text:
    """The order in one sentence."""
    if not calls.enabled:
        return Text("everyone at once, nobody after", "立即通知所有人,不再升级")
    first = role_title(calls.first) if calls.first else Text("everyone", "所有人")
    after = [(role_title(s.role), f"{s.after_s / 60:g}") for s in calls.steps]
    en = "".join(f", after {minutes} min {title.en}" for title, minutes in after)
    zh = "".join(f",{minutes} 分钟后{title.zh}" for title, minutes in after)
    return Text(f"{first.en} at once{en}", f"立即通知{first.zh}{zh}")


def put_channel(tx: Tx, folder: Folder, channel: Channel, *, by: str, secret: str = "") -> Event:
    """Keep a channel. A webhook's address is a secret; the record holds only whose it is.

    Raises:
        BadConfig: no address, or one that is none.
        TooMuch: CHANNELS_MAX channels are there.
    """
    before = channels(tx).get(channel.key)
    if before is None and len(channels(tx).keys()) >= CHANNELS_MAX:
        raise TooMuch(f"at most {CHANNELS_MAX} channels", subject=channel.key)
    shown = _shown(channel)
    if channel.way != "smtp":
        write_secret(folder / "keys" / f"secret-{_name(channel.key)}", channel.to.encode())
    if secret:
        write_secret(folder / "keys" / f"secret-{_name(channel.key)}-sign", secret.encode())
    kept = channel if channel.way == "smtp" else replace(channel, to="secret")
    channels(tx).put(channel.key, Standing(channel=kept, address=shown, by=by))
    text = Text(
        f"Messages go to {channel.key} ({shown}) from now on",
        f"今后消息将发送至 {channel.key}({shown})",
    )
    return tx.events.append(_draft(kinds.CHANNEL_CHANGED, channel.key, text, by=by))


def _shown(channel: Channel) -> str:
    if channel.way == "smtp":
        if "@" not in channel.to or any(c in channel.to for c in "\r\n"):
            raise BadConfig("not a mail address", subject=channel.to[:80], remedy="Write name@firm")
        return channel.to
    parts = urlsplit(channel.to)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadConfig(
            "not an address", subject=channel.to[:40], remedy="Paste the address of the webhook"
        )
    return parts.hostname


def _name(key: str) -> str:
    return "channel-" + "".join(c if c.isalnum() else "_" for c in key)


def remove_channel(tx: Tx, folder: Folder, key: str, *, by: str) -> Event:
    """Forget a channel, its secrets and what waits for it.

    Raises:
        NotFound: there is none.
    """
    channels(tx).need(key)
    channels(tx).delete(key)
    for one in letters(tx).all():
        if one.letter.channel == key:
            letters(tx).delete(one.letter.id)
    for name in (_name(key), f"{_name(key)}-sign"):
        (folder / "keys" / f"secret-{name}").unlink(missing_ok=True)
    text = Text(f"No more messages go to {key}", f"不再向 {key} 发送消息")
    return tx.events.append(_draft(kinds.CHANNEL_REMOVED, key, text, by=by))


def switch_channel(tx: Tx, key: str, *, enabled: bool, by: str) -> Event:
    """Pause a channel or let it go on; what waits meanwhile is kept.

    Raises:
        NotFound: there is none.
        Conflict: it is so already.
    """
    found = channels(tx).need(key)
    if found.enabled == enabled:
        raise Conflict("the channel is so already", subject=key)
    channels(tx).put(key, replace(found, enabled=enabled))
    said = Text("go on", "继续发送") if enabled else Text("are paused", "已暂停发送")
    text = Text(f"Messages to {key} {said.en}", f"{key} 的消息{said.zh}")
    return tx.events.append(_draft(kinds.CHANNEL_CHANGED, key, text, by=by))


def put_mail(tx: Tx, folder: Folder, mail: MailSettings, *, by: str, password: str = "") -> Event:
    """Keep the mail server; an empty password leaves the one that is there."""
    tx.settings.put(MAIL, mail)
    if password:
        write_secret(folder / "keys" / f"secret-{MAIL_SECRET}", password.encode())
    text = Text(f"Mail goes through {mail.host}", f"邮件经 {mail.host} 发送")
    return tx.events.append(_draft(kinds.CHANNEL_CHANGED, MAIL, text, by=by))


def address_of(folder: Folder, channel: Channel) -> str:
    """Where a channel's letters go.

    Raises:
        NotFound: its secret is gone.
    """
    return channel.to if channel.way == "smtp" else secret_in(folder, _name(channel.key))


def sign_secret_of(folder: Folder, key: str) -> str:
    """What a channel's messages are signed with, or empty."""
    with contextlib.suppress(NotFound):
        return secret_in(folder, f"{_name(key)}-sign")
    return ""


def password_of(folder: Folder) -> str:
    """The mail server's password, or empty."""
    with contextlib.suppress(NotFound):
        return secret_in(folder, MAIL_SECRET)
    return ""


def queue(tx: Tx, waiting: Waiting) -> bool:
    """Keep a letter until it went; False where it waits, went or was given up already.

    Raises:
        TooMuch: WAITING_MAX letters wait.
    """
    identity = waiting.letter.id
    if letters(tx).get(identity) is not None or tx.events.by_once(f"letter:{identity}"):
        return False
    if len(letters(tx).keys()) >= WAITING_MAX:
        raise TooMuch(f"{WAITING_MAX} messages wait already", subject=waiting.letter.channel)
    letters(tx).put(identity, waiting)
    return True


def went(tx: Tx, waiting: Waiting) -> Event:
    """A letter was taken by the other side."""
    letter = waiting.letter
    found = channels(tx).get(letter.channel)
    if found is not None:
        now = tx.clock.now()
        channels(tx).put(
            letter.channel,
            replace(found, sent=found.sent + 1, last_at=now, error="", error_at=None),
        )
    text = Text(
        f"{letter.channel} was told: {waiting.text.en}",
        f"已通知 {letter.channel}:{waiting.text.zh}",
    )
    return _done(tx, waiting, kinds.TOLD, text)


def failed(tx: Tx, waiting: Waiting, error: str, *, next_ns: int | None) -> None:
    """A try failed; with ``next_ns`` None it is given up, and an event says so."""
    said = error[:ERROR_MAX]
    letter = waiting.letter
    found = channels(tx).get(letter.channel)
    if found is not None:
        channels(tx).put(letter.channel, replace(found, error=said, error_at=tx.clock.now()))
    if next_ns is not None:
        again = replace(waiting, tries=waiting.tries + 1, error=said, next_ns=next_ns)
        letters(tx).put(letter.id, again)
        return
    text = Text(
        f"{letter.channel} could not be told: {waiting.text.en} ({said})",
        f"未能通知 {letter.channel}:{waiting.text.zh}({said})",
    )
    _done(tx, waiting, kinds.NOT_TOLD, text)


def _done(tx: Tx, waiting: Waiting, kind: str, text: Text) -> Event:
    letter = waiting.letter
    letters(tx).delete(letter.id)
    about = {"channel": letter.channel, "way": letter.way, "tries": waiting.tries + 1}
    cause = waiting.event or None
    draft = Draft(kind=kind, subject=letter.channel, text=text, cause=cause, about=about)
    return tx.events.append(draft, once=f"letter:{letter.id}")


def _draft(kind: str, subject: str, text: Text, *, by: str) -> Draft:
    return Draft(kind=kind, subject=subject, text=text, by=by)
