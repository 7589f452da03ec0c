"""Firms this node knows: add, compare the short code, limits, and the map."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Meta, Struct

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.signing_in import note
from hanse.web.drawing.netmap import network_map
from hanse.web.drawing.qr import qr_path
from hanse.web.reading import Asked, deed_of, form_of, go, me_of, page

WORDS_MAX = 400


class AddForm(Struct, frozen=True):
    """Where the other firm's node is reached."""

    address: Annotated[str, Meta(min_length=3, max_length=300)]
    private: bool = False
    named: Annotated[str, Meta(max_length=300)] = ""


@get("/peers", opt=needs(Permission.PEERS_READ), include_in_schema=False)
async def peers(request: Asked) -> Response[str]:
    """All known firms, and what others need to add this one."""
    ports = desk_of(request).ports.peers
    own = await ports.own()
    return page(
        request,
        "peers.html",
        rows=await ports.rows(),
        introduced=(*await ports.introduced(), *await ports.nearby(), *await ports.mirrored()),
        doubtful=await ports.doubtful(),
        own=own,
        qr=qr_path(own.address),
    )


@post("/peers", opt=needs(Permission.PEERS_CHANGE), include_in_schema=False)
async def add(request: Asked) -> Redirect:
    """Fetch the profile at an address; the codes are compared on the next page."""
    form = await form_of(request, AddForm)
    row = await desk_of(request).ports.peers.add(
        form.address, by=me_of(request).name, private=form.private, named=form.named
    )
    return go(f"/peers/{row.did}")


@get("/peers/{did:path}", opt=needs(Permission.PEERS_READ), include_in_schema=False)
async def peer(request: Asked, did: FromPath[str]) -> Response[str]:
    """One firm."""
    ports = desk_of(request).ports
    view = await ports.peers.peer(did.removeprefix("/"))
    words = request.query_params.get("words", "")[:WORDS_MAX] if view.own else ""
    return page(
        request,
        "peer.html",
        view=view,
        row=view.row,
        own=await ports.peers.own(),
        words=words,
        candidates=await ports.trade.candidates(words) if words else (),
        capabilities=await ports.trade.capabilities() if words else (),
    )


@post("/peers/{did:path}", opt=needs(Permission.PEERS_CHANGE), include_in_schema=False)
async def act(request: Asked, did: FromPath[str]) -> Response[str]:
    """Pin, pause, limits, remove."""
    deed, values = await deed_of(request)
    firm, by = did.removeprefix("/"), me_of(request).name
    done = await desk_of(request).ports.peers.act(firm, deed, values, by=by)
    await note(request, f"peer.{deed}", firm, done.text)
    return page(request, "done.html", done=done, back="/peers")


@get("/network", opt=needs(Permission.PEERS_READ), include_in_schema=False)
async def network(request: Asked) -> Response[str]:
    """The map of firms and ties, as far as this node knows."""
    chosen = request.query_params.get("ripple", "")[:120]
    view = await desk_of(request).ports.peers.network(ripple=chosen)
    drawn, tall = network_map(view), network_map(view, tall=True)
    return page(request, "network.html", view=view, map=drawn, tall=tall)


HANDLERS = (peers, add, peer, act, network)
