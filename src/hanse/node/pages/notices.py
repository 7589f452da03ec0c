"""Channels off the record, and the test button."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from hanse.decide.notify import Channel, Way, trial_letter
from hanse.model.errors import BadInput
from hanse.model.plant import AlarmPriority
from hanse.model.text import Text
from hanse.model.time import from_ns
from hanse.node.context import Context
from hanse.node.notices import book
from hanse.node.notices.book import MailSettings, Standing, Waiting
from hanse.node.notices.calls import calls_form, calls_from
from hanse.node.notices.post import RealPostman
from hanse.node.ruling.folder import tell_decide
from hanse.store import Tx
from hanse.web.views.common import Deed, Done, Field, FieldKind, Option, State, Tone
from hanse.web.views.notices import ChannelRow, NoticesView, WaitingRow

T = TypeVar("T")
SHOWN_MAX = 100
WAYS: dict[Way, Text] = {
    "smtp": Text("E-mail", "电子邮件"),
    "wecom": Text("WeCom group robot", "企业微信群机器人"),
    "dingtalk": Text("DingTalk group robot", "钉钉群机器人"),
    "feishu": Text("Feishu group robot", "飞书群机器人"),
    "teams": Text("Microsoft Teams", "Microsoft Teams"),
    "slack": Text("Slack", "Slack"),
    "webhook": Text("Webhook (JSON)", "Webhook(JSON)"),
}
_PRIORITIES = {
    AlarmPriority.LOW: Text("all", "全部"),
    AlarmPriority.MEDIUM: Text("medium and worse", "中及以上"),
    AlarmPriority.HIGH: Text("high and worse", "高及以上"),
    AlarmPriority.CRITICAL: Text("only critical", "仅紧急"),
}


class RecordNotices:
    """A `hanse.web.ports.Notices`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._postman = RealPostman(context.folder, context.clock)

    async def view(self) -> NoticesView:
        """Channels, what waits, and the forms."""
        return await self._context.store.read(self._view)

    def _view(self, tx: Tx) -> NoticesView:
        waiting = sorted(book.letters(tx).all(), key=lambda w: w.next_ns)
        count = Counter(w.letter.channel for w in waiting)
        mail = book.mail_settings(tx)
        return NoticesView(
            channels=tuple(_row(s, count[s.channel.key]) for s in book.channels(tx).all()),
            waiting=tuple(_waiting(w) for w in waiting[:SHOWN_MAX]),
            form=_form(self._context.settings.firm.language),
            mail=_mail_form(mail),
            mail_said=f"{mail.host}:{mail.port}" if mail.host else "",
            calls=calls_form(book.call_order(tx)),
            calls_said=book.call_order_said(book.call_order(tx)),
        )

    async def put(self, values: Mapping[str, str], *, by: str) -> Done:
        """Keep a channel from the values of its form."""
        channel, secret = channel_from(values, self._context.settings.firm.timezone)
        folder = self._context.folder
        event = await self._context.store.write(
            lambda tx: book.put_channel(tx, folder, channel, by=by, secret=secret)
        )
        return Done(text=event.text, event=event.id, href="/notices")

    async def put_calls(self, values: Mapping[str, str], *, by: str) -> Done:
        """Keep who is called; the decide role goes by it at once."""
        calls = calls_from(values)
        event = await self._context.store.write(lambda tx: book.put_call_order(tx, calls, by=by))
        await tell_decide(self._context.nats)
        return Done(text=event.text, event=event.id, href="/notices")

    async def put_mail(self, values: Mapping[str, str], *, by: str) -> Done:
        """Keep the mail server."""
        given = {k: v for k, v in values.items() if k != "password" and v}
        mail = _convert(given, MailSettings)
        password = values.get("password", "")
        folder = self._context.folder
        event = await self._context.store.write(
            lambda tx: book.put_mail(tx, folder, mail, by=by, password=password)
        )
        return Done(text=event.text, event=event.id, href="/notices")

    async def act(self, key: str, deed: str, *, by: str) -> Done:
        """Test, pause, resume or remove a channel."""
        match deed:
            case "test":
                return await self._test(key)
            case "pause" | "resume":
                enabled = deed == "resume"
                event = await self._context.store.write(
                    lambda tx: book.switch_channel(tx, key, enabled=enabled, by=by)
                )
            case "remove":
                folder = self._context.folder
                event = await self._context.store.write(
                    lambda tx: book.remove_channel(tx, folder, key, by=by)
                )
            case _:
                raise BadInput("there is no such deed", subject=deed[:40])
        return Done(text=event.text, event=event.id, href="/notices")

    async def _test(self, key: str) -> Done:
        """Send a message now; an error is the answer."""
        standing, mail = await self._context.store.read(
            lambda tx: (book.channels(tx).need(key), book.mail_settings(tx))
        )
        made = trial_letter(standing.channel, at_ns=self._context.clock.ns())
        await self._postman.send(made, standing.channel, mail)
        text = Text("The test message was taken", "测试消息已被接收")
        return Done(text=text, href="/notices")


def channel_from(values: Mapping[str, str], timezone: str) -> tuple[Channel, str]:
    """A channel and its signing secret from the values of a form.

    Raises:
        BadInput: a value is missing or cannot be used.
    """
    fields: dict[str, object] = {
        k: values[k] for k in ("key", "way", "to", "language", "at_least") if values.get(k)
    }
    fields["roles"] = [r for r in values.get("roles", "").replace(",", " ").split() if r]
    quiet = values.get("quiet", "").strip()
    if quiet:
        start, _, end = quiet.replace("–", "-").partition("-")
        fields["quiet"] = {"from": start.strip(), "until": end.strip(), "timezone": timezone}
    return _convert(fields, Channel), values.get("sign_secret", "")


def _convert(fields: Mapping[str, object], kind: type[T]) -> T:
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), remedy="Correct the value") from error


def _row(standing: Standing, waiting: int) -> ChannelRow:
    channel = standing.channel
    quiet = f"{channel.quiet.from_}–{channel.quiet.until}" if channel.quiet else ""
    return ChannelRow(
        key=channel.key,
        way=channel.way,
        way_title=WAYS[channel.way],
        address=standing.address,
        state=_state(standing),
        at_least=AlarmPriority(channel.at_least),
        roles=channel.roles,
        quiet=quiet,
        sent=standing.sent,
        waiting=waiting,
        last_at=standing.last_at,
        error=standing.error,
        error_at=standing.error_at,
        deeds=_deeds(standing),
    )


def _state(standing: Standing) -> State:
    if not standing.enabled:
        return State("paused", Text("paused", "已暂停"), Tone.QUIET)
    if standing.error:
        return State("failing", Text("fails", "发送失败"), Tone.BAD)
    return State("ready", Text("ready", "就绪"), Tone.GOOD)


def _deeds(standing: Standing) -> tuple[Deed, ...]:
    switch = (
        Deed(name="pause", label=Text("Pause", "暂停"))
        if standing.enabled
        else Deed(name="resume", label=Text("Resume", "恢复"))
    )
    test = Deed(name="test", label=Text("Send a test message", "发送测试消息"), main=True)
    return (test, switch, Deed(name="remove", label=Text("Remove", "删除"), danger=True))


def _waiting(waiting: Waiting) -> WaitingRow:
    return WaitingRow(
        channel=waiting.letter.channel,
        text=waiting.text,
        tries=waiting.tries,
        next_at=from_ns(waiting.next_ns),
        error=waiting.error,
        event=waiting.event,
    )


def _form(language: str) -> tuple[Field, ...]:
    ways = tuple(Option(value=way, label=title) for way, title in WAYS.items())
    levels = tuple(Option(value=str(int(p)), label=text) for p, text in _PRIORITIES.items())
    tongues = (
        Option(value="en", label=Text("English", "英语")),
        Option(value="zh", label=Text("Chinese", "中文")),
    )
    secret = Text(
        "For DingTalk, Feishu and webhooks, where one was agreed",
        "钉钉、飞书和 Webhook 的加签密钥(如有)",
    )
    return (
        Field(name="key", label=Text("Name", "名称"), hint=Text("such as shift", "例如 shift")),
        Field(name="way", label=Text("Way", "方式"), kind=FieldKind.CHOICE, options=ways),
        Field(name="to", label=Text("Mail or webhook address", "邮箱或 Webhook 地址")),
        Field(
            name="sign_secret",
            label=Text("Signing secret", "加签密钥"),
            kind=FieldKind.SECRET,
            required=False,
            hint=secret,
        ),
        Field(
            name="at_least",
            label=Text("Which alarms", "哪些报警"),
            kind=FieldKind.CHOICE,
            value="2",
            options=levels,
        ),
        Field(
            name="roles",
            label=Text("Only for roles", "仅限角色"),
            required=False,
            hint=Text("Of escalations; empty: all", "升级对象,如 owner;留空为全部"),
        ),
        Field(
            name="quiet",
            label=Text("Quiet hours", "免打扰时段"),
            required=False,
            hint=Text("22:00-06:00; critical alarms break them", "22:00-06:00;紧急报警除外"),
        ),
        Field(
            name="language",
            label=Text("Language", "语言"),
            kind=FieldKind.CHOICE,
            value=language,
            options=tongues,
        ),
    )


def _mail_form(mail: MailSettings) -> tuple[Field, ...]:
    safety = (
        Option(value="starttls", label=Text("STARTTLS", "STARTTLS")),
        Option(value="tls", label=Text("TLS", "TLS")),
        Option(value="none", label=Text("none", "无")),
    )
    return (
        Field(name="host", label=Text("Server", "服务器"), value=mail.host),
        Field(name="port", label=Text("Port", "端口"), value=str(mail.port), kind=FieldKind.NUMBER),
        Field(
            name="safety",
            label=Text("Encryption", "加密"),
            value=mail.safety,
            kind=FieldKind.CHOICE,
            options=safety,
        ),
        Field(name="user", label=Text("User", "用户"), value=mail.user, required=False),
        Field(
            name="password",
            label=Text("Password", "密码"),
            kind=FieldKind.SECRET,
            required=False,
            hint=Text("Empty leaves the one that is kept", "留空则保留原密码"),
        ),
        Field(name="sender", label=Text("From", "发件人"), value=mail.sender),
    )
