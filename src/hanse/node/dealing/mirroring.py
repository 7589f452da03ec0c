"""Mirrors on a running node: which ones it looks at, what they showed, and what it shows itself.

Off as shipped in both directions. A mirror's certificate is not checked: whoever stands in between
can leave profiles out, which the mirror can as well, and can forge none.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from typing import Annotated
from urllib.parse import urlsplit

import structlog
from msgspec import Meta, Struct

from hanse.flows import kinds
from hanse.match.books import Books
from hanse.match.mirror import (
    LIST_BYTES_MAX,
    Equivocation,
    Mirrored,
    Taken,
    listing,
    read_listing,
    take,
)
from hanse.match.profile import SignedProfile
from hanse.model.errors import BadInput, HanseError, NotFound, TooMuch
from hanse.model.event import Draft
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.node.context import Context
from hanse.node.dealing import partners
from hanse.node.dealing.finding import Web, read_page
from hanse.node.dealing.profiles import own_profile, signed_own
from hanse.store import Tx
from hanse.store.shelf import Shelf

LIST_PATH = "/.well-known/hanse/profiles"
SHOWS = "mirror"
MIRRORS_MAX = 8
URL_MAX = 300
LOOK_S = 6 * 3_600.0
AGAIN_S = 60.0
log = structlog.get_logger("mirrors")


class Mirror(Struct, frozen=True, kw_only=True):
    """A mirror this node looks at, and what came of it the last time."""

    url: Annotated[str, Meta(max_length=URL_MAX)]
    at: Instant | None = None
    fresh: int = 0
    refused: int = 0
    stale: int = 0
    error: str = ""


def mirrors(tx: Tx) -> Shelf[Mirror]:
    """The mirrors that are looked at, by address."""
    return tx.shelf("mirror", Mirror)


def mirrored(tx: Tx) -> Shelf[Mirrored]:
    """Firms that mirrors show, by DID."""
    return tx.shelf("mirrored", Mirrored)


def evidence(tx: Tx) -> Shelf[Equivocation]:
    """Firms that said two things under one number."""
    return tx.shelf("equivocation", Equivocation)


def candidates(tx: Tx, at: Instant) -> list[Mirrored]:
    """Firms that only mirrors told us of, and whose word has not ended."""
    ours = {*partners.partners(tx).keys(), *tx.desk.keys("profile")}
    kept = [m for m in mirrored(tx).all() if m.profile.end_date_time > at]
    return [m for m in kept if m.profile.party.endpoint_id not in ours]


def mirror_address(typed: str) -> str:
    """The address of a list: the usual path where only a host was typed.

    Raises:
        BadInput: not an address of a website.
    """
    typed = typed.strip()
    url = typed if "://" in typed else f"https://{typed}"
    parts = urlsplit(url)
    bad = (
        not _has_port(url)
        or parts.scheme != "https"
        or not parts.hostname
        or parts.username
        or len(url) > URL_MAX
    )
    if bad or any(c.isspace() for c in url):
        raise BadInput("a mirror is https://host or https://host/path", subject=typed[:URL_MAX])
    path = parts.path.rstrip("/") or LIST_PATH
    return f"https://{parts.netloc.lower()}{path}"


def _has_port(url: str) -> bool:
    """Whether the port of an address is none or one that exists."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def add_mirror(tx: Tx, typed: str) -> str:
    """Look at a mirror from now on; its address.

    Raises:
        BadInput, TooMuch: not an address, or MIRRORS_MAX are looked at.
    """
    url, kept = mirror_address(typed), mirrors(tx)
    if kept.get(url) is None:
        if len(list(kept.keys())) >= MIRRORS_MAX:
            raise TooMuch(f"at most {MIRRORS_MAX} mirrors are looked at", subject=url)
        kept.put(url, Mirror(url=url))
    return url


def remove_mirror(tx: Tx, url: str) -> None:
    """Look at it no more, and forget the firms that only it showed."""
    mirrors(tx).delete(url)
    for did, kept in [(m.profile.party.endpoint_id, m) for m in mirrored(tx).all()]:
        if kept.mirror == url:
            mirrored(tx).delete(did)


async def look(context: Context, url: str) -> Mirror:
    """Look at one mirror now, and keep what holds of what it shows."""
    try:
        shown = await _shown(url)
    except HanseError as error:
        said = Mirror(url=url, at=context.clock.now(), error=f"{error.what}"[:200])
        return await context.store.write(lambda tx: _note(tx, said))
    known, heard = await context.store.read(lambda tx: _known(tx, context))
    at = context.clock.now()
    taken = await asyncio.to_thread(take, known, shown, mirror=url, heard=heard, at=at)
    return await context.store.write(lambda tx: _keep(tx, taken, known, _counts(url, taken, at)))


async def _shown(url: str) -> tuple[SignedProfile, ...]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    web = Web(_untrusted, parts.port or 443)
    body = await read_page(host, parts.path, address=host, web=web, bytes_max=LIST_BYTES_MAX)
    return read_listing(body)


def _untrusted() -> ssl.SSLContext:
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE  # see the head of this file
    return tls


def _known(tx: Tx, context: Context) -> tuple[dict[str, Mirrored], dict[str, SignedProfile]]:
    kept = {m.profile.party.endpoint_id: m for m in mirrored(tx).all()}
    directory = Books(tx.desk).directory().known
    heard = {did: k.signed for did, k in directory.items()}
    if own_profile(tx, context).seq:
        heard[context.identity.did] = signed_own(tx, context)
    return kept, heard


def _counts(url: str, taken: Taken, at: Instant) -> Mirror:
    return Mirror(url=url, at=at, fresh=taken.fresh, refused=taken.refused, stale=taken.stale)


def _keep(tx: Tx, taken: Taken, before: dict[str, Mirrored], state: Mirror) -> Mirror:
    if mirrors(tx).get(state.url) is None:
        raise NotFound("this mirror is not looked at", subject=state.url)
    for did in before.keys() - taken.known.keys():
        mirrored(tx).delete(did)
    for did, kept in taken.known.items():
        if before.get(did) is not kept:
            mirrored(tx).put(did, kept)
    for proof in taken.evidence:
        _convict(tx, proof)
    return _note(tx, state)


def _note(tx: Tx, state: Mirror) -> Mirror:
    if mirrors(tx).get(state.url) is not None:
        mirrors(tx).put(state.url, state)
    return state


def _convict(tx: Tx, proof: Equivocation) -> None:
    """Keep the two texts; told once."""
    digest = hashlib.sha256(proof.key.encode()).hexdigest()[:32]
    if evidence(tx).get(digest) is not None:
        return
    evidence(tx).put(digest, proof)
    text = Text(
        f"{proof.name} signed two different profiles under number {proof.seq}",
        f"{proof.name} 以同一编号 {proof.seq} 签署了两份不同的能力说明",
    )
    about = {"seq": proof.seq, "mirror": proof.mirror}
    draft = Draft(kind=kinds.EQUIVOCATED, subject=proof.did, text=text, about=about)
    tx.events.append(draft, once=f"equivocated:{digest}")


async def run(context: Context) -> None:
    """Look at every mirror now and then, until cancelled."""
    while True:
        for url in await context.store.read(lambda tx: _due(tx, context.clock.now())):
            try:
                state = await look(context, url)
                log.info("looked", mirror=url, fresh=state.fresh, error=state.error)
            except HanseError as error:
                log.warning("not looked", mirror=url, why=error.what)
        await asyncio.sleep(AGAIN_S * (0.5 + context.dice.random()))


def _due(tx: Tx, at: Instant) -> list[str]:
    told = mirrors(tx).all()
    return [m.url for m in told if m.at is None or (at - m.at).total_seconds() >= LOOK_S]


# ---------------------------------------------------------------- this node as a mirror


def is_mirror(tx: Tx) -> bool:
    """Whether this node passes profiles on."""
    return bool(tx.settings.get(SHOWS, bool))


def own_list(tx: Tx, context: Context) -> bytes:
    """What this node shows to those who look at it.

    Raises:
        NotFound: it is no mirror.
    """
    if not is_mirror(tx):
        raise NotFound("this node passes no profiles on")
    ours = [signed_own(tx, context)] if own_profile(tx, context).may_be_mirrored else []
    heard = [k.signed for k in Books(tx.desk).directory().known.values()]
    seen = [m.signed for m in mirrored(tx).all()]
    return listing([*ours, *heard, *seen], at=context.clock.now())
