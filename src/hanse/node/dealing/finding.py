"""A partner's node by what a person typed: an address, or the domain of the firm.

A domain is looked up in this order: the TXT record ``_hanse.<domain>``, then the website's
``/.well-known/hanse`` and ``did.json`` behind a certificate that browsers trust, then a node at
the domain itself. What was not typed but found may not lead into our own network unless the person
said so: the names are resolved here, checked, and the very address that was checked is connected.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import ssl
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from hanse.match.whereabouts import (
    DOCUMENT_BYTES_MAX,
    RECORDS_MAX,
    Whereabouts,
    from_did_document,
    from_document,
    from_records,
    record_name,
    whereabouts,
)
from hanse.model.errors import BadInput, BadMessage, NotFound, Refused, Unreachable
from hanse.node.dealing.introducing import Met, fetch_card

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

LOOKUP_S = 5.0
WEBSITE_S = 5.0
ADDRESSES_MAX = 8
DOMAIN_MAX = 253
DOCUMENT, DID_DOCUMENT = "/.well-known/hanse", "/.well-known/did.json"
_DOMAIN = re.compile(r"^(?=.{4,253}$)([\w-]{1,63}\.)+[^\W\d][\w-]{1,62}$")
By = Literal["address", "record", "website", "did_document", "mirror"]


class Names(Protocol):
    """The names of the internet, as a resolver knows them."""

    async def texts(self, name: str) -> list[str]:
        """The TXT records of a name; empty where there are none.

        Raises:
            Unreachable: no name server answers.
        """
        ...

    async def addresses(self, host: str) -> list[str]:
        """The addresses of a host.

        Raises:
            Unreachable: it has none, or no name server answers.
        """
        ...


class Dns:
    """`Names` by dnspython: the system's name servers, or one that is told.

    Args:
        server: ``address`` or ``address:port`` of a name server; empty: the system's.
    """

    def __init__(self, server: str = "") -> None:
        self._server = server

    async def texts(self, name: str) -> list[str]:
        """The TXT records of a name, RECORDS_MAX at most; each one's pieces joined."""
        import dns.exception
        import dns.resolver

        try:
            found = await self._resolver().resolve(name, "TXT", lifetime=LOOKUP_S)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            raise _no_answer(name) from error
        pieces = (getattr(one, "strings", ()) for one in found)
        return [b"".join(p).decode("utf-8", "replace") for p in pieces][:RECORDS_MAX]

    async def addresses(self, host: str) -> list[str]:
        """The addresses of a host; what the machine itself knows (``/etc/hosts``) counts too."""
        import dns.exception

        try:
            answer = await self._resolver().resolve_name(host, lifetime=LOOKUP_S)
            found = list(answer.addresses())
        except (dns.exception.DNSException, OSError, UnicodeError):
            found = await _known_here(host)
        if not found:
            raise _no_answer(host)
        return found[:ADDRESSES_MAX]

    def _resolver(self) -> Resolver:
        import dns.asyncresolver

        if not self._server:
            return dns.asyncresolver.Resolver()
        resolver = dns.asyncresolver.Resolver(configure=False)
        host, _, port = self._server.partition(":")
        resolver.nameservers, resolver.port = [host], int(port or 53)
        return resolver


async def _known_here(host: str) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _no_answer(name: str) -> Unreachable:
    return Unreachable(
        "no name server knows this name now", subject=name, remedy="Check the spelling, or later"
    )


class Web(Struct, frozen=True):
    """How websites are read: the certificates trusted and the port. Tests hand in their own."""

    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context
    port: int = 443


class FoundBy(Struct, frozen=True, kw_only=True):
    """A firm that was met, and by what it was found."""

    met: Met
    by: By


def is_domain(typed: str) -> bool:
    """Whether somebody typed the name of a firm's domain rather than an address."""
    return bool(_DOMAIN.match(typed)) and not _is_address(typed)


async def meet(
    typed: str, *, names: Names, private: bool = False, named: str = "", web: Web | None = None
) -> FoundBy:
    """The firm behind what a person typed, by its node's signed card.

    Args:
        typed: ``example.com``, ``node.example.com:8443``, ``https://10.0.0.7:8443``.
        names: where names are looked up.
        private: the person says that a node which is found may stand in our own network.
        named: the firm that somebody else said answers at this address (a mirror); empty where a
            person typed it.
        web: how websites are read.

    Raises:
        NotFound: the domain names no node.
        Conflict: it names several.
        Refused: it leads into our own network.
        BadMessage: what is published or shown cannot be used, or names another firm.
        Unreachable: nothing answers.
    """
    typed = typed.strip().rstrip("/")
    if named:
        where = whereabouts(named, typed)
        search = _Search(urlsplit(typed).hostname or "", names, web or Web(), private=private)
        return FoundBy(met=await search.card(where), by="mirror")
    if not is_domain(typed):
        return FoundBy(met=await fetch_card(typed), by="address")
    search = _Search(typed.lower(), names, web or Web(), private=private)
    return await search.run()


class _Search:
    """The ways to a domain's node, one after the other."""

    def __init__(self, domain: str, names: Names, web: Web, *, private: bool) -> None:
        self._domain = domain
        self._names = names
        self._web = web
        self._private = private
        self._tried: list[str] = []

    async def run(self) -> FoundBy:
        ways: tuple[tuple[By, Callable[[], Awaitable[Whereabouts | None]]], ...] = (
            ("record", self._record),
            ("website", self._document),
            ("did_document", self._did_document),
        )
        for by, way in ways:
            where = await way()
            if where is not None:
                return FoundBy(met=await self.card(where), by=by)
        return await self._itself()

    async def _record(self) -> Whereabouts | None:
        name = record_name(self._domain)
        try:
            texts = await self._names.texts(name)
        except Unreachable:
            self._tried.append(f"{name}: no name server answers")
            return None
        where = from_records(texts, domain=self._domain)
        if where is None:
            self._tried.append(f"{name}: no such TXT record")
        return where

    async def _document(self) -> Whereabouts | None:
        body = await self._read(DOCUMENT)
        subject = f"https://{self._domain}{DOCUMENT}"
        return None if body is None else from_document(body, subject=subject)

    async def _did_document(self) -> Whereabouts | None:
        body = await self._read(DID_DOCUMENT)
        if body is None:
            return None
        subject = f"https://{self._domain}{DID_DOCUMENT}"
        return from_did_document(body, domain=self._domain, subject=subject)

    async def _read(self, path: str) -> bytes | None:
        """A document of the website; None, with the reason kept, where there is none."""
        try:
            address = await self._checked(self._domain)
            return await read_page(self._domain, path, address=address, web=self._web)
        except (Unreachable, NotFound) as error:
            self._tried.append(f"https://{self._domain}{path}: {error.what}")
            return None

    async def card(self, where: Whereabouts) -> Met:
        """The card at the address that was published; it must be of the firm that was named."""
        host = urlsplit(where.url).hostname or ""
        met = await fetch_card(where.url, address=await self._checked(host))
        if met.partner.did != where.did:
            raise BadMessage(
                f"what was found names {where.did}, but the node there is of {met.partner.did}",
                subject=where.url,
                remedy="Do not add it; tell the firm that its record leads to another node",
                code="points-elsewhere",
            )
        return msgspec.structs.replace(
            met, partner=msgspec.structs.replace(met.partner, url=where.url)
        )

    async def _itself(self) -> FoundBy:
        """A node at the domain itself, as before there were records."""
        with contextlib.suppress(Unreachable):
            address = await self._checked(self._domain)
            return FoundBy(met=await fetch_card(self._domain, address=address), by="address")
        raise NotFound(
            "the domain names no node; looked at " + "; ".join(self._tried),
            subject=self._domain,
            remedy="Ask the firm for its node's address; hanse doctor prints there what to publish",
            code="no-node-named",
        )

    async def _checked(self, host: str) -> str:
        """One address of a host that we may go to.

        Raises:
            Refused: any of its addresses lies in our own network, and nobody said that it may.
        """
        found = [host] if _is_address(host) else await self._names.addresses(host)
        for address in found:
            if not allowed(address, private=self._private):
                raise Refused(
                    f"what was found leads into a private network ({address})",
                    subject=host,
                    remedy="If the node stands in your own network, say so, or type its address",
                    code="private-address",
                )
        return found[0]


def allowed(address: str, *, private: bool) -> bool:
    """Whether an address that was found may be connected.

    Args:
        address: IPv4 or IPv6.
        private: loopback and private ranges too. Link-local, multicast and reserved never.
    """
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    never = ip.is_link_local or ip.is_multicast or ip.is_unspecified
    if never or (ip.is_reserved and not ip.is_loopback):
        return False
    return ip.is_global or (private and (ip.is_private or ip.is_loopback))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


async def read_page(
    host: str, path: str, *, address: str, web: Web, bytes_max: int = DOCUMENT_BYTES_MAX
) -> bytes:
    """A page of a website whose certificate holds for its name. No redirect is followed.

    Args:
        host: the name the certificate must be for.
        path: what is read.
        address: where to connect; the caller has checked it.
        web: the trust and the port.
        bytes_max: a longer page is not read to its end.

    Raises:
        NotFound: it has no such page.
        Unreachable: nothing answers, its certificate does not hold, or it is too long.
    """
    tls, name = web.trust(), _ascii(host)
    request = f"GET {path} HTTP/1.0\r\nHost: {name}\r\nAccept: application/json\r\n\r\n"
    try:
        async with asyncio.timeout(WEBSITE_S):
            reader, writer = await asyncio.open_connection(
                address, web.port, ssl=tls, server_hostname=name
            )
            writer.write(request.encode("ascii"))
            answer = await _all(reader, bytes_max)
            writer.close()
    except ssl.SSLCertVerificationError as error:
        why = f"its certificate is not trusted ({error.verify_message})"
        raise Unreachable(why, subject=host) from error
    except (OSError, TimeoutError, UnicodeError) as error:
        raise Unreachable("no website answers there", subject=host) from error
    return _body(answer, host=host, bytes_max=bytes_max)


def _ascii(host: str) -> str:
    """A host name as it goes over the wire (IDNA)."""
    try:
        return host.encode("idna").decode()
    except UnicodeError as error:
        raise BadInput("not a host name", subject=host[:DOMAIN_MAX]) from error


async def _all(reader: asyncio.StreamReader, bytes_max: int) -> bytes:
    found, room = b"", bytes_max + 20_000  # the head comes before the page
    while len(found) <= room and (more := await reader.read(65_536)):
        found += more
    return found


def _body(answer: bytes, *, host: str, bytes_max: int) -> bytes:
    head, _, body = answer.partition(b"\r\n\r\n")
    first = head.split(b"\r\n", 1)[0].decode("latin-1")
    status = first.split(" ")[1] if first.startswith("HTTP/1.") and " " in first else ""
    if status.startswith("3"):
        moved = re.search(rb"(?im)^location:\s*(\S{1,200})", head)
        to = moved.group(1).decode("latin-1") if moved else "elsewhere"
        raise NotFound(f"it sends on to {to}, which is not followed", subject=host)
    if status != "200":
        raise NotFound(f"it answers {status or 'nothing'}", subject=host)
    if len(body) > bytes_max or b"chunked" in head.lower():
        raise Unreachable("its page is too long or comes in pieces", subject=host)
    return body
