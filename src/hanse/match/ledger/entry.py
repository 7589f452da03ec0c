"""One entry of a pair ledger: its exact bytes, its two signatures, its hash."""

from __future__ import annotations

import base64
import binascii
import hashlib
from threading import Lock
from typing import Annotated, Any

import msgspec
import orjson
from msgspec import Meta, Struct

from hanse.model.errors import BadMessage, TooMuch
from hanse.model.ids import Did
from hanse.model.time import Instant, parse_instant

ENTRY_BYTES_MAX = 262_144
DEPTH_MAX = 20
INTEGER_MAX = 2**53 - 1
SEQ_MAX = 10**9
KNOWN_MAX = 64
COUNTERSIGN_CONTEXT = b"hanse ledger countersignature v1\n"
"""Stands before the digest that a countersigner signs: it is a signature of nothing else."""

Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
SignatureText = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{86}$")]
GENESIS = "0" * 64


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is signed. ``prev`` is the hash of the entry before, ``exp`` when the offer lapses."""

    chain: Annotated[str, Meta(max_length=80)]
    seq: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    prev: Hex
    kind: Annotated[str, Meta(max_length=40, pattern=r"^[a-z_]+$")]
    body: dict[str, Any]
    by: Did
    at: Annotated[Instant, Meta(tz=True)]
    exp: Annotated[Instant, Meta(tz=True)]


class Proposal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry signed by the one who proposes it: its exact text, and 64 bytes in base64url."""

    entry: Annotated[str, Meta(max_length=ENTRY_BYTES_MAX)]
    sig1: SignatureText


MomentText = Annotated[
    str,
    Meta(max_length=27, pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$"),
]


class CoSigned(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry signed by both: one line of an exported ledger.

    ``at2`` is when the second firm says it signed; its signature covers it. Signed after the
    entry's ``exp`` it is on the chain as evidence but void: it changes nothing.
    """

    entry: Annotated[str, Meta(max_length=ENTRY_BYTES_MAX)]
    sig1: SignatureText
    at2: MomentText
    sig2: SignatureText


class Countersignature(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The second signature, for the proposal whose digest it names."""

    chain: Annotated[str, Meta(max_length=80)]
    seq: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    proposal: Hex
    at2: MomentText
    sig2: SignatureText


def text_of(signature: bytes) -> str:
    """A signature in base64url without padding."""
    return base64.urlsafe_b64encode(signature).decode().rstrip("=")


def bytes_of(signature: str) -> bytes:
    """The 64 bytes of a signature text.

    Raises:
        BadMessage: not base64url.
    """
    try:
        return base64.b64decode(signature + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadMessage("not a signature", subject=signature[:20]) from error


def canonical(value: object) -> bytes:
    """The RFC 8785 bytes of a value made of objects, arrays, strings, whole numbers and booleans.

    Numbers with a fraction are refused: between firms they are decimal strings. Within this set
    sorted orjson gives exactly the bytes of RFC 8785 (held by a law against another program).

    Raises:
        BadMessage: a float, a key that is not ASCII, a lone surrogate, a number over 2**53 - 1.
        TooMuch: nested deeper than DEPTH_MAX or longer than ENTRY_BYTES_MAX.
    """
    _check(value, 0)
    try:
        data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise BadMessage("cannot be written as canonical JSON", subject=str(error)[:80]) from error
    if len(data) > ENTRY_BYTES_MAX:
        raise TooMuch(f"an entry has at most {ENTRY_BYTES_MAX} bytes", subject=f"{len(data)} bytes")
    return data


def _check(value: object, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise TooMuch(f"an entry nests at most {DEPTH_MAX} deep")
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is dict:
        for key, inner in value.items():  # type: ignore[attr-defined]
            if type(key) is not str or not key.isascii():
                raise BadMessage("a key is not ASCII text", subject=repr(key)[:40])
            if type(inner) is not str:
                _check(inner, depth + 1)
    elif kind is list or kind is tuple:
        for inner in value:  # type: ignore[attr-defined]
            _check(inner, depth + 1)
    elif kind is not int or abs(value) > INTEGER_MAX:  # type: ignore[arg-type]
        raise BadMessage(
            "a number that is not whole and small",
            subject=repr(value)[:40],
            remedy="Write it as a decimal string",
        )


def entry_text(entry: Entry) -> str:
    """The exact text that both sign."""
    text = canonical(msgspec.to_builtins(entry)).decode()
    known.add(text)
    return text


def parse_entry(text: str) -> Entry:
    """The entry in a text that must be canonical to the byte.

    Raises:
        BadMessage: not JSON, not canonical (spaces, order, repeated keys, numbers), wrong shape.
        TooMuch: too long or too deep.
    """
    _must_be_canonical(text)
    try:
        return _ENTRY.decode(text)
    except msgspec.ValidationError as error:
        raise BadMessage("an entry has the wrong shape", subject=str(error)[:200]) from error


_ENTRY = msgspec.json.Decoder(Entry)


def _must_be_canonical(text: str) -> None:
    if text in known:
        return
    raw = _utf8(text)
    if len(raw) > ENTRY_BYTES_MAX:
        raise TooMuch(f"an entry has at most {ENTRY_BYTES_MAX} bytes", subject=f"{len(raw)} bytes")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadMessage("an entry is not JSON", subject=text[:40]) from error
    if canonical(value) != raw:
        raise BadMessage("an entry is not in canonical form", subject=text[:40])
    known.add(text)


class Known:
    """The last KNOWN_MAX texts that were seen to be canonical to the byte.

    An entry is read several times on its way onto the chain. Only the verdict on these exact
    characters is kept: every reader gets values of its own.
    """

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}
        self._lock = Lock()

    def __contains__(self, text: str) -> bool:
        return text in self._texts

    def add(self, text: str) -> None:
        """Remember a text; the one that came first goes where there are too many."""
        with self._lock:
            if len(self._texts) >= KNOWN_MAX:
                del self._texts[next(iter(self._texts))]
            self._texts[text] = None

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._texts.clear()


known = Known()


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BadMessage("a text with a lone surrogate", subject=repr(text[:20])) from error


def proposal_digest(proposal: Proposal) -> str:
    """SHA-256 over the entry's bytes and the first signature, in hex: what is countersigned."""
    return hashlib.sha256(proposal.entry.encode() + bytes_of(proposal.sig1)).hexdigest()


def countersigned_bytes(digest: str, at2: str) -> bytes:
    """The exact bytes the second signature is made over."""
    return COUNTERSIGN_CONTEXT + bytes.fromhex(digest) + at2.encode()


def second_signature_bytes(signed: CoSigned) -> bytes:
    """The exact bytes that the second signature of a complete entry is made over."""
    proposal = Proposal(entry=signed.entry, sig1=signed.sig1)
    return countersigned_bytes(proposal_digest(proposal), signed.at2)


def entry_hash(signed: CoSigned) -> str:
    """SHA-256 over entry, first signature, time and second signature, in hex: the head after it."""
    tail = bytes_of(signed.sig1) + signed.at2.encode() + bytes_of(signed.sig2)
    return hashlib.sha256(signed.entry.encode() + tail).hexdigest()


def is_void(entry: Entry, signed: CoSigned) -> bool:
    """Whether the second firm signed too late for the entry to count."""
    return parse_instant(signed.at2) >= entry.exp
