"""Alarms become messages: a real mail server, real webhooks, and nothing lost by a restart."""

import asyncio
import contextlib
import json
from email import message_from_bytes, policy

import msgspec
import pytest

from hanse.decide.alarm import AlarmEvent, draft
from hanse.decide.notify import Channel
from hanse.decide.rules import Schedule
from hanse.model.errors import BadConfig, Refused, Unreachable
from hanse.model.text import Text
from hanse.model.time import to_ns
from hanse.node.folder import Folder
from hanse.node.notices import book
from hanse.node.notices.book import MailSettings
from hanse.node.notices.desk import NoticeDesk
from hanse.node.offline import offline
from hanse.node.pages.notices import RecordNotices


class MailServer:
    """Ten commands of RFC 5321; keeps what it is given, or says ``refuses`` to every recipient."""

    def __init__(self):
        self.mails, self.refuses = [], ""

    async def serve(self, reader, writer):
        async def say(line):
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        await say("220 sample")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"RCPT" and self.refuses:
                await say(self.refuses)
            elif word == b"DATA":
                await say("354 go on")
                body = await reader.readuntil(b"\r\n.\r\n")
                self.mails.append(message_from_bytes(body[:-5], policy=policy.default))
                await say("250 taken")
            elif word == b"QUIT":
                await say("221 bye")
                break
            else:
                await say("250 ok")
        writer.close()


class Webhook:
    """Answers what it is told to, and keeps what it was sent."""

    def __init__(self):
        self.asked, self.answers = [], []

    async def serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(x.split(": ", 1) for x in head.lower().splitlines()[1:] if x)
        body = await reader.readexactly(int(fields["content-length"]))
        self.asked.append((head.splitlines()[0], fields, body))
        status, answer = self.answers.pop(0) if self.answers else (200, b"{}")
        writer.write(b"HTTP/1.1 %d x\r\ncontent-length: %d\r\n\r\n" % (status, len(answer)))
        writer.write(answer)
        await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def listening(thing):
    server = await asyncio.start_server(thing.serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
def context(tmp_path):
    home = Folder(tmp_path / "node")
    home.make()
    with offline(home) as made:
        yield made


def put(context, way, to, *, secret="", **how):
    channel = Channel(key="shift", way=way, to=to, **how)
    context.store.write_sync(
        lambda tx: book.put_channel(tx, context.folder, channel, by="ada", secret=secret)
    )


def alarm(context, n=1, severity=600):
    told = AlarmEvent(
        id=f"hot/L1@{n}",
        alarm="hot/L1",
        what="active",
        at_ns=to_ns(context.clock.now()),
        text=Text("Lathe 1: hot", "车床 1:过热"),
        severity=severity,
        annunciate=True,
    )
    return context.store.write_sync(lambda tx: tx.events.append(draft(told), once=told.id))


def waiting(context):
    return context.store.read_sync(lambda tx: book.letters(tx).all())


def standing(context):
    return context.store.read_sync(lambda tx: book.channels(tx).need("shift"))


def made_due(context):
    """As if the waiting time after a failed try had passed."""

    def write(tx):
        for one in book.letters(tx).all():
            book.letters(tx).put(one.letter.id, msgspec.structs.replace(one, next_ns=0))

    context.store.write_sync(write)


async def test_an_alarm_is_mailed_and_the_record_says_so(context):
    put(context, "smtp", "shift@firm.sample")
    async with listening(server := MailServer()) as port:
        mail = MailSettings(host="127.0.0.1", port=port, safety="none", sender="node@firm.sample")
        context.store.write_sync(lambda tx: book.put_mail(tx, context.folder, mail, by="ada"))
        desk = NoticeDesk(context)
        event = alarm(context)
        await desk.take(event)
        await desk.take(event)
        await desk._send_due()
    (taken,) = server.mails
    assert taken["To"] == "shift@firm.sample"
    assert "Lathe 1: hot" in taken["Subject"]
    (told,) = context.store.read_sync(lambda tx: tx.events.find(kind="decide.told"))
    assert told.cause == event.id
    assert (standing(context).sent, waiting(context)) == (1, [])


async def test_what_could_not_be_sent_waits_in_the_record_and_goes_after_a_restart(context):
    async with listening(hook := Webhook()) as port:
        put(context, "slack", f"http://127.0.0.1:{port}/T0/secret")
        hook.answers = [(503, b"busy")]
        first = NoticeDesk(context)
        await first.take(alarm(context))
        await first._send_due()
        (kept,) = waiting(context)
        assert (kept.tries, kept.error) == (1, "answered 503")
        assert "503" in standing(context).error
        made_due(context)
        second = NoticeDesk(context)
        await second._send_due()
        assert waiting(context) == []
        assert standing(context).error == ""
    assert len(hook.asked) == 2


async def test_a_messenger_that_answers_200_and_means_no_is_understood(context):
    async with listening(hook := Webhook()) as port:
        put(context, "wecom", f"http://127.0.0.1:{port}/send?key=k")
        hook.answers = [(200, b'{"errcode":45009,"errmsg":"too many"}')]
        desk = NoticeDesk(context)
        await desk.take(alarm(context))
        await desk._send_due()
        assert waiting(context)[0].tries == 1, "busy: it is tried again"
        made_due(context)
        hook.answers = [(200, b'{"errcode":93000,"errmsg":"invalid webhook"}')]
        await desk._send_due()
    assert waiting(context) == [], "refused for good: it is given up"
    (event,) = context.store.read_sync(lambda tx: tx.events.find(kind="decide.not_told"))
    assert "93000" in event.text.en


async def test_the_address_of_a_webhook_stands_nowhere_but_in_the_key_folder(context):
    put(context, "feishu", "https://robot.sample/hook/very-secret", secret="sign-secret")
    shown = standing(context)
    assert (shown.address, shown.channel.to) == ("robot.sample", "secret")
    for path in context.folder.path.rglob("record.sqlite*"):
        assert b"very-secret" not in path.read_bytes()
    modes = {p.name: p.stat().st_mode & 0o777 for p in (context.folder / "keys").glob("secret-*")}
    assert modes == {"secret-channel-shift": 0o600, "secret-channel-shift-sign": 0o600}
    context.store.write_sync(lambda tx: book.remove_channel(tx, context.folder, "shift", by="ada"))
    assert not list((context.folder / "keys").glob("secret-channel*"))


async def test_a_signed_robot_gets_its_mark(context):
    async with listening(hook := Webhook()) as port:
        hook.answers = [(200, b'{"code":0}')]
        put(context, "feishu", f"http://127.0.0.1:{port}/hook", secret="sign-secret")
        await RecordNotices(context).act("shift", "test", by="ada")
    fields = json.loads(hook.asked[0][2])
    assert {"timestamp", "sign", "msg_type"} <= set(fields)


async def test_the_test_button_says_what_is_wrong(context):
    put(context, "smtp", "shift@firm.sample")
    page = RecordNotices(context)
    with pytest.raises(BadConfig, match="mail server"):
        await page.act("shift", "test", by="ada")
    async with listening(server := MailServer()) as port:
        server.refuses = "550 no such mailbox"
        values = {"host": "127.0.0.1", "port": str(port), "safety": "none", "sender": "n@f.sample"}
        await page.put_mail(values, by="ada")
        with pytest.raises(Refused):
            await page.act("shift", "test", by="ada")
    with pytest.raises(Unreachable):
        await page.act("shift", "test", by="ada")


async def test_quiet_hours_keep_all_but_the_critical_until_their_end(context):
    async with listening(hook := Webhook()) as port:
        quiet = {"from_": "00:00", "until": "24:00"}
        put(context, "slack", f"http://127.0.0.1:{port}/x", quiet=Schedule(**quiet))
        desk = NoticeDesk(context)
        await desk.take(alarm(context, 1, severity=600))
        await desk.take(alarm(context, 2, severity=900))
        await desk._send_due()
    assert len(hook.asked) == 1
    (kept,) = waiting(context)
    assert kept.next_ns > context.clock.ns()


async def test_a_flood_is_told_once_and_not_alarm_by_alarm(context):
    put(context, "slack", "http://127.0.0.1:9/x")
    desk = NoticeDesk(context)
    for n in range(20):
        await desk.take(alarm(context, n, severity=300))
    assert len(waiting(context)) == 10


async def test_a_paused_channel_keeps_what_comes(context):
    async with listening(hook := Webhook()) as port:
        put(context, "slack", f"http://127.0.0.1:{port}/x")
        page = RecordNotices(context)
        await page.act("shift", "pause", by="ada")
        desk = NoticeDesk(context)
        await desk.take(alarm(context))
        await desk._send_due()
        assert (len(waiting(context)), hook.asked) == (1, [])
        await page.act("shift", "resume", by="ada")
        await desk._send_due()
    assert len(hook.asked) == 1


async def test_an_address_that_is_none_is_refused_with_what_to_write(context):
    for way, wrong in (("smtp", "nobody"), ("slack", "ftp://x/y")):
        with pytest.raises(BadConfig):
            put(context, way, wrong)
