"""Requests, quotes, orders between firms, and the ledgers they leave."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from hanse.model.errors import BadInput
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, deed_of, go, me_of, page

ROWS_MAX = 200
ENTRIES_MAX = 500
WORDS_MAX = 400
PLACE_DIGITS_MAX = 9


@get("/trade", opt=needs(Permission.TRADE_READ), include_in_schema=False)
async def trade(request: Asked) -> Response[str]:
    """Orders and requests."""
    ports = desk_of(request).ports
    orders = await ports.trade.orders(limit=ROWS_MAX)
    rfqs = await ports.trade.rfqs(limit=ROWS_MAX)
    return page(request, "trade.html", orders=orders, rfqs=rfqs)


@get("/trade/files/{digest:str}", opt=needs(Permission.TRADE_READ), include_in_schema=False)
async def kept_file(request: Asked, digest: FromPath[str]) -> Response[bytes]:
    """A drawing that is here, to be kept and never shown in the page."""
    name, content = await desk_of(request).ports.trade.file(digest)
    return attachment(content, name)


@get("/trade/rfqs/{id:str}", opt=needs(Permission.TRADE_READ), include_in_schema=False)
async def rfq(request: Asked, id: FromPath[str]) -> Response[str]:  # noqa: A002
    """One request with its quotes side by side."""
    view = await desk_of(request).ports.trade.rfq(id)
    return page(request, "rfq.html", view=view, row=view.row)


@get("/trade/orders/{id:str}", opt=needs(Permission.TRADE_READ), include_in_schema=False)
async def order(request: Asked, id: FromPath[str]) -> Response[str]:  # noqa: A002
    """One order with its papers."""
    view = await desk_of(request).ports.trade.order(id)
    return page(request, "trade_order.html", view=view, row=view.row)


@get("/trade/rules", opt=needs(Permission.TRADE_READ), include_in_schema=False)
async def rules(request: Asked) -> Response[str]:
    """What happens alone, and what counts when buying."""
    return page(request, "trade_rules.html", view=await desk_of(request).ports.trade.rules())


@post("/trade/rules", opt=needs(Permission.TRADE_RULES), include_in_schema=False)
async def change_rules(request: Asked) -> Response[str]:
    """Change one of them."""
    deed, values = await deed_of(request)
    by = me_of(request).name
    done = await desk_of(request).ports.trade.change_rules(deed, values, by=by)
    await note(request, f"trade.rules.{deed}", "trade-rules", done.text)
    return page(request, "done.html", done=done, back="/trade/rules")


@get(
    "/trade/orders/{id:str}/papers/{place:str}",
    opt=needs(Permission.TRADE_READ),
    include_in_schema=False,
)
async def paper(
    request: Asked,
    id: FromPath[str],  # noqa: A002
    place: FromPath[str],
) -> Response[bytes]:
    """A paper that both signed, as a file for another system: ``4.ubl``, ``4.epcis``."""
    name, content = await desk_of(request).ports.trade.paper(id, *placed(place))
    return attachment(content, name)


@post("/trade/act/{id:str}", opt=needs(Permission.TRADE_ACT), include_in_schema=False)
async def act(request: Asked, id: FromPath[str]) -> Response[str]:  # noqa: A002
    """Do a deed to a request, a quote or an order."""
    deed, values = await deed_of(request)
    done = await desk_of(request).ports.trade.act(id, deed, values, by=me_of(request).name)
    await note(request, f"trade.{deed}", id, done.text)
    return page(request, "done.html", done=done, back="/trade")


@get("/ledger", opt=needs(Permission.LEDGER_READ), include_in_schema=False)
async def ledger(request: Asked) -> Response[str]:
    """One chain a firm, and whether it checks."""
    return page(request, "ledger.html", rows=await desk_of(request).ports.ledger.chains())


@get("/ledger/{id:str}", opt=needs(Permission.LEDGER_READ), include_in_schema=False)
async def chain(request: Asked, id: FromPath[str]) -> Response[str]:  # noqa: A002
    """One chain with its entries."""
    row, entries = await desk_of(request).ports.ledger.chain(id, limit=ENTRIES_MAX)
    return page(request, "ledger_chain.html", row=row, entries=entries)


@post("/ledger/{id:str}/verify", opt=needs(Permission.LEDGER_READ), include_in_schema=False)
async def verify(request: Asked, id: FromPath[str]) -> Redirect:  # noqa: A002
    """Check every hash and signature again."""
    await desk_of(request).ports.ledger.verify(id)
    return go(f"/ledger/{id}")


@get("/ledger/{id:str}/file", opt=needs(Permission.LEDGER_READ), include_in_schema=False)
async def file(request: Asked, id: FromPath[str]) -> Response[bytes]:  # noqa: A002
    """The file that ``hanse ledger verify`` reads."""
    body = await desk_of(request).ports.ledger.export(id)
    return attachment(body, f"ledger-{id}.jsonl")


def placed(place: str) -> tuple[int, str]:
    """Place in the ledger and form of a paper: ``4.ubl``.

    Raises:
        BadInput: not written so.
    """
    seq, _, form = place.partition(".")
    if not seq.isdecimal() or len(seq) > PLACE_DIGITS_MAX:
        raise BadInput("not a place in the ledger", subject=place[:40], remedy="Write 4.ubl")
    return int(seq), form


def attachment(body: bytes, name: str) -> Response[bytes]:
    """Bytes to be kept, never shown: a plain name of letters, digits, dot and dash."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in ".-_") else "-" for c in name)
    headers = {"content-disposition": f'attachment; filename="{plain}"'}
    return Response(body, media_type="application/octet-stream", headers=headers)


HANDLERS = (
    trade,
    kept_file,
    rfq,
    order,
    paper,
    rules,
    change_rules,
    act,
    ledger,
    chain,
    verify,
    file,
)
