"""Requests, quotes, orders between firms, and the ledgers they leave."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Meta, Struct

from hanse.model.ids import Key
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.signing_in import note
from hanse.web.drawing.moments import typed_instant
from hanse.web.reading import Asked, deed_of, form_of, form_values, go, me_of, page
from hanse.web.views.common import Amount
from hanse.web.views.trading import AskForm

ROWS_MAX = 200
ENTRIES_MAX = 500


class AskFields(Struct, frozen=True):
    """A request as it is typed."""

    item: Key
    quantity: Amount
    due: Annotated[str, Meta(max_length=40)]
    note: Annotated[str, Meta(max_length=2_000)] = ""


@get("/trade", opt=needs(Permission.TRADE_READ), include_in_schema=False)
async def trade(request: Asked) -> Response[str]:
    """Orders and requests."""
    ports = desk_of(request).ports
    orders = await ports.trade.orders(limit=ROWS_MAX)
    rfqs = await ports.trade.rfqs(limit=ROWS_MAX)
    return page(request, "trade.html", orders=orders, rfqs=rfqs)


@get("/trade/ask", opt=needs(Permission.TRADE_ACT), include_in_schema=False)
async def ask_page(request: Asked) -> Response[str]:
    """The form of a request."""
    peers = await desk_of(request).ports.peers.rows()
    return page(request, "ask.html", peers=peers)


@post("/trade/ask", opt=needs(Permission.TRADE_ACT), include_in_schema=False)
async def ask(request: Asked) -> Response[str]:
    """Ask other firms."""
    ports, fields = desk_of(request).ports, await form_of(request, AskFields)
    form = AskForm(
        item=fields.item,
        quantity=fields.quantity,
        due=typed_instant(fields.due, timezone=ports.firm.timezone),
        firms=(await form_values(request)).get("firms", []),
        note=fields.note,
    )
    done = await ports.trade.ask(form, by=me_of(request).name)
    return page(request, "done.html", done=done, back="/trade")


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


def attachment(body: bytes, name: str) -> Response[bytes]:
    """Bytes to be kept, never shown: a plain name of letters, digits, dot and dash."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in ".-_") else "-" for c in name)
    headers = {"content-disposition": f'attachment; filename="{plain}"'}
    return Response(body, media_type="application/octet-stream", headers=headers)


HANDLERS = (trade, ask_page, ask, rfq, order, act, ledger, chain, verify, file)
