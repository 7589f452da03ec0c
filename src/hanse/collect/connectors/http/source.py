"""Values of an HTTP interface by asking it again and again."""

from __future__ import annotations

import ssl
from collections import defaultdict
from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

import httpx
import msgspec

from hanse.collect.connectors.http.config import HttpConfig
from hanse.collect.connectors.polling import beats
from hanse.collect.picking import pick, steps_of
from hanse.collect.ports import Intake, Point, World
from hanse.collect.secrets import revealed, without_secrets
from hanse.collect.times import time_in
from hanse.model.errors import BadConfig, BadInput, Refused, Unreachable
from hanse.model.sample import Quality

BODY_BYTES_MAX = 10_000_000


async def collect(
    config: HttpConfig, points: Sequence[Point], intake: Intake, world: World
) -> None:
    """Ask every ``poll_s``; addresses are ``path/below#json.path`` or just ``json.path``.

    Raises:
        httpx errors, Unreachable, Refused: no answer, or one that is no success.
    """
    wanted = _by_place(points, intake)
    address = revealed(config.url, world.reveal)
    async with client(config, world) as line:
        async for _ in beats(config.poll_s, intake, world.clock):
            for place, asked in wanted.items():
                began_s = world.clock.monotonic_s()
                answer = await ask(line, address, place)
                intake.note(round_trip_s=world.clock.monotonic_s() - began_s)
                _give(answer, asked, config, intake)
            intake.up()


def client(config: HttpConfig, world: World) -> httpx.AsyncClient:
    """A client that follows no redirect and takes no proxy from the environment."""
    headers = {"Accept": "application/json"}
    if config.token:
        headers["Authorization"] = f"Bearer {world.reveal(config.token)}"
    login = (config.user, world.reveal(config.password)) if config.user else None
    trust = ssl.create_default_context(cafile=config.authority or None)
    return httpx.AsyncClient(
        headers=headers,
        auth=login,
        verify=trust,
        timeout=config.timeout_s,
        follow_redirects=False,
        trust_env=False,
    )


async def ask(line: httpx.AsyncClient, address: str, place: str) -> object:
    """The JSON of one answer.

    Raises:
        Refused: 401 or 403.
        Unreachable: any other answer that is no success.
        BadInput: too long, or not JSON.
    """
    url = below(address, place)
    shown = without_secrets(url)
    body = bytearray()
    async with line.stream("GET", url) as answer:
        _check(answer.status_code, shown)
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > BODY_BYTES_MAX:
                raise BadInput(f"an answer of more than {BODY_BYTES_MAX} bytes", subject=shown)
    try:
        return msgspec.json.decode(bytes(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(
            "the answer is not JSON", subject=shown, remedy="Name a place that answers with JSON"
        ) from error


def below(address: str, place: str) -> str:
    """A place below an address; parameters of the address stay."""
    parts = urlsplit(address)
    path = f"{parts.path.rstrip('/')}/{place}" if place else parts.path
    return urlunsplit(parts._replace(path=path))


def _check(status: int, url: str) -> None:
    if status in {401, 403}:
        raise Refused(
            f"the login is refused ({status})",
            subject=url,
            remedy="Check token, user name and password",
            code="login",
        )
    if status >= 300:
        raise Unreachable(
            f"the answer is {status}", subject=url, remedy="Open the address in a browser"
        )


def _by_place(points: Sequence[Point], intake: Intake) -> dict[str, list[tuple[Point, str]]]:
    wanted: dict[str, list[tuple[Point, str]]] = defaultdict(list)
    for point in points:
        place, hash_, path = point.address.rpartition("#")
        try:
            steps_of(path)
        except BadConfig as error:
            intake.reject(error.what, subject=point.address, remedy=error.remedy)
            continue
        wanted[place.strip("/") if hash_ else ""].append((point, path))
    return dict(wanted)


def _give(
    answer: object, asked: Sequence[tuple[Point, str]], config: HttpConfig, intake: Intake
) -> None:
    at_ns = time_in(pick(answer, config.time_path)) if config.time_path else None
    for point, path in asked:
        value = pick(answer, path)
        if value is None:
            intake.reject("not in the answer", subject=point.address)
            intake.take(point.slot, None, at_ns, Quality.BAD)
        else:
            intake.take(point.slot, value, at_ns)
