"""From orders to what must be made: stock first, then open orders, then new ones for made parts."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal

import msgspec

from hanse.allocate.records import Records
from hanse.model.errors import BadInput, TooMuch
from hanse.model.order import WorkOrder, WorkOrderState
from hanse.model.product import BomLine, Item
from hanse.model.time import Instant

ORDERS_MAX = 50_000
DEPTH_MAX = 40
OPEN = frozenset({WorkOrderState.PLANNED, WorkOrderState.RELEASED, WorkOrderState.STARTED})


@dataclass(slots=True)
class Demand:
    """Open orders, and which order's part goes into which order at which step."""

    orders: list[WorkOrder] = field(default_factory=list)
    pegs: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    buys: dict[str, list[BomLine]] = field(default_factory=lambda: defaultdict(list))


def left(order: WorkOrder) -> Decimal:
    """Pieces of an order that are still to be made."""
    return max(Decimal(0), order.quantity - order.done)


Lots = Callable[[int], tuple[int, ...]]
"""The lots of an order for so many pieces, those that have begun as they are."""


class Book:
    """What is on hand and on order while demand is netted.

    ``lots``: how orders for made parts are cut whose work has begun, by their keys.
    """

    def __init__(self, records: Records) -> None:
        self.items = {item.key: item for item in records.items}
        self.routed = {routing.item for routing in records.routings}
        self.bill: Mapping[str, list[BomLine]] = _by_item(records.bom)
        self.hand: dict[str, Decimal] = defaultdict(Decimal)
        for stock in records.stock:
            self.hand[stock.item] += stock.quantity
        self.open: dict[str, list[list[object]]] = {}
        self.taken: dict[str, list[tuple[str, Decimal, str]]] = defaultdict(list)
        self.steps = {routing.item: routing.steps for routing in records.routings}
        self.lost: dict[str, dict[tuple[int, str], int]] = defaultdict(dict)
        for told in records.progress:
            if told.scrap:
                self.lost[told.order][told.lot, told.step] = told.scrap
        self.lots: dict[str, Lots] = {}
        self.demand = Demand()
        check_bill(self.bill)

    def wasted(self, order: str, item: str, step: str, lots: Collection[int] | None = None) -> int:
        """Pieces scrapped at a step or later, for which what goes in there is taken once more."""
        lost = self.lost.get(order)
        if not lost:
            return 0
        steps = self.steps.get(item, ())
        at = next((n for n, known in enumerate(steps) if known.key == step), 0)
        counted = {known.key for known in steps[at:] if not known.rework}
        return sum(
            scrap
            for (lot, where), scrap in lost.items()
            if where in counted and (lots is None or lot in lots)
        )

    def give_back(self, order: str) -> None:
        """An order is no longer to be made so: what it took of stock and open orders is free."""
        for item, quantity, whose in self.taken.pop(order, ()):
            if not whose:
                self.hand[item] += quantity
            for entry in self.open.get(item, ()):
                if whose and entry[0] == whose:
                    entry[1] += quantity  # type: ignore[operator]
        for entries in self.open.values():
            entries[:] = [entry for entry in entries if entry[0] != order]

    def takers(self, order: str) -> dict[str, Decimal]:
        """Who was to get how many pieces of an order."""
        rows = ((taker, row) for taker, rows in self.taken.items() for row in rows)
        return {taker: quantity for taker, (_, quantity, whose) in rows if whose == order}

    def stand_in(self, taker: str, old: str, new: str) -> None:
        """Who was to get pieces of one order gets them of another."""
        rows = self.taken.get(taker, ())
        self.taken[taker] = [(i, q, new if whose == old else whose) for i, q, whose in rows]

    def rename(self, old: str, new: str) -> None:
        """An order has another key: what it took, and what others are to get of it."""
        if old in self.taken:
            self.taken[new] = self.taken.pop(old)
        for entry in (entry for known in self.open.values() for entry in known):
            if entry[0] == old:
                entry[0] = new
        for taker in self.takers(old):
            self.stand_in(taker, old, new)

    def _free(self, order: WorkOrder) -> Decimal:
        """Pieces of an order that no other counts on yet."""
        given = (q for took in self.taken.values() for _, q, whose in took if whose == order.key)
        return max(Decimal(0), left(order) - sum(given, Decimal(0)))

    def copy(self) -> Book:
        """The same, to net a question against without keeping its effect."""
        other = copy(self)
        other.taken = defaultdict(list, {order: list(took) for order, took in self.taken.items()})
        other.lost = defaultdict(dict, {order: dict(lost) for order, lost in self.lost.items()})
        other.hand = defaultdict(Decimal, self.hand)
        other.open = {item: [list(entry) for entry in known] for item, known in self.open.items()}
        return other

    def explode(self, orders: Iterable[WorkOrder]) -> Demand:
        """Open orders with those for the made parts they need.

        ``pegs[order]`` lists ``(child order, step)``; ``buys[order]`` the bought lines of its bill.

        Raises:
            BadInput: an item contains itself, or a bill names an item nobody knows.
            TooMuch: more than ORDERS_MAX orders or a bill deeper than DEPTH_MAX.
        """
        self.demand = Demand()
        queue = deque((order, 0) for order in sorted(orders, key=_by_due) if order.state in OPEN)
        for order, _ in queue:
            self.open.setdefault(order.item, []).append([order.key, self._free(order)])
        while queue:
            order, depth = queue.popleft()
            if len(self.demand.orders) >= ORDERS_MAX or depth > DEPTH_MAX:
                raise TooMuch(
                    f"more than {ORDERS_MAX} orders or a bill deeper than {DEPTH_MAX}",
                    subject=f"order {order.key}",
                )
            self.demand.orders.append(order)
            queue.extend((child, depth + 1) for child in self._needs(order))
        return self.demand

    def _needs(self, order: WorkOrder) -> list[WorkOrder]:
        children = []
        for line in self.bill.get(order.item, ()):
            item = self.items.get(line.component)
            if item is None:
                raise BadInput(
                    f"nobody knows the item {line.component}",
                    subject=f"bill of {order.item}",
                    remedy="Add the item or correct the bill",
                    code="unknown-item",
                )
            if item.make and line.component in self.routed:
                children.extend(self._make(order, line, item))
            else:
                self.demand.buys[order.key].append(line)
        return children

    def _make(self, order: WorkOrder, line: BomLine, item: Item) -> list[WorkOrder]:
        need = (left(order) + self.wasted(order.key, order.item, line.step)) * line.quantity
        taken = min(need, self.hand[item.key])
        self._take(order.key, (item.key, taken, ""))
        self.hand[item.key] -= taken
        need -= taken
        for entry in self.open.get(item.key, ()):
            free = entry[1]
            assert isinstance(free, Decimal)
            if need <= 0 or not free or entry[0] == order.key:
                continue
            entry[1] = free - min(free, need)
            self._take(order.key, (item.key, min(free, need), str(entry[0])))
            need -= min(free, need)
            self.demand.pegs[order.key].append((str(entry[0]), line.step))
        if need <= 0:
            return []
        key, quantity = f"{order.key}/{item.key}"[:120], need.to_integral_value(ROUND_CEILING)
        lots = self.lots[key](int(quantity)) if key in self.lots else ()
        child = msgspec.structs.replace(
            order,
            key=key,
            item=item.key,
            quantity=max(quantity, Decimal(sum(lots))),
            done=Decimal(0),
            weight_minor_per_h=0,
            promised=None,
            demand=order.key,
            lots=lots,
        )
        self.demand.pegs[order.key].append((child.key, line.step))
        return [child]

    def _take(self, order: str, took: tuple[str, Decimal, str]) -> None:
        if took[1]:
            self.taken[order].append(took)


def _by_due(order: WorkOrder) -> tuple[Instant, str]:
    return order.due, order.key


def _by_item(lines: Iterable[BomLine]) -> Mapping[str, list[BomLine]]:
    bill: dict[str, list[BomLine]] = defaultdict(list)
    for line in lines:
        bill[line.item].append(line)
    return bill


def check_bill(bill: Mapping[str, list[BomLine]]) -> None:
    """Every item is free of itself.

    Raises:
        BadInput: a cycle, written out from item to item.
    """
    done: set[str] = set()
    for start in bill:
        _descend(bill, start, (), done)


def _descend(
    bill: Mapping[str, list[BomLine]], item: str, path: tuple[str, ...], done: set[str]
) -> None:
    if item in path:
        cycle = " > ".join((*path[path.index(item) :], item))
        raise BadInput(
            f"the bill of material goes round in a circle: {cycle}",
            subject=f"item {item}",
            remedy="Take one of these lines out of the bill",
            code="bill-cycle",
        )
    if item in done or len(path) > DEPTH_MAX:
        return
    for line in bill.get(item, ()):
        _descend(bill, line.component, (*path, item), done)
    done.add(item)
