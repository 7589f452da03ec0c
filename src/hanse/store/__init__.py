"""The record of a node: what is true, written once, and still there after a power cut.

For: every role of a node, the command line, and the ports of the factors, flows and links.
In: functions ``fn(tx)`` that put things, append events, and write messages out and in.
Out: the same things again, events with their causes, messages to send, and findings of `verify`.
SQLite (WAL, synchronous=FULL; several processes may open one file) or PostgreSQL; one writing
transaction at a time; a commit is acknowledged only when it is on disk. Every row carries a
checksum, events, ledger and audit log are hash chains.
Limits: ROWS_MAX a query, ABOUT_BYTES_MAX an event, DOCUMENT_BYTES_MAX a document, LANE_WAITING_MAX
messages a lane, PARKED_MAX of one peer, VERSIONS_MAX plans, TOGETHER_MAX writes a commit.
"""

from hanse.store.events import Events
from hanse.store.inbox import Arrival, Inbox, Received
from hanse.store.outbox import BUS, Letter, Outbox, peer_lane
from hanse.store.store import Store
from hanse.store.table import Table
from hanse.store.tx import Tx

__all__ = [
    "BUS",
    "Arrival",
    "Events",
    "Inbox",
    "Letter",
    "Outbox",
    "Received",
    "Store",
    "Table",
    "Tx",
    "peer_lane",
]
