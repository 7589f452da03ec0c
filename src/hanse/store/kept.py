"""What is kept, kind by kind: the one list of all things of a node's record."""

from __future__ import annotations

from hanse.model.door import Link, Session, Token, User
from hanse.model.order import Progress, WorkOrder
from hanse.model.plan import Hold, Outage, Pin
from hanse.model.plant import Calendar, Machine, Person, Signal
from hanse.model.product import BomLine, Item, Routing, SetupChange, Stock, Tool, Transport
from hanse.model.running import Asset, Question, StateSpan, StoredFile
from hanse.model.sale import CustomerOrder, Notice
from hanse.model.sample import Gap
from hanse.store.spec import Column, Spec, instant, number
from hanse.store.things import Lease, Meter


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
    key=("connection", number("start_ns")),
    index=(number("end_ns"),),
)
ASSETS = Spec("assets", Asset, index=("type", "machine", "parent"))
STATE_SPANS = Spec(
    "state_spans",
    StateSpan,
    key=("machine", instant("start")),
    index=(instant("start"), instant("end"), "state"),
)
CUSTOMER_ORDERS = Spec(
    "customer_orders", CustomerOrder, index=("customer", "item", "state", instant("due"))
)
NOTICES = Spec("notices", Notice, key=("id",), index=("customer", "order", instant("at")))
QUESTIONS = Spec("questions", Question, key=("id",), index=("state", "event", "loop"))
FILES = Spec("files", StoredFile, key=("id",), index=("sha256", "subject"))
LEASES = Spec("leases", Lease, key=("name",))
METERS = Spec("meters", Meter, key=("name", "period"))
USERS = Spec("users", User, key=("name",))
SESSIONS = Spec("sessions", Session, key=("hash",), index=("user", instant("expires_at")))
LINKS = Spec("links", Link, key=("hash",), index=(instant("expires_at"),))
TOKENS = Spec("tokens", Token, key=("hash",), index=("user", "prefix"))
TOOLS = Spec("tools", Tool)
TRANSPORTS = Spec("transports", Transport, key=("before", "after"))
OUTAGES = Spec(
    "outages", Outage, key=("resource", instant("start")), index=(instant("end"), "kind")
)
PINS = Spec("pins", Pin, key=("order", "step", number("lot")))
PROGRESS = Spec("progress", Progress, key=("order", "step", number("lot")))
HOLDS = Spec("holds", Hold, index=("item", instant("expires_at")))
