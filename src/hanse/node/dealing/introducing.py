"""Meeting a partner: the signed card each node shows, and the first entry of the ledger."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from hanse.match.books import Books
from hanse.match.counter import Context as Step
from hanse.match.ledger.chain import KeyCard
from hanse.match.profile import SignedProfile, sign_profile, take_profile
from hanse.model.errors import BadMessage, TooMuch, Unreachable
from hanse.model.ids import Did, Title
from hanse.model.keys import DidKeyVerifier
from hanse.model.time import Instant
from hanse.node.context import Context
from hanse.node.dealing.desk import desk_in, keep
from hanse.node.dealing.partners import CAPABILITIES_MAX, Partner
from hanse.node.dealing.profiles import own_profile, signed_own
from hanse.store import Tx
from hanse.transmit.peerlink import jws
from hanse.transmit.peerlink.certificate import pin

CARD_KIND = "hanse-card+jws"
CARD_BYTES_MAX = 200_000
FETCH_S = 5.0
PATH = "/.well-known/hanse-profile"


class Card(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a node shows to who asks: its firm, its address, its certificate, what it can do."""

    did: Did
    name: Title
    url: Annotated[str, Meta(max_length=300)]
    pin: Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")]
    capabilities: Annotated[tuple[str, ...], Meta(max_length=CAPABILITIES_MAX)] = ()
    profile: SignedProfile | None = None


class Met(Struct, frozen=True, kw_only=True):
    """A firm as its card shows it, with what it says of itself where it does."""

    partner: Partner
    profile: SignedProfile | None = None


def own_card(tx: Tx, context: Context, url: str) -> bytes:
    """This firm's card, signed; its profile rides on it."""
    profile = own_profile(tx, context)
    shown = sign_profile(profile, context.identity.signer) if profile.seq else None
    card = Card(
        did=context.identity.did,
        name=context.settings.firm.name,
        url=url,
        pin=context.identity.certificate_pin,
        capabilities=tuple(sorted({offered.code for offered in profile.capability})),
        profile=shown,
    )
    return jws.sign(msgspec.json.encode(card), kind=CARD_KIND, signer=context.identity.signer)


async def fetch_card(url: str, *, address: str = "") -> Met:
    """The firm behind an address, by the card its node shows.

    Args:
        url: ``https://host:port``, or without the scheme.
        address: where to connect, if a caller resolved and checked the host; else resolved here.

    Raises:
        Unreachable: nothing answers there, or it is no Hanse node.
        BadMessage: the card's signature, shape or certificate is wrong.
    """
    url = url.rstrip("/") if "://" in url else f"https://{url.rstrip('/')}"
    body, shown = await _get(url, address)
    did, payload = jws.verify(
        body, kind=CARD_KIND, verifier=DidKeyVerifier(), bytes_max=CARD_BYTES_MAX
    )
    try:
        card = msgspec.json.decode(payload, type=Card)
    except msgspec.MsgspecError as error:
        raise BadMessage(f"the card has the wrong shape ({error})", subject=url) from error
    if card.did != did or card.pin != shown:
        raise BadMessage(
            "the card names another firm or certificate than it shows",
            subject=url,
            remedy="Do not add it; somebody may stand between you. Ask the firm",
            code="other-certificate",
        )
    partner = Partner(
        did=card.did, name=card.name, url=url, pin=card.pin, capabilities=card.capabilities
    )
    return Met(partner=partner, profile=card.profile)


async def _get(url: str, address: str) -> tuple[bytes, str]:
    """The card's bytes, and the pin of the certificate the server showed."""
    host, _, port = url.removeprefix("https://").partition(":")
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE  # the pin is compared by people
    try:
        async with asyncio.timeout(FETCH_S):
            reader, writer = await asyncio.open_connection(
                address or host, int(port or 443), ssl=tls
            )
            shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            request = f"GET {PATH} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            writer.write(request.encode())
            answer = await _all(reader)
            writer.close()
    except (OSError, TimeoutError, ValueError) as error:
        raise Unreachable(
            "no node answers there", subject=url, remedy="Check the address with your partner"
        ) from error
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise Unreachable("the node shows no card", subject=url, remedy="Is it claimed already?")
    return body, pin(shown)


async def _all(reader: asyncio.StreamReader) -> bytes:
    """What comes until the other side closes, CARD_BYTES_MAX at most."""
    found = b""
    while len(found) < CARD_BYTES_MAX and (more := await reader.read(CARD_BYTES_MAX)):
        found += more
    return found


def keep_profile(tx: Tx, met: Met, *, at: Instant) -> None:
    """Keep what a card says of its firm; a profile that does not hold is left out."""
    if met.profile is None:
        return
    books, did = Books(tx.desk), met.partner.did
    with contextlib.suppress(BadMessage, TooMuch):
        directory = take_profile(books.directory(), met.profile, by=did, at=at)
        if did in directory.known:
            books.put_known(did, directory.known[did])


def begin(tx: Tx, context: Context, did: str) -> None:
    """Begin the ledger with a partner, or greet it where it was begun; tell it our profile."""
    desk, step = desk_in(tx, context), Step(at=context.clock.now())
    if desk.books.ledger(did) is not None:
        desk.counter.start(did, step)
    mine = KeyCard(did=context.identity.did, key=context.identity.did)
    desk.add_peer(KeyCard(did=did, key=did), mine=mine, ctx=step)
    desk.show_profile(did, signed_own(tx, context), step)
    keep(tx, context, desk, causes={})
