"""Files between firms: kept by hash, sealed for one addressee, fetched in pieces until whole.

A document names a file by the hash of what is inside; the file itself never rides on a letter. The
firm that wants it asks the other's door for piece after piece, each time with a signed word, and
goes on where it stopped. What lies ready for a partner can be read by that partner's key alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from hanse.match.books import Books
from hanse.match.sealed import digest_of, seal, unseal
from hanse.model.errors import BadMessage, NotAllowed, NotFound, TooMuch
from hanse.model.ids import Did
from hanse.model.keys import DidKeyVerifier
from hanse.model.time import Instant
from hanse.model.trade import Digest
from hanse.node.context import Context
from hanse.node.dealing import partners
from hanse.node.identity import firm_seed
from hanse.store import Tx
from hanse.store.shelf import Shelf
from hanse.transmit.peerlink import jws
from hanse.transmit.peerlink.client import PeerClient, Route

FILE_BYTES_MAX = 20_000_000
PIECE_BYTES = 60_000
TRIES_MAX = 2_000
"""Tries of a file that its firm does not give; about two days at PAUSE_S_MAX."""
PAUSE_S_MAX = 120.0
WANTED_MAX = 1_000
WORD_BYTES_MAX = 4_000
WORD_KIND = "hanse-file+jws"
WORD_LASTS = dt.timedelta(minutes=10)
PATH = "/peer/v1/files"


class KeptFile(Struct, frozen=True, kw_only=True):
    """A file on record: its name for people, and from whom it came (empty: from here)."""

    digest: Digest
    name: Annotated[str, Meta(max_length=120)]
    size: Annotated[int, Meta(ge=0, le=FILE_BYTES_MAX)]
    at: Instant
    source: str = ""


class Wanted(Struct, frozen=True, kw_only=True):
    """A file that a partner's document names and that is not here yet."""

    digest: Digest
    source: Did
    name: Annotated[str, Meta(max_length=120)] = ""
    tries: int = 0
    next_at: Instant | None = None
    error: str = ""


class Word(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked at a partner's door: this file, from this byte on."""

    digest: Digest
    audience: Did
    at: Annotated[Instant, Meta(tz=True)]
    offset: Annotated[int, Meta(ge=0, le=FILE_BYTES_MAX + 1_000)] = 0


def kept(tx: Tx) -> Shelf[KeptFile]:
    """Files that are here, by digest."""
    return tx.shelf("file", KeptFile)


def wanted(tx: Tx) -> Shelf[Wanted]:
    """Files that are to be fetched, by digest."""
    return tx.shelf("wanted_file", Wanted)


def want(tx: Tx, digest: str, *, source: str, name: str) -> None:
    """Have a partner's file fetched, unless it is here or too many are wanted."""
    if kept(tx).get(digest) is None and len(wanted(tx).keys()) < WANTED_MAX:
        wanted(tx).put(digest, Wanted(digest=digest, source=source, name=name[:120]))


def keep(context: Context, data: bytes, *, name: str, source: str = "") -> KeptFile:
    """Write a file into the node's folder, whole or not at all; it is not yet on record.

    Raises:
        TooMuch: larger than FILE_BYTES_MAX.
    """
    if len(data) > FILE_BYTES_MAX:
        raise TooMuch(f"a file has at most {FILE_BYTES_MAX} bytes", subject=name[:80])
    digest = digest_of(data)
    _write(_place(context, digest), data)
    at = context.clock.now()
    return KeptFile(digest=digest, name=name[:120], size=len(data), at=at, source=source)


def content(context: Context, digest: str) -> bytes:
    """The bytes of a file that is here.

    Raises:
        NotFound: it is not.
        BadMessage: it was changed on disk.
    """
    path = _place(context, digest)
    if not path.exists():
        raise NotFound("this file is not here", subject=digest, remedy="It may still be on its way")
    data = path.read_bytes()
    if digest_of(data) != digest:
        raise BadMessage("a file was changed on disk", subject=digest)
    return data


def share(context: Context, digest: str, *, to: str, key: str) -> None:
    """Lay a file ready for a partner, sealed for its key."""
    ready = _ready(context, digest, to)
    if not ready.exists():
        _write(ready, seal(content(context, digest), to=key, secret=os.urandom(32)))


def key_of(tx: Tx, partner: str) -> str:
    """The key a partner signs with now, as did:key."""
    ledger = Books(tx.desk).ledger(partner)
    return partner if ledger is None else ledger.chain.keys[partner].key


# ---------------------------------------------------------------- at the door


def piece(context: Context, body: bytes) -> bytes:
    """The piece of a file that a partner's signed word asks for; the last one is a short one.

    Raises:
        BadMessage: the word is not one, not for us, or too old.
        NotAllowed: we do not deal with the firm.
        NotFound: nothing of that name lies ready for it.
    """
    did, payload = jws.verify(
        body, kind=WORD_KIND, verifier=DidKeyVerifier(), bytes_max=WORD_BYTES_MAX
    )
    try:
        word = msgspec.json.decode(payload, type=Word)
    except msgspec.MsgspecError as error:
        raise BadMessage("not a word about a file", subject=did) from error
    if word.audience != context.identity.did or abs(context.clock.now() - word.at) > WORD_LASTS:
        raise BadMessage("a word for another firm, or an old one", subject=did)
    partner = context.store.read_sync(lambda tx: partners.partners(tx).get(did))
    if partner is None or not partner.active:
        raise NotAllowed("we do not deal with this firm", subject=did)
    ready = _ready(context, word.digest, did)
    if not ready.exists():
        raise NotFound("nothing of that name lies ready for this firm", subject=word.digest)
    with ready.open("rb") as file:
        file.seek(word.offset)
        return file.read(PIECE_BYTES)


# ---------------------------------------------------------------- fetching


async def fetch(context: Context, client: PeerClient, wish: Wanted) -> KeptFile:
    """Fetch a file from the firm that named it, from where it stopped before.

    Raises:
        Unreachable: not now; what came is kept for the next try.
        BadMessage: what came is not the file that the document names.
    """
    partner = await context.store.read(lambda tx: partners.need(tx, wish.source))
    part = _place(context, wish.digest).with_suffix(".part")
    part.parent.mkdir(exist_ok=True)
    route = Route(url=partner.url, pin=partner.pin)
    while True:
        offset = part.stat().st_size if part.exists() else 0
        word = Word(digest=wish.digest, audience=wish.source, at=context.clock.now(), offset=offset)
        signer = context.identity.signer
        body = jws.sign(msgspec.json.encode(word), kind=WORD_KIND, signer=signer)
        answer = await client.post(route, body, path=PATH)
        if not answer.ok:
            raise NotFound(f"the partner answers {answer.status}", subject=wish.digest)
        _append(part, answer.body)
        if len(answer.body) < PIECE_BYTES:
            return _opened(context, part, wish)


def _opened(context: Context, part: Path, wish: Wanted) -> KeptFile:
    sealed = part.read_bytes()
    part.unlink()
    data = unseal(sealed, seed=firm_seed(context.folder), digest=wish.digest)
    return keep(context, data, name=wish.name, source=wish.source)


def _append(part: Path, more: bytes) -> None:
    if part.exists() and part.stat().st_size + len(more) > FILE_BYTES_MAX + 1_000:
        part.unlink()
        raise TooMuch(f"a file has at most {FILE_BYTES_MAX} bytes", subject=part.name)
    with part.open("ab") as file:
        file.write(more)


def _place(context: Context, digest: str) -> Path:
    return context.folder / "files" / digest.removeprefix("sha-256:")


def _ready(context: Context, digest: str, to: str) -> Path:
    name = hashlib.sha256(f"{to}\n{digest}".encode()).hexdigest()
    return context.folder / "files" / "ready" / name


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
