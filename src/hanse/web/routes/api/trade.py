"""Requests, quotes, orders, ledgers and partners, for programs."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, me_of
from hanse.web.routes.api.kinds import DeedForm, Limit, Name, route
from hanse.web.routes.trade import attachment, placed
from hanse.web.settings import FILE_BODY_MAX
from hanse.web.views.common import Done, Option
from hanse.web.views.trading import (
    AskForm,
    ChainRow,
    EntryRow,
    FileRow,
    IntroducedRow,
    NetworkView,
    PeerRow,
    PeerView,
    RfqRow,
    RfqView,
    TradeRow,
    TradeView,
)


class LedgerView(Struct, frozen=True):
    """A chain and its newest entries."""

    chain: ChainRow
    entries: tuple[EntryRow, ...]


class AddBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Where another firm's node is reached."""

    address: Annotated[str, Meta(min_length=3, max_length=300)]
    private: bool = False
    named: Annotated[str, Meta(max_length=300)] = ""


@get("/rfqs", **route(Permission.TRADE_READ))
async def rfqs(request: Asked, limit: Limit = 100) -> tuple[RfqRow, ...]:
    """Requests for quotation, newest first."""
    return await desk_of(request).ports.trade.rfqs(limit=limit)


@post("/rfqs", **route(Permission.TRADE_ACT))
async def ask(request: Asked, data: JSONBody[AskForm]) -> Done:
    """Ask other firms for something."""
    return await desk_of(request).ports.trade.ask(data, by=me_of(request).name)


@get("/capabilities", **route(Permission.TRADE_READ))
async def capabilities(
    request: Asked,
    words: Annotated[str, QueryParameter(max_length=400)] = "",
) -> tuple[Option, ...]:
    """What free words may mean: at most five codes of the capability list, best first."""
    return await desk_of(request).ports.trade.candidates(words)


@post("/files", **route(Permission.TRADE_ACT), request_max_body_size=FILE_BODY_MAX)
async def keep_file(
    request: Asked,
    file: Annotated[str, QueryParameter(min_length=1, max_length=120, description="File name")],
) -> FileRow:
    """Keep a drawing (the body, as it is), to be named in a request by its digest."""
    body = await request.body()
    return await desk_of(request).ports.trade.keep_file(file, body, by=me_of(request).name)


@get("/files/{name:str}/file", **route(Permission.TRADE_READ))
async def kept_file(request: Asked, name: Name) -> Response[bytes]:
    """A file that is here, by its digest."""
    found, content = await desk_of(request).ports.trade.file(name)
    return attachment(content, found)


@get("/trade-orders/{name:str}/papers/{place:str}/file", **route(Permission.TRADE_READ))
async def paper(request: Asked, name: Name, place: Name) -> Response[bytes]:
    """A paper both signed, by its place in the ledger: ``4.ubl`` (EN 16931) or ``4.epcis``."""
    found, content = await desk_of(request).ports.trade.paper(name, *placed(place))
    return attachment(content, found)


@get("/rfqs/{name:str}", **route(Permission.TRADE_READ))
async def rfq(request: Asked, name: Name) -> RfqView:
    """One request with its quotes."""
    return await desk_of(request).ports.trade.rfq(name)


@get("/trade-orders", **route(Permission.TRADE_READ))
async def orders(request: Asked, limit: Limit = 100) -> tuple[TradeRow, ...]:
    """Orders between firms, newest first."""
    return await desk_of(request).ports.trade.orders(limit=limit)


@get("/trade-orders/{name:str}", **route(Permission.TRADE_READ))
async def order(request: Asked, name: Name) -> TradeView:
    """One order with its papers."""
    return await desk_of(request).ports.trade.order(name)


@post("/deeds/{name:str}", **route(Permission.TRADE_ACT))
async def act(request: Asked, name: Name, data: JSONBody[DeedForm]) -> Done:
    """Do a deed to a request, a quote or an order, by its id."""
    ports, by = desk_of(request).ports, me_of(request).name
    done = await ports.trade.act(name, data.deed, data.values, by=by)
    await note(request, f"trade.{data.deed}", name, done.text)
    return done


@get("/ledgers", **route(Permission.LEDGER_READ))
async def ledgers(request: Asked) -> tuple[ChainRow, ...]:
    """One chain a firm, and whether it checks."""
    return await desk_of(request).ports.ledger.chains()


@get("/ledgers/{name:str}", **route(Permission.LEDGER_READ))
async def ledger(request: Asked, name: Name, limit: Limit = 100) -> LedgerView:
    """One chain and its newest entries."""
    return LedgerView(*await desk_of(request).ports.ledger.chain(name, limit=limit))


@post("/ledgers/{name:str}/verify", **route(Permission.LEDGER_READ))
async def verify(request: Asked, name: Name) -> ChainRow:
    """Check every hash and both signatures again."""
    return await desk_of(request).ports.ledger.verify(name)


@get("/ledgers/{name:str}/file", **route(Permission.LEDGER_READ))
async def ledger_file(request: Asked, name: Name) -> Response[bytes]:
    """The file that ``hanse ledger verify`` reads."""
    return attachment(await desk_of(request).ports.ledger.export(name), f"ledger-{name}.jsonl")


@get("/peers", **route(Permission.PEERS_READ))
async def peers(request: Asked) -> tuple[PeerRow, ...]:
    """Firms this node knows."""
    return await desk_of(request).ports.peers.rows()


@post("/peers", **route(Permission.PEERS_CHANGE))
async def add(request: Asked, data: JSONBody[AddBody]) -> PeerRow:
    """Fetch the card at an address or domain; unpinned until the codes are compared."""
    peers, by = desk_of(request).ports.peers, me_of(request).name
    return await peers.add(data.address, by=by, private=data.private, named=data.named)


@get("/candidates", **route(Permission.PEERS_READ))
async def candidates(request: Asked) -> tuple[IntroducedRow, ...]:
    """Firms that could be added: introduced, on the local network, shown by mirrors."""
    peers = desk_of(request).ports.peers
    return (*await peers.introduced(), *await peers.nearby(), *await peers.mirrored())


@get("/peers/{name:str}", **route(Permission.PEERS_READ))
async def peer(request: Asked, name: Name) -> PeerView:
    """One firm, by its DID."""
    return await desk_of(request).ports.peers.peer(name)


@post("/peers/{name:str}/deeds", **route(Permission.PEERS_CHANGE))
async def peer_act(request: Asked, name: Name, data: JSONBody[DeedForm]) -> Done:
    """Do a deed to a firm: pin, pause, limits, remove."""
    ports, by = desk_of(request).ports, me_of(request).name
    done = await ports.peers.act(name, data.deed, data.values, by=by)
    await note(request, f"peer.{data.deed}", name, done.text)
    return done


@get("/network", **route(Permission.PEERS_READ))
async def network(
    request: Asked,
    ripple: Annotated[str, QueryParameter(max_length=120, description="Whom it hits")] = "",
) -> NetworkView:
    """The map of firms and ties, as far as this node knows."""
    return await desk_of(request).ports.peers.network(ripple=ripple)


HANDLERS = (
    rfqs,
    ask,
    capabilities,
    keep_file,
    kept_file,
    rfq,
    orders,
    order,
    paper,
    act,
    ledgers,
    ledger,
    verify,
    ledger_file,
    peers,
    candidates,
    add,
    peer,
    peer_act,
    network,
)
