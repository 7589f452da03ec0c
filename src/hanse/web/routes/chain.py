"""The demonstration chain: all its firms on one page, and what a visitor may set off."""

from __future__ import annotations

from litestar import Response, get, post

from hanse.model.errors import NotFound
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.drawing.netmap import network_map
from hanse.web.ports import Chain
from hanse.web.reading import Asked, deed_of, me_of, page
from hanse.web.views.loops import ChainView
from hanse.web.views.trading import MapLink, MapNode, NetworkView


def chain_of(request: Asked) -> Chain:
    """The chain this node stands in.

    Raises:
        NotFound: no demonstration runs.
    """
    chain = desk_of(request).ports.chain
    if chain is None:
        raise NotFound("no demonstration runs here", remedy="Start one with hanse demo")
    return chain


@get("/chain", opt=needs(Permission.CHAIN_READ), include_in_schema=False)
async def overview(request: Asked) -> Response[str]:
    """All firms, how they stand, and the story so far."""
    chain = chain_of(request)
    view, deeds = await chain.view(), await chain.deeds()
    first = view.steps[0].at if view.steps else None
    drawn = network_map(picture(view))
    return page(request, "chain.html", view=view, deeds=deeds, first=first, map=drawn)


@post("/chain", opt=needs(Permission.CHAIN_ACT), include_in_schema=False)
async def act(request: Asked) -> Response[str]:
    """Set something off."""
    deed, values = await deed_of(request)
    done = await chain_of(request).act(deed, values, by=me_of(request).name)
    return page(request, "done.html", done=done, back="/chain")


def picture(view: ChainView) -> NetworkView:
    """The chain as a map: buyers left of those they buy from."""
    tiers = _tiers(view)
    nodes = tuple(
        MapNode(did=n.name, name=n.name, state=n.state, tier=tiers[n.name], href=n.url)
        for n in view.nodes
    )
    states = {n.name: n.state for n in view.nodes}
    links = tuple(
        MapLink(a=a, b=b, state=states[b]) for a, b in view.links if {a, b} <= set(states)
    )
    return NetworkView(nodes=nodes, links=links)


TIERS_MAX = 6


def _tiers(view: ChainView) -> dict[str, int]:
    """Each firm one column right of the last that buys from it."""
    tiers = {node.name: 0 for node in view.nodes}
    for _ in range(TIERS_MAX):
        for buyer, seller in view.links:
            if buyer in tiers and seller in tiers:
                tiers[seller] = min(TIERS_MAX, max(tiers[seller], tiers[buyer] + 1))
    return tiers


HANDLERS = (overview, act)
