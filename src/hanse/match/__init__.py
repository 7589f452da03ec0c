"""F5, match: firms deal directly, and what they agreed can be proved.

For: asking, quoting, awarding, ordering, changing, delivering, invoicing and disputing between
two firms without an operator, with a ledger that both hold and anyone can verify offline.
In: verified messages of partners (`messages.Incoming`), commands of people and flows.
Out: letters for the outbox, events for the record, co-signed ledger entries.
The door is `Desk`: one firm's dealings within one transaction, pure but for the `Shelf` it is
handed. `choose` picks among offers, `ledger` holds the evidence, `contract` folds it.
Limits: LINES_MAX lines a document, LETTER_BYTES_MAX a letter, ASKED_MAX firms a request.
"""

from hanse.match.choose.few import Choice, choose
from hanse.match.choose.rules import Rules
from hanse.match.contract import Contract
from hanse.match.counter import Context
from hanse.match.desk import Desk
from hanse.match.ledger.audit import Audit, verify_file
from hanse.match.ledger.chain import Head, KeyCard
from hanse.match.messages import (
    DOCUMENTS,
    KINDS,
    Incoming,
    Letter,
    Outgoing,
    decode_letter,
    encode_letter,
)
from hanse.match.policy import Policy
from hanse.match.shelf import Shelf, ShelfInMemory

__all__ = [
    "DOCUMENTS",
    "KINDS",
    "Audit",
    "Choice",
    "Context",
    "Contract",
    "Desk",
    "Head",
    "Incoming",
    "KeyCard",
    "Letter",
    "Outgoing",
    "Policy",
    "Rules",
    "Shelf",
    "ShelfInMemory",
    "choose",
    "decode_letter",
    "encode_letter",
    "verify_file",
]
