"""What the pages need of dealing with other firms: requests, orders, ledgers, partners, a door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from hanse.web.views.common import Done, Option
from hanse.web.views.running import PeerAnswer
from hanse.web.views.trading import (
    AskForm,
    ChainRow,
    DoubtRow,
    EntryRow,
    FileRow,
    IntroducedRow,
    NetworkView,
    OwnCard,
    PeerRow,
    PeerView,
    RfqRow,
    RfqView,
    RulesView,
    TradeRow,
    TradeView,
)


class Trade(Protocol):
    """Requests, quotes and orders between firms."""

    async def rfqs(self, *, limit: int) -> tuple[RfqRow, ...]:
        """Requests, newest first."""
        ...

    async def rfq(self, rfq: str) -> RfqView:
        """One request with its quotes."""
        ...

    async def orders(self, *, limit: int) -> tuple[TradeRow, ...]:
        """Orders, newest first."""
        ...

    async def order(self, order: str) -> TradeView:
        """One order."""
        ...

    async def rules(self) -> RulesView:
        """Rules for dealing as they stand."""
        ...

    async def change_rules(self, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Change rules for dealing by one of their forms."""
        ...

    async def paper(self, order: str, seq: int, form: str) -> tuple[str, bytes]:
        """A paper of an order for other systems (``ubl`` or ``epcis``): its name and its bytes."""
        ...

    async def ask(self, form: AskForm, *, by: str) -> Done:
        """Ask other firms for something."""
        ...

    async def candidates(self, words: str) -> tuple[Option, ...]:
        """What free words may mean: at most five codes of the capability list, best first."""
        ...

    async def capabilities(self) -> tuple[Option, ...]:
        """The whole capability list, in its own order."""
        ...

    async def keep_file(self, name: str, content: bytes, *, by: str) -> FileRow:
        """Keep a drawing or another file, to be attached to a request."""
        ...

    async def file(self, digest: str) -> tuple[str, bytes]:
        """A file that is here: its name and its bytes."""
        ...

    async def act(self, subject: str, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Do a deed to a request, a quote or an order, by its id."""
        ...


class Ledger(Protocol):
    """What was agreed with each firm, signed by both."""

    async def chains(self) -> tuple[ChainRow, ...]:
        """One row a firm."""
        ...

    async def chain(self, chain: str, *, limit: int) -> tuple[ChainRow, tuple[EntryRow, ...]]:
        """One chain and its newest entries."""
        ...

    async def verify(self, chain: str) -> ChainRow:
        """Check every hash and both signatures again."""
        ...

    async def export(self, chain: str) -> bytes:
        """The file that ``hanse ledger verify`` reads."""
        ...


class Peers(Protocol):
    """Firms this node knows."""

    async def own(self) -> OwnCard:
        """What another firm needs to add this one."""
        ...

    async def rows(self) -> tuple[PeerRow, ...]:
        """All known firms."""
        ...

    async def introduced(self) -> tuple[IntroducedRow, ...]:
        """Firms that partners vouch for and that we do not deal with yet."""
        ...

    async def nearby(self) -> tuple[IntroducedRow, ...]:
        """Nodes that show themselves on the local network now; nothing unless switched on."""
        ...

    async def mirrored(self) -> tuple[IntroducedRow, ...]:
        """Firms that mirrors show: candidates in their own words, never partners."""
        ...

    async def doubtful(self) -> tuple[DoubtRow, ...]:
        """Firms that signed two different profiles under one number."""
        ...

    async def peer(self, did: str) -> PeerView:
        """One firm; this one's own page by its own DID."""
        ...

    async def add(
        self, address: str, *, by: str, private: bool = False, named: str = ""
    ) -> PeerRow:
        """Fetch the card at an address or domain; unpinned until the codes are compared.

        ``private``: what was found may stand in our own network. ``named``: the address was not
        typed but found, and must be of this firm.
        """
        ...

    async def act(self, did: str, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Do a deed to a firm: pin, pause, resume, limits, remove."""
        ...

    async def network(self, *, ripple: str = "") -> NetworkView:
        """The map of firms and ties; with a ripple's number, what that one does to each."""
        ...


class PeerDoor(Protocol):
    """Where messages of other firms come in."""

    async def receive(self, body: bytes, *, address: str) -> PeerAnswer:
        """Check, record and acknowledge one message."""
        ...

    async def profile(self) -> PeerAnswer:
        """The signed profile of this firm."""
        ...

    async def whereabouts(self) -> PeerAnswer:
        """Who this firm is and where its node answers, for its website."""
        ...

    async def profiles(self) -> PeerAnswer:
        """The signed profiles this node passes on; `NotFound` where it is no mirror."""
        ...

    async def did_document(self) -> PeerAnswer:
        """The did:web document of the firm's domain; `NotFound` where the node knows none."""
        ...

    async def file(self, body: bytes) -> PeerAnswer:
        """A piece of a file that lies ready for the firm whose signed word asks for it."""
        ...
