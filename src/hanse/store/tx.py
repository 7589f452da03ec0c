"""One transaction: every table of the record, reached by name."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

import sqlalchemy as sa

from hanse.model.ids import Ids
from hanse.model.time import Clock
from hanse.store import kept
from hanse.store.audit import Audit
from hanse.store.documents import Documents
from hanse.store.events import Events
from hanse.store.inbox import Inbox
from hanse.store.once import Leases, Links, Meters
from hanse.store.outbox import Outbox
from hanse.store.plans import Plans
from hanse.store.settings import Settings
from hanse.store.shelf import Shelf
from hanse.store.signals import Signals
from hanse.store.spec import Spec
from hanse.store.table import Table

if TYPE_CHECKING:
    from hanse.store.desk import Desk

T = TypeVar("T")


class Kept(Generic[T]):
    """An attribute of `Tx` that is the `Table` of a `Spec` in that transaction."""

    def __init__(self, spec: Spec[T]) -> None:
        self._spec = spec

    def __get__(self, tx: Tx, owner: type[Tx]) -> Table[T]:
        """The table, in the transaction asked."""
        return Table(tx.connection, self._spec)


class Tx:
    """A transaction: all of it happens, or nothing. Valid only inside the function it is given to.

    ``touched`` names the outbox lanes that got new rows.
    """

    def __init__(self, connection: sa.Connection, *, clock: Clock, ids: Ids) -> None:
        self.connection = connection
        self.clock = clock
        self.ids = ids
        self.touched: set[str] = set()

    machines = Kept(kept.MACHINES)
    calendars = Kept(kept.CALENDARS)
    people = Kept(kept.PEOPLE)
    items = Kept(kept.ITEMS)
    bom_lines = Kept(kept.BOM_LINES)
    routings = Kept(kept.ROUTINGS)
    setup_changes = Kept(kept.SETUP_CHANGES)
    stock = Kept(kept.STOCK)
    work_orders = Kept(kept.WORK_ORDERS)
    gaps = Kept(kept.GAPS)
    assets = Kept(kept.ASSETS)
    state_spans = Kept(kept.STATE_SPANS)
    customer_orders = Kept(kept.CUSTOMER_ORDERS)
    notices = Kept(kept.NOTICES)
    questions = Kept(kept.QUESTIONS)
    files = Kept(kept.FILES)
    tools = Kept(kept.TOOLS)
    transports = Kept(kept.TRANSPORTS)
    outages = Kept(kept.OUTAGES)
    pins = Kept(kept.PINS)
    progress = Kept(kept.PROGRESS)
    holds = Kept(kept.HOLDS)
    users = Kept(kept.USERS)
    sessions = Kept(kept.SESSIONS)
    tokens = Kept(kept.TOKENS)

    @cached_property
    def signals(self) -> Signals:
        """The signals, whose numbers are given once for ever."""
        return Signals(self.connection)

    @cached_property
    def events(self) -> Events:
        """What happened."""
        return Events(self.connection, clock=self.clock, ids=self.ids, outbox=self.outbox)

    @cached_property
    def outbox(self) -> Outbox:
        """Letters to other firms."""
        return Outbox(self.connection, clock=self.clock, touched=self.touched)

    @cached_property
    def inbox(self) -> Inbox:
        """Letters of other firms."""
        return Inbox(self.connection, clock=self.clock)

    @cached_property
    def documents(self) -> Documents:
        """Exact bytes by their SHA-256."""
        return Documents(self.connection, clock=self.clock)

    @cached_property
    def plans(self) -> Plans:
        """Plan versions."""
        return Plans(self.connection)

    def table(self, spec: Spec[T]) -> Table[T]:
        """The table of any spec, for kinds that one factor alone knows."""
        return Table(self.connection, spec)

    def shelf(self, kind: str, of: type[T]) -> Shelf[T]:
        """Things of any kind by key alone."""
        return Shelf(self.connection, kind, of)

    @cached_property
    def desk(self) -> Desk:
        """What dealing keeps, and the ledgers."""
        from hanse.store.desk import Desk

        return Desk(self.connection)

    @cached_property
    def links(self) -> Links:
        """One-time links."""
        return Links(self.connection, kept.LINKS)

    @cached_property
    def leases(self) -> Leases:
        """Who does what only one may do at a time."""
        return Leases(self.connection, clock=self.clock)

    @cached_property
    def meters(self) -> Meters:
        """What was used."""
        return Meters(self.connection, kept.METERS)

    @cached_property
    def audit(self) -> Audit:
        """What people did."""
        return Audit(self.connection)

    @cached_property
    def settings(self) -> Settings:
        """Settings and policies by name."""
        return Settings(self.connection)
