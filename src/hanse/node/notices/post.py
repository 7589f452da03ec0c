"""The postman: letters out by HTTP and SMTP, and what the other side's answer means."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime

import httpx

from hanse.decide.notify import Channel, Letter, refusal, signed
from hanse.model.errors import BadConfig, HanseError, Refused, Unreachable
from hanse.model.time import Clock
from hanse.node.folder import Folder
from hanse.node.notices.book import MailSettings, address_of, password_of, sign_secret_of

SEND_S = 15.0
ANSWER_BYTES_MAX = 20_000


class RealPostman:
    """Sends a letter now, or says why not (a `hanse.decide.notify.Postman`)."""

    def __init__(self, folder: Folder, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    async def send(self, letter: Letter, channel: Channel, mail: MailSettings) -> None:
        """Deliver.

        Raises:
            Unreachable: the other side does not answer, or is busy: worth another try.
            Refused: it will not have it.
            BadConfig: an address or the mail server is not set.
        """
        address = address_of(self._folder, channel)
        if channel.way == "smtp":
            await asyncio.to_thread(self._mail, letter, address, mail)
        else:
            await self._post(letter, address)

    async def _post(self, letter: Letter, address: str) -> None:
        secret = sign_secret_of(self._folder, letter.channel)
        request = signed(letter, address, secret=secret, at_ns=self._clock.ns())
        try:
            async with httpx.AsyncClient(timeout=SEND_S, follow_redirects=False) as client:
                answer = await client.post(
                    request.url, content=request.body, headers=dict(request.headers)
                )
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise Unreachable(_said(error), subject=letter.channel) from error
        wrong = refusal(letter.way, answer.status_code, answer.content[:ANSWER_BYTES_MAX])
        if wrong is not None:
            raise _error(wrong.again, wrong.said, letter.channel)

    def _mail(self, letter: Letter, address: str, mail: MailSettings) -> None:
        if not mail.host or not mail.sender:
            raise BadConfig(
                "no mail server is set", subject=letter.channel, remedy="Set it on the page"
            )
        message = self._message(letter, address, mail)
        try:
            with _server(mail) as server:
                if mail.safety == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if mail.user:
                    server.login(mail.user, password_of(self._folder))
                server.send_message(message)
        except smtplib.SMTPResponseException as error:
            said = f"{error.smtp_code} {_text(error.smtp_error)}"
            raise _error(error.smtp_code < 500, said, letter.channel) from error
        except smtplib.SMTPRecipientsRefused as error:
            raise Refused("the mail server refuses the address", subject=address) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(_said(error), subject=f"{mail.host}:{mail.port}") from error

    def _message(self, letter: Letter, address: str, mail: MailSettings) -> EmailMessage:
        parsed = message_from_bytes(letter.body, policy=policy.default)
        message = EmailMessage()
        message["From"], message["To"] = mail.sender, address
        message["Subject"] = str(parsed["Subject"])
        message["Date"] = format_datetime(self._clock.now())
        mark = "".join(c if c.isalnum() else "." for c in letter.id)[-120:].strip(".")
        message["Message-ID"] = f"<{mark}@hanse.invalid>"
        body = parsed.get_content() if isinstance(parsed, EmailMessage) else ""
        message.set_content(body)
        return message


def _server(mail: MailSettings) -> smtplib.SMTP:
    if mail.safety == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=SEND_S, context=context)
    return smtplib.SMTP(mail.host, mail.port, timeout=SEND_S)


def _error(again: bool, said: str, subject: str) -> HanseError:  # noqa: FBT001 (one of two kinds)
    if again:
        return Unreachable(said, subject=subject)
    return Refused(said, subject=subject, remedy="Look at the channel's settings")


def _said(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:200]


def _text(raw: bytes | str) -> str:
    return raw.decode(errors="replace") if isinstance(raw, bytes) else raw
