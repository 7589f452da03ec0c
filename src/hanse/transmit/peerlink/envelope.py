"""Letters: a CloudEvents 1.0 event in JSON, signed whole, numbered for its pair of firms.

``source`` is the firm that signs and ``audience`` the one it is for; ``number`` counts all letters
of that direction from 1 without holes; ``expirytime`` ends its worth; ``correlationid`` is the
loop it belongs to and ``causationid`` what caused it (CloudEvents extension attributes).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from hanse.model.errors import BadMessage
from hanse.model.ids import Did
from hanse.model.signing import Signer, Verifier
from hanse.model.time import Instant
from hanse.transmit.peerlink import jws, strict

LETTER_BYTES_MAX = 1_500_000
"""Of the sealed bytes; the data inside are about three quarters of it."""
LETTER_TYPE = "hanse-letter+jws"
TYPE_PREFIX = "org.hanse."
SKIP_KIND = "skip"
"""Takes the place of a letter that its sender gave up, so that those after it can be taken."""
CLOCK_SKEW_MAX = dt.timedelta(minutes=10)

Short = Annotated[str, Meta(max_length=120)]


class Message(Struct, frozen=True, kw_only=True):
    """What a letter says. ``data`` is JSON; ``digest`` (sha-256 in hex of the sealed bytes) is
    known once it was opened.
    """  # noqa: D205

    id: Annotated[str, Meta(min_length=1, max_length=120)]
    source: Did
    audience: Did
    number: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    kind: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_.]{0,63}$")]
    at: Instant
    expires: Instant
    subject: Annotated[str, Meta(max_length=300)] = ""
    correlation: Short = ""
    causation: Short = ""
    data: bytes = b"{}"
    digest: str = ""


class _Event(Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    specversion: Literal["1.0"]
    id: Annotated[str, Meta(min_length=1, max_length=120)]
    source: Did
    type: Annotated[str, Meta(pattern=r"^org\.hanse\.[a-z][a-z0-9_.]{0,63}$")]
    time: Annotated[Instant, Meta(tz=True)]
    datacontenttype: Literal["application/json"]
    audience: Did
    number: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    expirytime: Annotated[Instant, Meta(tz=True)]
    subject: Annotated[str, Meta(max_length=300)] = ""
    correlationid: Short = ""
    causationid: Short = ""
    data: msgspec.Raw


def seal(message: Message, signer: Signer) -> bytes:
    """The signed bytes of a message, the only form in which it is kept and sent.

    Raises:
        BadMessage: the signer is not its source, or its data could be read in two ways.
        TooMuch: beyond LETTER_BYTES_MAX.
    """
    if message.source != signer.did:
        raise BadMessage("a firm signs its own letters only", subject=message.source)
    event = _Event(
        specversion="1.0",
        id=message.id,
        source=message.source,
        type=TYPE_PREFIX + message.kind,
        time=message.at,
        datacontenttype="application/json",
        audience=message.audience,
        number=message.number,
        expirytime=message.expires,
        subject=message.subject,
        correlationid=message.correlation,
        causationid=message.causation,
        data=msgspec.Raw(message.data),
    )
    payload = msgspec.json.encode(event)
    strict.check(payload, bytes_max=LETTER_BYTES_MAX)
    sealed = jws.sign(payload, kind=LETTER_TYPE, signer=signer)
    strict.bound(sealed, LETTER_BYTES_MAX)
    return sealed


def unseal(sealed: bytes, *, us: str, verifier: Verifier) -> Message:
    """What a letter says, once its signature, sender, audience and shape are certain.

    Expiry is not judged here (`is_expired`): an expired letter still uses its number up.

    Raises:
        TooMuch: beyond LETTER_BYTES_MAX or DEPTH_MAX.
        BadMessage: its signature, shape, sender or audience is wrong.
    """
    firm, payload = jws.verify(
        sealed, kind=LETTER_TYPE, verifier=verifier, bytes_max=LETTER_BYTES_MAX
    )
    strict.check(payload, bytes_max=LETTER_BYTES_MAX)
    try:
        event = msgspec.json.decode(payload, type=_Event)
    except msgspec.MsgspecError as error:
        raise BadMessage(f"a letter has the wrong shape ({error})", subject=firm) from error
    if event.source != firm:
        raise BadMessage("a letter names another sender than the one who signed", subject=firm)
    if event.audience != us:
        raise BadMessage("a letter is for another firm", subject=firm, code="other-audience")
    return _message(event, digest_of(sealed))


def renumbered(sealed: bytes, number: int, signer: Signer) -> bytes:
    """A letter of our own under another number, signed again; all else stays.

    Raises:
        BadMessage: it is not ours.
    """
    payload = jws.payload_of(sealed)
    event = msgspec.json.decode(payload, type=_Event)
    message = _message(event, "")
    return seal(msgspec.structs.replace(message, number=number), signer)


def digest_of(sealed: bytes) -> str:
    """SHA-256 in hexadecimal over the exact sealed bytes."""
    return hashlib.sha256(sealed).hexdigest()


def is_expired(message: Message, *, at: Instant) -> bool:
    """Whether a letter came too late to count."""
    return at > message.expires


def is_from_the_future(message: Message, *, at: Instant) -> bool:
    """Whether the sender's clock is ahead by more than CLOCK_SKEW_MAX."""
    return message.at > at + CLOCK_SKEW_MAX


def _message(event: _Event, digest: str) -> Message:
    return Message(
        id=event.id,
        source=event.source,
        audience=event.audience,
        number=event.number,
        kind=event.type.removeprefix(TYPE_PREFIX),
        at=event.time,
        expires=event.expirytime,
        subject=event.subject,
        correlation=event.correlationid,
        causation=event.causationid,
        data=bytes(event.data),
        digest=digest,
    )
