"""Commands between roles: a question in JSON, an answer in JSON, errors that stay typed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from hanse.model import errors
from hanse.model.errors import BadInput, Broken, HanseError, Unreachable

AT_ONCE_MAX = 64
ANSWER_WAIT_S = 5.0
COMMAND_SUBJECT = "command"

Q = TypeVar("Q")
A = TypeVar("A")


class Fault(Struct, frozen=True, kw_only=True):
    """A `HanseError` on the wire."""

    code: str
    what: str
    subject: str = ""
    remedy: str = ""
    name: str = ""


class _Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    ok: msgspec.Raw = msgspec.Raw(b"null")
    fault: Fault | None = None


_BY_CODE: dict[str, type[HanseError]] = {
    kind.code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, HanseError)
}


def to_fault(error: HanseError) -> Fault:
    """An error as it travels."""
    return Fault(
        code=error.code,
        what=error.what,
        subject=error.subject,
        remedy=error.remedy,
        name=error.name,
    )


def from_fault(fault: Fault) -> HanseError:
    """The error that travelled, of its own class again."""
    kind = _BY_CODE.get(fault.code, HanseError)
    return kind(fault.what, subject=fault.subject, remedy=fault.remedy, code=fault.name)


async def ask(
    client: Client, command: str, question: Any, *, answer: type[A], wait_s: float = ANSWER_WAIT_S
) -> A:
    """Ask the role that answers a command (``plan.promise``).

    Raises:
        Unreachable: no role answers it, or not within ``wait_s`` (it may still be done).
        HanseError: whatever the role answered, as the class it raised.
        BadInput: the answer is not an ``answer``.
    """
    try:
        message = await client.request(
            f"{COMMAND_SUBJECT}.{command}", msgspec.json.encode(question), timeout=wait_s
        )
    except NoRespondersError as error:
        raise Unreachable(
            "no role answers this", subject=command, remedy="See `hanse doctor`"
        ) from error
    except (NatsError, TimeoutError, OSError) as error:
        raise Unreachable(
            f"no answer within {wait_s} s", subject=command, remedy="Try again; see `hanse doctor`"
        ) from error
    reply = _decode(message.data, _Answer, command)
    if reply.fault is not None:
        raise from_fault(reply.fault)
    return _decode(reply.ok, answer, command)


async def answer(
    client: Client,
    command: str,
    *,
    question: type[Q],
    handle: Callable[[Q], Awaitable[Any]],
) -> Subscription:
    """Answer a command from now on; several processes that do share the questions.

    At most AT_ONCE_MAX are in hand at once, the rest wait. What ``handle`` raises on purpose
    reaches the asker; anything else is answered as `Broken`.
    """
    free = asyncio.Semaphore(AT_ONCE_MAX)
    running: set[asyncio.Task[None]] = set()

    async def one(message: Msg) -> None:
        try:
            reply = await _reply(message.data, command, question, handle)
            if message.reply and client.is_connected:
                await message.respond(reply)
        finally:
            free.release()

    async def take(message: Msg) -> None:
        await free.acquire()
        task = asyncio.create_task(one(message))
        running.add(task)
        task.add_done_callback(running.discard)

    return await client.subscribe(f"{COMMAND_SUBJECT}.{command}", queue="role", cb=take)


async def _reply(
    data: bytes, command: str, question: type[Q], handle: Callable[[Q], Awaitable[Any]]
) -> bytes:
    try:
        result = await handle(_decode(data, question, command))
        return msgspec.json.encode(_Answer(ok=msgspec.Raw(msgspec.json.encode(result))))
    except HanseError as error:
        return msgspec.json.encode(_Answer(fault=to_fault(error)))
    except Exception as error:  # noqa: BLE001 (the asker must hear of it, and the role must go on)
        broken = Broken(f"{type(error).__name__}: {error}"[:400], subject=command)
        return msgspec.json.encode(_Answer(fault=to_fault(broken)))


def _decode(data: bytes | msgspec.Raw, kind: type[A], command: str) -> A:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadInput(
            f"not what this command takes or gives ({error})", subject=command
        ) from error
