"""The network map: firms in columns by tier, ties as curves; the same firms, the same picture."""

from __future__ import annotations

from msgspec import Struct

from hanse.model.text import Text
from hanse.web.views.common import State
from hanse.web.views.trading import MapLink, MapNode, NetworkView

NODES_MAX = 200
COLUMN_PX = 280
GAP_PX = 38
RAIL_PX = 56
LINE_PX = 17
BOX_W = 206
BOX_H = 58
EDGE_PX = 14


class Box(Struct, frozen=True):
    """A firm as drawn: its box's upper left corner."""

    node: MapNode
    x: int
    y: int


class Tie(Struct, frozen=True):
    """A link as drawn: an SVG path and its width in pixels."""

    a: str
    b: str
    path: str
    state: State
    text_x: int
    text_y: int
    text: Text
    width: float


class Map(Struct, frozen=True, kw_only=True):
    """The whole drawing; every box is ``box_w`` by ``box_h``."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    ties: tuple[Tie, ...]
    box_w: int = BOX_W
    box_h: int = BOX_H
    cut: int = 0


def network_map(view: NetworkView, *, tall: bool = False) -> Map:
    """Lay firms out by tier (customers left, suppliers right), by name within one.

    ``tall`` puts all of them below one another, for a phone: customers above, suppliers below.
    """
    shown = sorted(view.nodes, key=lambda n: (n.tier, n.name))[:NODES_MAX]
    tiers = sorted({node.tier for node in shown})
    columns = [shown] if tall else [[n for n in shown if n.tier == tier] for tier in tiers]
    tallest = max((len(column) for column in columns), default=1)
    box_h = box_height(shown)
    step, left = box_h + GAP_PX, RAIL_PX if tall else EDGE_PX
    boxes = [
        Box(node, left + at * COLUMN_PX, round(_y(row, len(column), tallest, step)))
        for at, column in enumerate(columns)
        for row, node in enumerate(column)
    ]
    by_did = {box.node.did: box for box in boxes}
    ties = [
        _tie(by_did[link.a], by_did[link.b], link, (box_h, tall))
        for link in view.links
        if link.a in by_did and link.b in by_did
    ]
    return Map(
        width=left + EDGE_PX + max(0, len(columns) - 1) * COLUMN_PX + BOX_W,
        height=2 * EDGE_PX + (tallest - 1) * step + box_h,
        boxes=tuple(boxes),
        ties=tuple(ties),
        box_h=box_h,
        cut=len(view.nodes) - len(shown),
    )


def box_height(nodes: list[MapNode]) -> int:
    """Room for the longest firm: its name, its state, its lines, what hits it."""
    more = max((len(n.lines) + bool(n.hit.en) for n in nodes), default=0)
    return BOX_H + LINE_PX * more


def _y(row: int, count: int, tallest: int, step: int) -> float:
    """Rows of a shorter column stand in the middle."""
    return EDGE_PX + (row + (tallest - count) / 2) * step


def _tie(a: Box, b: Box, link: MapLink, how: tuple[int, bool]) -> Tie:
    box_h, tall = how
    left, right = (a, b) if a.x <= b.x else (b, a)
    y1, y2 = left.y + box_h // 2, right.y + box_h // 2
    if tall:
        x = left.x
        bend = max(4, x - 8 - abs(y2 - y1) // 24)
        path = f"M{x} {y1}C{x - bend} {y1} {x - bend} {y2} {x} {y2}"
        middle = x - bend // 2
    elif left.x == right.x:
        x = left.x + BOX_W
        path = f"M{x} {y1}C{x + 44} {y1} {x + 44} {y2} {x} {y2}"
        middle = x + 36
    else:
        x1, x2 = left.x + BOX_W, right.x
        bend = (x2 - x1) // 2
        path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
        middle = (x1 + x2) // 2
    return Tie(
        a=link.a,
        b=link.b,
        path=path,
        state=link.state,
        text_x=middle,
        text_y=(y1 + y2) // 2,
        text=link.text,
        width=1.5 + 4.5 * link.weight,
    )
