"""The network map: firms in columns by tier, ties as curves; the same firms, the same picture."""

from __future__ import annotations

from msgspec import Struct

from hanse.model.text import Text
from hanse.web.views.common import State
from hanse.web.views.trading import MapLink, MapNode, NetworkView

NODES_MAX = 200
COLUMN_PX = 280
ROW_PX = 96
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
    """The whole drawing."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    ties: tuple[Tie, ...]
    cut: int = 0


def network_map(view: NetworkView) -> Map:
    """Lay firms out by tier (customers left, suppliers right), by name within one."""
    shown = sorted(view.nodes, key=lambda n: (n.tier, n.name))[:NODES_MAX]
    tiers = sorted({node.tier for node in shown})
    columns = [[n for n in shown if n.tier == tier] for tier in tiers]
    tallest = max((len(column) for column in columns), default=1)
    boxes = [
        Box(node, EDGE_PX + at * COLUMN_PX, round(_y(row, len(column), tallest)))
        for at, column in enumerate(columns)
        for row, node in enumerate(column)
    ]
    by_did = {box.node.did: box for box in boxes}
    ties = [
        _tie(by_did[link.a], by_did[link.b], link)
        for link in view.links
        if link.a in by_did and link.b in by_did
    ]
    return Map(
        width=2 * EDGE_PX + (len(columns) - 1) * COLUMN_PX + BOX_W if columns else BOX_W,
        height=2 * EDGE_PX + (tallest - 1) * ROW_PX + BOX_H,
        boxes=tuple(boxes),
        ties=tuple(ties),
        cut=len(view.nodes) - len(shown),
    )


def _y(row: int, count: int, tallest: int) -> float:
    """Rows of a shorter column stand in the middle."""
    return EDGE_PX + (row + (tallest - count) / 2) * ROW_PX


def _tie(a: Box, b: Box, link: MapLink) -> Tie:
    left, right = (a, b) if a.x <= b.x else (b, a)
    y1, y2 = left.y + BOX_H // 2, right.y + BOX_H // 2
    if left.x == right.x:
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
