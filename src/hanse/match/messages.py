"""What one firm says to another: a document, a ledger step, or both, in one letter."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from hanse.match.ledger.chain import Head, KeyCard
from hanse.match.ledger.entry import CoSigned, Countersignature, Proposal
from hanse.match.ledger.pair import SYNC_MAX
from hanse.match.profile import Introduction, SignedProfile
from hanse.model import clearing, tidings, trade
from hanse.model.errors import BadMessage, TooMuch
from hanse.model.ids import Did
from hanse.model.time import Instant

LETTER_BYTES_MAX = 1_000_000
CORRELATION_MAX = 120

DOCUMENTS: dict[str, type[trade.Aggregate]] = {
    "request_for_quotation": trade.RequestForQuotation,
    "quotation": trade.Quotation,
    "decline": trade.Decline,
    "request_closed": trade.RequestClosed,
    "award": trade.Award,
    "displaced": trade.Displaced,
    "hold": trade.Hold,
    "order": trade.Order,
    "order_response": trade.OrderResponse,
    "order_change": trade.OrderChange,
    "order_cancellation": trade.OrderCancellation,
    "despatch_advice": trade.DespatchAdvice,
    "receipt_advice": trade.ReceiptAdvice,
    "quality_report": trade.QualityReport,
    "invoice": trade.Invoice,
    "remittance_advice": trade.RemittanceAdvice,
    "dispute": trade.Dispute,
    "disturbance": tidings.Disturbance,
    "ripple_answer": tidings.RippleAnswer,
    "forecast": tidings.Forecast,
    "clearing_call": clearing.ClearingCall,
    "clearing_statement": clearing.ClearingStatement,
    "clearing_result": clearing.ClearingResult,
}
"""Message kind -> the document it carries."""

AGREED = frozenset(
    {
        "order",
        "order_change",
        "order_cancellation",
        "despatch_advice",
        "receipt_advice",
        "quality_report",
        "invoice",
        "remittance_advice",
        "dispute",
    }
)
"""Kinds that only count once both have signed them: they travel as ledger proposals."""

LEDGER_KINDS = frozenset({"open", "pass", "rotate", "recover", "revoke", "countersigned"})
CHAT_KINDS = frozenset(
    {"hello", "head", "sync_request", "sync", "refused", "profile", "introduction"}
)
KINDS = frozenset(DOCUMENTS) | LEDGER_KINDS | CHAT_KINDS
"""Every kind of message between firms; anything else is refused."""


class Refusal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The partner will not sign a proposal, and why."""

    chain: Annotated[str, Meta(max_length=80)]
    seq: Annotated[int, Meta(ge=0)]
    proposal: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    reason: Annotated[str, Meta(max_length=400)]


class Letter(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The body of one message. Where a proposal rides, its entry's body *is* the document."""

    document: dict[str, Any] | None = None
    proposal: Proposal | None = None
    countersignature: Countersignature | None = None
    refusal: Refusal | None = None
    card: KeyCard | None = None
    profile: SignedProfile | None = None
    introduction: Introduction | None = None
    entries: Annotated[tuple[CoSigned, ...], Meta(max_length=SYNC_MAX)] = ()
    open_proposal: Proposal | None = None
    head: Head | None = None


class Incoming(Struct, frozen=True, kw_only=True):
    """A message that the transport has verified: ``source`` is the firm whose key signed it.

    ``digest`` is ``sha-256:...`` over the exact signed bytes; ``at`` is when it was received.
    """

    id: Annotated[str, Meta(max_length=120)]
    source: Did
    kind: str
    letter: Letter
    at: Instant
    correlation: str = ""
    causation: str = ""
    digest: str = ""


class Outgoing(Struct, frozen=True, kw_only=True):
    """A message for the outbox; ``correlation`` is the loop it belongs to, across firms."""

    to: Did
    kind: str
    subject: str
    letter: Letter
    correlation: str = ""
    causation: str = ""


def encode_letter(letter: Letter) -> bytes:
    """The JSON body of a message."""
    return msgspec.json.encode(letter)


def decode_letter(data: bytes) -> Letter:
    """A letter out of a message body.

    Raises:
        TooMuch: longer than LETTER_BYTES_MAX or nested too deep.
        BadMessage: not JSON, an unknown field, a field out of bounds.
    """
    if len(data) > LETTER_BYTES_MAX:
        raise TooMuch(f"a letter has at most {LETTER_BYTES_MAX} bytes", subject=str(len(data)))
    try:
        return msgspec.json.decode(data, type=Letter)
    except RecursionError as error:
        raise TooMuch("a letter is nested too deep") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadMessage("a letter has the wrong shape", subject=str(error)[:200]) from error


def body_of(document: trade.Aggregate) -> dict[str, Any]:
    """A document as JSON values with its UBL names, checked against its own bounds.

    Raises:
        BadMessage: a field that the partner would have to refuse.
    """
    value: dict[str, Any] = msgspec.to_builtins(document)
    try:
        msgspec.convert(value, type(document))
    except msgspec.ValidationError as error:
        kind = type(document).__name__
        raise BadMessage(f"{kind} is not fit to be sent", subject=str(error)[:200]) from error
    return value


def document_of(kind: str, body: object) -> trade.Aggregate:
    """The typed document of a message kind.

    Raises:
        BadMessage: an unknown kind, an unknown field, or a value out of bounds.
    """
    kind_of = DOCUMENTS.get(kind)
    if kind_of is None:
        raise BadMessage("a message of this kind carries no document", subject=kind)
    try:
        return msgspec.convert(body, kind_of)
    except msgspec.ValidationError as error:
        raise BadMessage(f"{kind} has the wrong shape", subject=str(error)[:200]) from error
