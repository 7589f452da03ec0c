"""Real doors on loopback for tests of finding: a name server and HTTPS servers of fixed pages."""

import asyncio
import contextlib
import ssl

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import msgspec
import trustme

from hanse.match.profile import sign_profile
from hanse.model.keys import Ed25519Signer
from hanse.node.dealing.introducing import CARD_KIND, PATH, Card
from hanse.transmit.peerlink import jws
from hanse.transmit.peerlink.certificate import new_key, pin, self_signed

SHOP = Ed25519Signer(b"s" * 32)
OTHER = Ed25519Signer(b"o" * 32)


class NameServer(asyncio.DatagramProtocol):
    """Answers queries over UDP from a table: (name, type) -> texts of the records."""

    def __init__(self, table):
        self.table = table

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        query = dns.message.from_wire(data)
        asked, answer = query.question[0], dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        kind = dns.rdatatype.to_text(asked.rdtype)
        found = self.table.get((asked.name.to_text().rstrip("."), kind), [])
        if found:
            answer.answer.append(dns.rrset.from_text_list(asked.name, 60, "IN", kind, found))
        self.transport.sendto(answer.to_wire(), addr)


@contextlib.asynccontextmanager
async def name_server(table):
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: NameServer(table), local_addr=("127.0.0.1", 0)
    )
    try:
        yield "127.0.0.1:{}".format(transport.get_extra_info("sockname")[1])
    finally:
        transport.close()


@contextlib.asynccontextmanager
async def https(pages, tls):
    """A server of fixed pages; ``pages`` maps a path to bytes, or to (status, header, bytes)."""

    async def answer(reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            page = pages.get(head.split(b" ")[1].decode(), ("404 No", "", b""))
            status, more, body = ("200 OK", "", page) if isinstance(page, bytes) else page
            writer.write(f"HTTP/1.1 {status}\r\n{more}Connection: close\r\n\r\n".encode() + body)
            await writer.drain()
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


class Website:
    """A certificate authority and the server context of one host."""

    def __init__(self, host):
        self.authority = trustme.CA()
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.authority.issue_cert(host).configure_cert(self.tls)

    def trust(self):
        found = ssl.create_default_context()
        self.authority.configure_trust(found)
        return found


class Door:
    """A node's door: its own certificate, and the card it shows."""

    def __init__(self, tmp_path, clock_now, signer=SHOP):
        key = new_key()
        certificate = self_signed(key, ["localhost"], at=clock_now)
        (tmp_path / "door.key").write_bytes(key)
        (tmp_path / "door.crt").write_bytes(certificate)
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(tmp_path / "door.crt", tmp_path / "door.key")
        self.pin, self.signer = pin(certificate), signer

    def pages(self, url="https://sample", shown="", profile=None):
        card = Card(
            did=self.signer.did,
            name="Turning shop",
            url=url,
            pin=shown or self.pin,
            profile=profile and sign_profile(profile, self.signer),
        )
        body = jws.sign(msgspec.json.encode(card), kind=CARD_KIND, signer=self.signer)
        return {PATH: body}
