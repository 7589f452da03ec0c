"""What firms write to one another: the trade documents, with UBL 2.x names in JSON.

Python names are snake case; on the wire each is the UBL name (``submissionDueDateTime``,
``endpointID``). Amounts, prices and quantities are decimal strings; instants are RFC 3339 with
``Z``; unknown fields are refused, because what is signed must be what was read.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from msgspec import Meta, Struct

from hanse.model.firm import Party
from hanse.model.ids import Did, Key, Note, Title
from hanse.model.money import Currency
from hanse.model.quantity import UnitCode

LINES_MAX = 500
PARTS_MAX = 50
NAMES_MAX = 20

DecimalText = Annotated[str, Meta(max_length=23, pattern=r"^-?(0|[1-9]\d{0,14})(\.\d{1,6})?$")]
"""An amount or quantity as it is written between firms: ``12.40``, never a float."""
Positive = Annotated[str, Meta(max_length=23, pattern=r"^(0|[1-9]\d{0,14})(\.\d{1,6})?$")]
"""A decimal string that is not negative."""
Moment = Annotated[dt.datetime, Meta(tz=True)]
Number = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9][\w.:/#+-]*$")]
"""The number of a document or of a line."""
Digest = Annotated[str, Meta(pattern=r"^sha-256:[A-Za-z0-9_-]{43}$")]
Percent = Annotated[str, Meta(pattern=r"^\d{1,2}(\.\d{1,2})?$")]
Days = Annotated[int, Meta(ge=0, le=365)]
"""From the issue of an invoice to the day it must be paid."""


def ubl_name(name: str) -> str:
    """The UBL spelling of a field: ``endpoint_id`` -> ``endpointID``; ``id`` stays."""
    first, *rest = name.split("_")
    return first + "".join("ID" if part == "id" else part.capitalize() for part in rest)


class Aggregate(
    Struct, frozen=True, rename=ubl_name, omit_defaults=True, forbid_unknown_fields=True
):
    """A group of fields as UBL names them (an aggregate business information entity)."""


class Identification(Aggregate, frozen=True, kw_only=True):
    """A name given by someone else: GLN ``0088``, ``CN:USCC``, ``GTIN``."""

    scheme_id: Annotated[str, Meta(max_length=40)]
    id: Annotated[str, Meta(max_length=120)]


class TradeParty(Aggregate, frozen=True, kw_only=True):
    """A firm on a document; ``endpoint_id`` is its DID."""

    endpoint_id: Did
    name: Title
    party_identification: Annotated[tuple[Identification, ...], Meta(max_length=NAMES_MAX)] = ()
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] = "DE"


class Measure(Aggregate, frozen=True, kw_only=True):
    """So much in a unit of UN/ECE Recommendation 20."""

    value: Positive
    unit_code: UnitCode = "C62"


class Price(Aggregate, frozen=True, kw_only=True):
    """A price for ``base_quantity`` units."""

    price_amount: Positive
    base_quantity: Positive = "1"


ChargeCode = Literal["SU", "FC", "ZZZ"]
"""UNCL 7161: set-up, freight service, mutually defined."""


class Charge(Aggregate, frozen=True, kw_only=True):
    """Money on a line beside its price (UBL AllowanceCharge)."""

    allowance_charge_reason_code: ChargeCode
    allowance_charge_reason: Annotated[str, Meta(max_length=80)]
    amount: Positive


class Period(Aggregate, frozen=True, kw_only=True):
    """From and to; either may be open."""

    earliest: Moment | None = None
    latest: Moment | None = None


class Validity(Aggregate, frozen=True, kw_only=True):
    """Until when an offer binds."""

    end_date_time: Moment


class Delivery(Aggregate, frozen=True, kw_only=True):
    """So many at an instant."""

    quantity: Positive
    date_time: Moment


class Drawing(Aggregate, frozen=True, kw_only=True):
    """A file that travels encrypted beside the message, named by the hash of its plain bytes."""

    id: Annotated[str, Meta(max_length=200)] = ""
    rev: Annotated[str, Meta(max_length=20)] = ""
    digest: Digest | None = None


class Requirement(Aggregate, frozen=True, kw_only=True):
    """What a maker's envelope must hold: size in mm (longest first), tolerance in micrometres."""

    size_mm: Annotated[tuple[Positive, ...], Meta(max_length=3)] = ()
    tolerance_um: Positive | None = None
    certificate: Annotated[tuple[str, ...], Meta(max_length=NAMES_MAX)] = ()


class TradeItem(Aggregate, frozen=True, kw_only=True):
    """What is bought: the buyer's code, what it needs, and its drawing."""

    buyers_item_identification: Key
    description: Annotated[str, Meta(max_length=400)] = ""
    sellers_item_identification: Key | None = None
    standard_item_identification: Identification | None = None
    drawing: Drawing | None = None
    capability: Annotated[
        tuple[Annotated[str, Meta(max_length=80)], ...], Meta(max_length=NAMES_MAX)
    ] = ()
    material: Annotated[str, Meta(max_length=80)] = ""
    requirement: Requirement | None = None


class Reason(Aggregate, frozen=True, kw_only=True):
    """Why something is asked or changed."""

    code: Annotated[str, Meta(max_length=40, pattern=r"^[A-Z][A-Z_]*$")]
    note: Note = ""
    origin_order: Number | None = None


class DocumentReference(Aggregate, frozen=True, kw_only=True):
    """Another document: its number, the message it came in, the hash of that message's bytes."""

    id: Number
    event_id: Annotated[str, Meta(max_length=120)] = ""
    digest: Digest | None = None


# ---------------------------------------------------------------- asking and quoting


class RfqLine(Aggregate, frozen=True, kw_only=True):
    """One thing asked for. ``late_cost_per_day`` is what a late day costs the buyer, a piece."""

    id: Number
    quantity: Measure
    item: TradeItem
    requested_delivery_period: Period = Period()
    partial_accepted: bool = True
    late_cost_per_day: Positive = "0"


class RequestForQuotation(Aggregate, frozen=True, kw_only=True):
    """UBL RequestForQuotation: what is needed by when, to be answered by when."""

    id: Number
    issue_date_time: Moment
    submission_due_date_time: Moment
    buyer_customer_party: TradeParty
    pricing_currency_code: Currency
    request_for_quotation_line: Annotated[
        tuple[RfqLine, ...], Meta(min_length=1, max_length=LINES_MAX)
    ]
    reason: Reason | None = None
    payment_terms: Note = ""
    note: Note = ""


class PriceBreak(Aggregate, frozen=True, kw_only=True):
    """From this quantity on, this price for the whole quantity."""

    minimum_quantity: Positive
    price_amount: Positive


class PromiseBasis(Aggregate, frozen=True, kw_only=True):
    """What a promised date rests on.

    ``CTP`` is a live plan with the capacity reserved, ``ATP`` stock, ``MANUAL`` a person's word.
    """

    kind: Literal["CTP", "ATP", "MANUAL"]
    schedule_version: Annotated[str, Meta(max_length=80)] = ""
    reservation_id: Annotated[str, Meta(max_length=120)] = ""
    confidence: Annotated[str, Meta(pattern=r"^(0(\.\d{1,4})?|1(\.0{1,4})?)$")] = "1"


class ResourceUse(Aggregate, frozen=True, kw_only=True):
    """Hours a line takes of a capacity that several lines of one quotation share."""

    resource_id: Annotated[str, Meta(max_length=80)]
    hours_per_piece: Positive
    setup_hours: Positive = "0"


class ResourceLimit(Aggregate, frozen=True, kw_only=True):
    """Hours of a shared capacity that all lines of the quotation may take together."""

    resource_id: Annotated[str, Meta(max_length=80)]
    hours: Positive


class QuotationLine(Aggregate, frozen=True, kw_only=True):
    """An offer for one line: quantity, price and breaks, dates, and what they rest on."""

    id: Number
    rfq_line_id: Number
    quantity: Measure
    price: Price
    promised_delivery: Annotated[tuple[Delivery, ...], Meta(min_length=1, max_length=PARTS_MAX)]
    promise_basis: PromiseBasis
    price_break: Annotated[tuple[PriceBreak, ...], Meta(max_length=NAMES_MAX)] = ()
    minimum_quantity: Positive = "0"
    setup_amount: Positive = "0"
    transport_amount: Positive = "0"
    premium_amount: Positive = "0"
    resource_use: Annotated[tuple[ResourceUse, ...], Meta(max_length=NAMES_MAX)] = ()
    carbon_kg: Positive | None = None


class Quotation(Aggregate, frozen=True, kw_only=True):
    """UBL Quotation: binds its sender until ``validity_period`` ends.

    ``withdrawal_fee_percent``: of what was awarded, owed by whoever takes a provisional award back.
    """

    id: Number
    issue_date_time: Moment
    request_for_quotation_document_reference: DocumentReference
    validity_period: Validity
    seller_supplier_party: TradeParty
    pricing_currency_code: Currency
    quotation_line: Annotated[tuple[QuotationLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
    resource_limit: Annotated[tuple[ResourceLimit, ...], Meta(max_length=NAMES_MAX)] = ()
    cancellation_fee_percent: Percent = "0"
    withdrawal_fee_percent: Percent = "0"
    payment_terms: Note = ""
    payment_days: Days | None = None
    note: Note = ""


class Decline(Aggregate, frozen=True, kw_only=True):
    """No offer, and why."""

    id: Number
    request_for_quotation_document_reference: DocumentReference
    reason: Reason


class RequestClosed(Aggregate, frozen=True, kw_only=True):
    """The request is settled without this seller: its offer and what it held are free again."""

    id: Number
    request_for_quotation_document_reference: DocumentReference
    reason: Reason


class AwardLine(Aggregate, frozen=True, kw_only=True):
    """So much of an offered line."""

    quotation_line_id: Number
    quantity: Positive


class Award(Aggregate, frozen=True, kw_only=True):
    """A provisional yes: the seller may be displaced, or displace, until ``closing_date_time``.

    ``premium_amount`` is what the buyer pays beside what the quoted lines ask, to be kept.
    """

    id: Number
    quotation_document_reference: DocumentReference
    award_line: Annotated[tuple[AwardLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
    closing_date_time: Moment
    premium_amount: Positive = "0"


class Displaced(Aggregate, frozen=True, kw_only=True):
    """The award is taken back, by either side, before closing.

    ``premium_amount`` is the premium, in all, that would have held it; none would where it is not
    named. ``fee_amount`` is what the one who takes it back owes for that.
    """

    id: Number
    award_reference: DocumentReference
    reason: Reason
    premium_amount: Positive | None = None
    fee_amount: Positive = "0"


class Hold(Aggregate, frozen=True, kw_only=True):
    """The seller keeps the awarded capacity until an instant."""

    id: Number
    award_reference: DocumentReference
    until_date_time: Moment
    reservation_id: Annotated[str, Meta(max_length=120)] = ""


# ---------------------------------------------------------------- agreeing and changing


class OrderLine(Aggregate, frozen=True, kw_only=True):
    """So much of an item at a price, in deliveries; ``extra_amount`` is the sum of ``charge``."""

    id: Number
    quantity: Measure
    price: Price
    requested_delivery: Annotated[tuple[Delivery, ...], Meta(min_length=1, max_length=PARTS_MAX)]
    item: TradeItem
    quotation_line_id: Number | None = None
    extra_amount: Positive = "0"
    charge: Annotated[tuple[Charge, ...], Meta(max_length=NAMES_MAX)] = ()


class Order(Aggregate, frozen=True, kw_only=True):
    """UBL Order: what both sign. ``order_type_code`` 220 is a purchase order (UN/ECE 1001)."""

    id: Number
    issue_date_time: Moment
    document_currency_code: Currency
    buyer_customer_party: TradeParty
    seller_supplier_party: TradeParty
    order_line: Annotated[tuple[OrderLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
    quotation_document_reference: DocumentReference | None = None
    order_type_code: Literal["220", "221", "105"] = "220"
    reservation_id: Annotated[str, Meta(max_length=120)] = ""
    cancellation_fee_percent: Percent = "0"
    payment_terms: Note = ""
    payment_days: Days | None = None
    reason: Reason | None = None


class OrderResponse(Aggregate, frozen=True, kw_only=True):
    """UBL OrderResponse: ``AP`` accepted (with the countersignature), ``RE`` refused."""

    id: Number
    order_reference: DocumentReference
    order_response_code: Literal["AP", "RE"]
    note: Note = ""


class ChangedLine(Aggregate, frozen=True, kw_only=True):
    """A line as it shall be from now on; quantity 0 takes it out."""

    id: Number
    quantity: Measure
    price: Price
    requested_delivery: Annotated[tuple[Delivery, ...], Meta(max_length=PARTS_MAX)] = ()


class OrderChange(Aggregate, frozen=True, kw_only=True):
    """UBL OrderChange, proposed by either side and in force when both have signed."""

    id: Number
    issue_date_time: Moment
    order_reference: DocumentReference
    order_line: Annotated[tuple[ChangedLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
    reason: Reason


class OrderCancellation(Aggregate, frozen=True, kw_only=True):
    """UBL OrderCancellation with the fee that the order agreed on, or another both sign."""

    id: Number
    issue_date_time: Moment
    order_reference: DocumentReference
    cancellation_note: Note
    fee_amount: Positive = "0"


# ---------------------------------------------------------------- delivering and paying


class DespatchLine(Aggregate, frozen=True, kw_only=True):
    """So much of an order line on its way, with lot and serial numbers."""

    id: Number
    order_line_id: Number
    delivered_quantity: Measure
    lot_number: Annotated[str, Meta(max_length=80)] = ""
    serial: Annotated[tuple[str, ...], Meta(max_length=LINES_MAX)] = ()


class DespatchAdvice(Aggregate, frozen=True, kw_only=True):
    """UBL DespatchAdvice; ``shipment_id`` is an SSCC or the carrier's number."""

    id: Number
    issue_date_time: Moment
    order_reference: DocumentReference
    despatch_line: Annotated[tuple[DespatchLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
    shipment_id: Annotated[str, Meta(max_length=120)] = ""
    estimated_delivery: Moment | None = None
    carrier: Annotated[str, Meta(max_length=200)] = ""


class ReceiptLine(Aggregate, frozen=True, kw_only=True):
    """What came of an order line; rejected pieces are part of the received ones."""

    id: Number
    order_line_id: Number
    received_quantity: Measure
    rejected_quantity: Positive = "0"
    reject_reason: Annotated[str, Meta(max_length=400)] = ""


class ReceiptAdvice(Aggregate, frozen=True, kw_only=True):
    """UBL ReceiptAdvice: what came, and what of it was refused."""

    id: Number
    issue_date_time: Moment
    order_reference: DocumentReference
    receipt_line: Annotated[tuple[ReceiptLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
    despatch_document_reference: DocumentReference | None = None


class Characteristic(Aggregate, frozen=True, kw_only=True):
    """One measured feature: what was wanted, between which limits, what it is."""

    name: Title
    value: DecimalText
    unit: Annotated[str, Meta(max_length=16)] = "mm"
    lower: DecimalText | None = None
    upper: DecimalText | None = None


class QualityReport(Aggregate, frozen=True, kw_only=True):
    """What was measured on delivered pieces, from either side."""

    id: Number
    issue_date_time: Moment
    order_reference: DocumentReference
    order_line_id: Number
    inspected_quantity: Positive
    defective_quantity: Positive = "0"
    characteristic: Annotated[tuple[Characteristic, ...], Meta(max_length=LINES_MAX)] = ()
    note: Note = ""


TaxCategory = Literal["S", "Z", "E", "AE", "K", "G", "O"]
"""UNCL 5305: standard, zero, exempt, reverse charge, within the EU, export, outside VAT."""


class InvoiceLine(Aggregate, frozen=True, kw_only=True):
    """An invoiced order line: quantity x price, rounded to the minor unit, and its charges."""

    id: Number
    order_line_id: Number
    invoiced_quantity: Measure
    price: Price
    line_extension_amount: DecimalText
    item_name: Title
    tax_percent: Percent = "0"
    tax_category: TaxCategory = "S"
    charge: Annotated[tuple[Charge, ...], Meta(max_length=NAMES_MAX)] = ()


class MonetaryTotal(Aggregate, frozen=True, kw_only=True):
    """UBL LegalMonetaryTotal."""

    line_extension_amount: DecimalText
    tax_exclusive_amount: DecimalText
    tax_inclusive_amount: DecimalText
    payable_amount: DecimalText


class Invoice(Aggregate, frozen=True, kw_only=True):
    """UBL Invoice (EN 16931 core): 380 commercial invoice, 381 credit note.

    A credit note names the invoice it takes back from (``billing_reference``). A line of it at the
    agreed price takes pieces back; at less, it lowers the price of so many.
    """

    id: Number
    issue_date_time: Moment
    due_date_time: Moment
    order_reference: DocumentReference
    document_currency_code: Currency
    invoice_line: Annotated[tuple[InvoiceLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
    legal_monetary_total: MonetaryTotal
    invoice_type_code: Literal["380", "381"] = "380"
    payment_terms: Note = ""
    billing_reference: DocumentReference | None = None
    note: Note = ""


class RemittanceAdvice(Aggregate, frozen=True, kw_only=True):
    """UBL RemittanceAdvice: paid, so much for this invoice; both sign that it arrived."""

    id: Number
    issue_date_time: Moment
    invoice_reference: DocumentReference
    order_reference: DocumentReference
    paid_amount: Positive


class Dispute(Aggregate, frozen=True, kw_only=True):
    """A disagreement about an order, put on the ledger by either side."""

    id: Number
    issue_date_time: Moment
    order_reference: DocumentReference
    reason: Reason
    claim_amount: Positive = "0"
    settled: bool = False


def trade_party(party: Party) -> TradeParty:
    """A firm as it is written on documents."""
    names = tuple(Identification(scheme_id=i.scheme, id=i.id) for i in party.identifiers)
    return TradeParty(
        endpoint_id=party.did, name=party.name, party_identification=names, country=party.country
    )
