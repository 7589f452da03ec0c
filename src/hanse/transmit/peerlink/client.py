"""Posting to another firm's door: HTTP/1.1 over TLS, kept alive, to a pinned key only."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from http import HTTPStatus
from urllib.parse import urlsplit

from msgspec import Struct

from hanse.model.errors import BadConfig, HanseError, Unreachable
from hanse.transmit.peerlink.certificate import pin

HEAD_BYTES_MAX = 16_000
BODY_BYTES_MAX = 64_000
CONNECT_WAIT_S = 5.0
CLOSE_WAIT_S = 1.0
ANSWER_WAIT_S = 15.0
CONNECTIONS_MAX = 1_000
INBOX_PATH = "/peer/v1/inbox"
_HTTPS_PORT = 443


class Route(Struct, frozen=True, kw_only=True):
    """Where a firm's node is, and the pin of the key it shows there."""

    url: str
    pin: str


class Answer(Struct, frozen=True):
    """What the other side answered."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it took care of the request (2xx)."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class _Connection(Struct):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: bool = False


class PeerClient:
    """Posts, one at a time for each route, over a connection that stays open.

    The server's key is compared with the pin before one byte of a letter is sent. No redirect is
    followed.
    """

    def __init__(self) -> None:
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_3
        self._tls.check_hostname = False  # the pin says more than a name
        self._tls.verify_mode = ssl.CERT_NONE  # checked against the pin in _open
        self._open_now: dict[Route, _Connection] = {}
        self._turns: dict[Route, asyncio.Lock] = {}

    async def post(self, route: Route, body: bytes, *, path: str = INBOX_PATH) -> Answer:
        """Post some bytes and give the answer.

        Raises:
            Unreachable: no connection, another key than the pinned one, or no answer in time. It
                may have arrived all the same.
            BadConfig: the route is not https://host[:port].
        """
        async with self._turns.setdefault(route, asyncio.Lock()):
            try:
                async with asyncio.timeout(ANSWER_WAIT_S):
                    return await self._post(route, path, body)
            except HanseError:
                await self._drop(route)
                raise
            except (
                OSError,
                EOFError,
                TimeoutError,
                ValueError,
                asyncio.LimitOverrunError,
            ) as error:
                await self._drop(route)
                raise Unreachable(
                    f"the partner does not answer ({type(error).__name__} {error})"[:300],
                    subject=route.url,
                    remedy="It is tried again by itself; see that its node runs there",
                ) from error
            except BaseException:
                await self._drop(route)
                raise

    async def close(self) -> None:
        """Close all connections."""
        for route in list(self._open_now):
            await self._drop(route)

    async def _post(self, route: Route, path: str, body: bytes) -> Answer:
        connection = self._open_now.get(route) or await self._open(route)
        head = (
            f"POST {_base(route)}{path} HTTP/1.1\r\nHost: {urlsplit(route.url).netloc}\r\n"
            f"Content-Type: application/jose\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            connection.writer.write(head.encode() + body)
            await connection.writer.drain()
            return await self._answer(route, connection)
        except (ConnectionError, EOFError):
            if not connection.used:
                raise
            await self._drop(route)  # the other side had closed an idle connection: once more
            return await self._post(route, path, body)

    async def _answer(self, route: Route, connection: _Connection) -> Answer:
        head = await connection.reader.readuntil(b"\r\n\r\n")
        first, _, rest = head.decode("latin-1").partition("\r\n")
        pairs = (line.partition(":") for line in rest.split("\r\n") if line)
        fields = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = int(fields.get("content-length", "-1"))
        if not first.startswith("HTTP/1.1 ") or not 0 <= length <= BODY_BYTES_MAX:
            raise ValueError("not an answer of a Hanse node")
        body = await connection.reader.readexactly(length)
        connection.used = True
        if fields.get("connection", "").lower() == "close":
            await self._drop(route)
        return Answer(int(first.split(" ", 2)[1]), body)

    async def _open(self, route: Route) -> _Connection:
        parts = urlsplit(route.url)
        if parts.scheme != "https" or not parts.hostname:
            raise BadConfig("a partner's address is https://host:port", subject=route.url[:200])
        if len(self._open_now) >= CONNECTIONS_MAX:
            await self._drop(next(iter(self._open_now)))
        async with asyncio.timeout(CONNECT_WAIT_S):
            reader, writer = await asyncio.open_connection(
                parts.hostname, parts.port or _HTTPS_PORT, ssl=self._tls, limit=HEAD_BYTES_MAX
            )
        connection = self._open_now[route] = _Connection(reader, writer)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        if pin(shown) != route.pin:
            raise Unreachable(
                "the server at the partner's address shows another key than the pinned one",
                subject=route.url,
                remedy="Compare codes with the partner again before trusting the new key",
                code="other-key",
            )
        return connection

    async def _drop(self, route: Route) -> None:
        connection = self._open_now.pop(route, None)
        if connection is not None:
            connection.writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_WAIT_S):
                    await connection.writer.wait_closed()


def _base(route: Route) -> str:
    return urlsplit(route.url).path.rstrip("/")
