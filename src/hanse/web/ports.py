"""What the pages need from the node, as protocols: few, small, asynchronous.

The node implements them on its record and roles; tests implement them in memory. A method raises
`NotFound` for an unknown id, `Conflict` for a deed that the state of the thing does not allow,
`BadInput` for values that cannot be used, `Refused` or `Unreachable` for what another side did.
``by`` is the name of the signed-in person. Lists come newest or most urgent first, cut at
``limit``; ``follow`` yields for ever and is closed by its reader.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from hanse.model.door import AuditEntry, Link, Role, Session, Token, User
from hanse.model.event import Event
from hanse.model.text import Language
from hanse.model.time import Clock, Instant
from hanse.web.clearing import Clearings
from hanse.web.dealing import Ledger, PeerDoor, Peers, Trade
from hanse.web.life_ports import Lives
from hanse.web.plan_ports import Plans
from hanse.web.rippling import Ripples
from hanse.web.setting_ports import Setting
from hanse.web.views.common import Deed, Done, Option
from hanse.web.views.connecting import (
    Answering,
    Choosing,
    ConnectionRow,
    ConnectionView,
    ConnectorKind,
    DoorSheet,
    Found,
    ImportReport,
    SampleFile,
)
from hanse.web.views.entering import Entered, EntrySheet, Taken
from hanse.web.views.loops import Approval, ChainView, LoopRow
from hanse.web.views.losses import LossesView, ShiftView, StopsView
from hanse.web.views.notices import NoticesView
from hanse.web.views.people import AuditPage, FirmCard
from hanse.web.views.plant import (
    AlarmPerformance,
    AlarmRow,
    MachineRow,
    MachineView,
    Series,
)
from hanse.web.views.rules import RuleFileView, RuleRow, TemplateForm, TrialView, TypeChoice
from hanse.web.views.running import FirstStep, Readiness


class Accounts(Protocol):
    """Users, sessions, one-time links and tokens. Holds rows; the rules are in `hanse.web.doors`.

    ``put_*`` inserts or replaces by key. Every secret arrives as its SHA-256.
    """

    async def claimed(self) -> bool:
        """Whether there is an owner: asked at every request, so answered from memory."""
        ...

    async def users(self) -> tuple[User, ...]:
        """All users, by name."""
        ...

    async def user(self, name: str) -> User | None:
        """One user."""
        ...

    async def put_user(self, user: User) -> None:
        """Keep a user."""
        ...

    async def put_session(self, session: Session) -> None:
        """Keep a session."""
        ...

    async def session(self, hash_: str) -> Session | None:
        """One session."""
        ...

    async def sessions(self, user: str | None = None) -> tuple[Session, ...]:
        """Sessions of one user, or of all."""
        ...

    async def end_sessions(self, *, user: str = "", hash_: str = "") -> int:
        """End one session, or all of a user; how many."""
        ...

    async def put_link(self, link: Link) -> None:
        """Keep a one-time link."""
        ...

    async def link(self, hash_: str) -> Link | None:
        """Look at a link without using it."""
        ...

    async def take_link(self, hash_: str) -> Link | None:
        """Use a link up: the first caller has it, every later one has None."""
        ...

    async def put_token(self, token: Token) -> None:
        """Keep an API token."""
        ...

    async def token(self, hash_: str) -> Token | None:
        """One token."""
        ...

    async def tokens(self, user: str | None = None) -> tuple[Token, ...]:
        """Tokens of one user, or of all."""
        ...

    async def end_token(self, hash_: str) -> None:
        """Forget a token."""
        ...


class Audit(Protocol):
    """The hash-chained log of what people did."""

    async def note(self, entry: AuditEntry) -> None:
        """Append one entry (its ``hash`` is the port's to fill)."""
        ...

    async def page(self, *, limit: int, before: Instant | None = None) -> AuditPage:
        """The newest entries, and whether the chain is whole."""
        ...


class Happenings(Protocol):
    """Events and loops of the record."""

    async def loops(self, *, limit: int) -> tuple[LoopRow, ...]:
        """Loops, newest first."""
        ...

    async def loop(self, loop: str) -> tuple[LoopRow, tuple[Event, ...]]:
        """A loop and its events, oldest first."""
        ...

    async def event(self, event: str) -> Event:
        """One event."""
        ...

    async def causes(self, event: str) -> tuple[Event, ...]:
        """The chain of causes, root first, the event itself last."""
        ...

    async def effects(self, event: str) -> tuple[Event, ...]:
        """What the event made happen directly."""
        ...

    async def recent(
        self, *, limit: int, subject: str = "", before: Instant | None = None
    ) -> tuple[Event, ...]:
        """Events, newest first; of one subject, or of all."""
        ...

    def follow(self) -> AsyncIterator[Event]:
        """Events as they are recorded, from now on."""
        ...


class Approvals(Protocol):
    """What a person is asked."""

    async def rows(self, *, open_only: bool, limit: int) -> tuple[Approval, ...]:
        """Questions, the most urgent first."""
        ...

    async def one(self, approval: str) -> Approval:
        """One question."""
        ...

    async def decide(self, approval: str, *, choice: str | None, note: str, by: str) -> Done:
        """Agree to a choice by its name, or decline with None."""
        ...


class Machines(Protocol):
    """Machines and their signals, now and before."""

    async def rows(self) -> tuple[MachineRow, ...]:
        """All machines with their lead signals."""
        ...

    async def machine(self, key: str) -> MachineView:
        """One machine."""
        ...

    async def history(
        self, signals: tuple[int, ...], *, start: Instant, end: Instant, points: int
    ) -> Series:
        """Samples of signals, thinned to about ``points`` with their extremes kept."""
        ...

    async def act(self, key: str, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Start the next job at a machine, say how far it is, or that it is done."""
        ...

    def live(self, signals: tuple[int, ...]) -> AsyncIterator[Series]:
        """Samples of signals as they arrive, some ten batches a second at most."""
        ...


class Alarms(Protocol):
    """Alarms by ISA-18.2."""

    async def rows(self, *, limit: int) -> tuple[AlarmRow, ...]:
        """Alarms that need someone or are kept quiet; the most urgent first."""
        ...

    async def one(self, alarm: str) -> AlarmRow:
        """One alarm, also one that is over."""
        ...

    async def act(self, alarm: str, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Do a deed to an alarm: acknowledge, confirm, comment, shelve, suppress and the rest."""
        ...

    async def performance(self, *, hours: int) -> AlarmPerformance:
        """How well the alarms themselves work, over the last hours."""
        ...


class Losses(Protocol):
    """When machines stood, why, and what it cost."""

    async def figures(self, *, by: str, hours: int) -> LossesView:
        """OEE by machine, line, shift or product over the last hours, down to the stops."""
        ...

    async def shift(self, machine: str) -> ShiftView:
        """One machine since its shift began: states, stops, figures."""
        ...

    async def stops(self, *, machine: str, hours: int) -> StopsView:
        """Stops of a machine, or of all where it is empty; the unexplained first."""
        ...

    async def explain(self, stop: str, reason: str, *, by: str) -> Done:
        """A person's word on why a machine stood; a later one stands in its place."""
        ...


class Rules(Protocol):
    """Rules as data: kept with versions, tried on history, armed."""

    async def rows(self) -> tuple[RuleRow, ...]:
        """Every rule, shipped and own."""
        ...

    async def file(self, key: str) -> RuleFileView:
        """A file of rules with its versions."""
        ...

    async def types(self) -> tuple[TypeChoice, ...]:
        """The types of asset of this node, their signals and the templates that fit them."""
        ...

    async def form(self, kind: str, signal: str, template: str) -> TemplateForm:
        """The form of a template for a signal of a type, with values to start from."""
        ...

    async def draft(
        self, kind: str, signal: str, template: str, values: Mapping[str, str]
    ) -> tuple[str, str]:
        """The filled-in template: a free key for its file, and its text."""
        ...

    async def trial(self, key: str, text: str, *, start: Instant, end: Instant) -> TrialView:
        """What rules would have done on history. Changes nothing."""
        ...

    async def keep(self, key: str, text: str, *, by: str) -> Done:
        """Keep a file of rules as its next version; the running engine takes it up."""
        ...

    async def arm(self, rule: str, *, armed: bool, by: str) -> Done:
        """Let a rule count, or not."""
        ...

    async def remove(self, key: str, *, by: str) -> Done:
        """Take a file of rules away; its versions stay."""
        ...


class Notices(Protocol):
    """Who is told when an alarm calls, and by which way."""

    async def view(self) -> NoticesView:
        """Channels, what waits, and the forms."""
        ...

    async def put(self, values: Mapping[str, str], *, by: str) -> Done:
        """Keep a channel from the values of its form; secrets are never shown again."""
        ...

    async def put_calls(self, values: Mapping[str, str], *, by: str) -> Done:
        """Keep who is called when nobody acknowledges an alarm."""
        ...

    async def put_mail(self, values: Mapping[str, str], *, by: str) -> Done:
        """Keep the mail server from the values of its form."""
        ...

    async def act(self, key: str, deed: str, *, by: str) -> Done:
        """Test, pause, resume or remove a channel."""
        ...


class Connections(Protocol):
    """Connections to equipment."""

    async def rows(self) -> tuple[ConnectionRow, ...]:
        """All connections."""
        ...

    async def one(self, name: str) -> ConnectionView:
        """One connection."""
        ...

    async def kinds(self) -> tuple[ConnectorKind, ...]:
        """The protocols this node speaks."""
        ...

    async def add(self, kind: str, values: Mapping[str, str], *, by: str) -> Done:
        """Make a connection of a kind from the values of its form."""
        ...

    async def browse(self, name: str, *, limit: int) -> tuple[Found, ...]:
        """Look at the device's tree, with proposals."""
        ...

    async def asset_types(self) -> tuple[Option, ...]:
        """What a machine may be, and what that is called."""
        ...

    async def choose(self, name: str, chosen: tuple[Choosing, ...], *, by: str) -> Done:
        """Collect these variables from now on."""
        ...

    async def act(self, name: str, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Do a deed to a connection: pause, resume, trust a certificate, remove."""
        ...

    async def add_url(self, url: str, *, name: str, by: str) -> Done:
        """Make a connection from an address (``opc.tcp://...``)."""
        ...

    async def mapping(self, name: str) -> str:
        """What a connection collects, as TOML."""
        ...

    async def put_mapping(self, name: str, text: str, *, by: str) -> Done:
        """Collect what a TOML file says; all of it or nothing."""
        ...

    async def link(self, name: str) -> DoorSheet:
        """The address and token of a door for values."""
        ...

    async def networks(self) -> tuple[str, ...]:
        """Local networks that a person may have looked through."""
        ...

    async def scan(self, network: str) -> tuple[Answering, ...]:
        """What answers there on the ports of known protocols."""
        ...


class Doors(Protocol):
    """Where values come in from senders and from people at machines. A token opens each."""

    async def push(self, name: str, body: bytes, *, content_type: str, token: str) -> Taken:
        """Values of a sender; returns when they are kept."""
        ...

    async def sheet(self, name: str, *, token: str) -> EntrySheet:
        """What may be entered at a machine."""
        ...

    async def enter(self, name: str, entered: Entered, *, token: str) -> Taken:
        """One entry of a person; returns when it is kept."""
        ...


class Imports(Protocol):
    """Files with items, routings, orders, stock."""

    async def samples(self) -> tuple[SampleFile, ...]:
        """Files that ship, to start from."""
        ...

    async def sample(self, name: str) -> bytes:
        """One of them."""
        ...

    async def check(self, file: str, content: bytes, *, by: str) -> ImportReport:
        """Read a file without taking it in."""
        ...

    async def one(self, report: str) -> ImportReport:
        """The report of a file that was checked or taken in."""
        ...

    async def apply(self, report: str, *, by: str) -> ImportReport:
        """Take the good rows of a checked file in."""
        ...


class Beginning(Protocol):
    """What a fresh node still lacks."""

    async def steps(self) -> tuple[FirstStep, ...]:
        """Every step with whether it is done; none once all are, or somebody hid them."""
        ...

    async def hide(self) -> None:
        """Show them no more."""
        ...


class Health(Protocol):
    """Whether the node runs well."""

    async def ready(self) -> Readiness:
        """Every check with its reason."""
        ...

    async def metrics(self) -> bytes:
        """Figures in Prometheus' text form."""
        ...


class Chain(Protocol):
    """A demonstration chain of firms on one machine."""

    async def view(self) -> ChainView:
        """The firms and the story so far."""
        ...

    async def deeds(self) -> tuple[Deed, ...]:
        """What a visitor may set off."""
        ...

    async def act(self, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Set it off: wear a bearing, stop a machine."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ports:
    """All that the pages are given. ``chain`` only where a demonstration runs."""

    clock: Clock
    firm: FirmCard
    accounts: Accounts
    audit: Audit
    happenings: Happenings
    approvals: Approvals
    machines: Machines
    alarms: Alarms
    losses: Losses
    lives: Lives
    setting: Setting
    rules: Rules
    notices: Notices
    plans: Plans
    trade: Trade
    ledger: Ledger
    peers: Peers
    ripples: Ripples
    clearings: Clearings
    connections: Connections
    doors: Doors
    imports: Imports
    beginning: Beginning
    health: Health
    door: PeerDoor
    chain: Chain | None = None


__all__ = [
    "Accounts",
    "Alarms",
    "Approvals",
    "Audit",
    "Beginning",
    "Chain",
    "Clearings",
    "Connections",
    "Doors",
    "Happenings",
    "Health",
    "Imports",
    "Language",
    "Ledger",
    "Lives",
    "Losses",
    "Machines",
    "Notices",
    "PeerDoor",
    "Peers",
    "Plans",
    "Ports",
    "Ripples",
    "Role",
    "Rules",
    "Setting",
    "Trade",
]
