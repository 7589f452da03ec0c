"""What is kept, kind by kind: the one list of all things of a node's record."""

from __future__ import annotations

from hanse.model.order import WorkOrder
from hanse.model.plant import Calendar, Machine, Person, Signal
from hanse.model.product import BomLine, Item, Routing, SetupChange, Stock
from hanse.model.sample import Gap
from hanse.store.spec import Column, Spec, instant, number, text


def _arrives(stock: Stock) -> int:
    return stock.at_ns or 0


MACHINES = Spec("machines", Machine, index=("asset_type", "work_centre", "site"))
CALENDARS = Spec("calendars", Calendar)
PEOPLE = Spec("people", Person)
SIGNALS = Spec("signals", Signal, key=(number("id"),), index=("asset", "name"))
ITEMS = Spec("items", Item, index=("capability", "gtin"))
BOM_LINES = Spec("bom_lines", BomLine, key=("item", "step", "component"), index=("component",))
ROUTINGS = Spec("routings", Routing, key=("item",))
SETUP_CHANGES = Spec("setup_changes", SetupChange, key=("machine", "before", "after"))
STOCK = Spec("stock", Stock, key=("item", "source", Column("at_ns", _arrives, counts=True)))
"""What is on hand has ``at_ns`` 0."""
WORK_ORDERS = Spec("work_orders", WorkOrder, index=("item", "state", instant("due"), "demand"))
GAPS = Spec(
    "gaps",
    Gap,
    key=("connection", number("start_ns"), text("reason")),
    index=(number("end_ns"),),
)
