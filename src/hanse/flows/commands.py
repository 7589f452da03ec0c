"""What the loop can ask the node to do. Each is carried out at most once for its event."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from hanse.model.ids import Did, Key
from hanse.model.time import Instant


class Command(Struct, frozen=True, kw_only=True, tag_field="do"):
    """Something to be done because of an event."""


class TakeMachineOut(Command, frozen=True, kw_only=True, tag="take_machine_out"):
    """Capacity is gone: plan around the machine from ``since``; ``repair_s`` as far as known.

    ``planned`` is maintenance that somebody agreed to: it stays though the machine works again.
    """

    machine: Key
    since: Instant
    repair_s: int
    reason: str
    planned: bool = False


class BringMachineBack(Command, frozen=True, kw_only=True, tag="bring_machine_back"):
    """The machine works again."""

    machine: Key
    at: Instant


class PlanSale(Command, frozen=True, kw_only=True, tag="plan_sale"):
    """Turn an order of a partner into a work order, using up what was held for its quote."""

    partner: Did
    order: str


class ReplanSale(Command, frozen=True, kw_only=True, tag="replan_sale"):
    """An agreed change of a sale: make that many, by that instant."""

    partner: Did
    order: str


class TellPartner(Command, frozen=True, kw_only=True, tag="tell_partner"):
    """A promise cannot be kept: propose the change of the order, with its reason."""

    sale: str
    kept: Decimal
    missing: Decimal
    reason: str


class AnswerRfq(Command, frozen=True, kw_only=True, tag="answer_rfq"):
    """Quote from the live plan and hold what is quoted; or decline."""

    buyer: Did
    request: str


class Want(Struct, frozen=True, kw_only=True):
    """So much of an item for a demand: one line of a request."""

    item: Key
    wanted: Decimal
    due: Instant
    demand: str


class AskForQuotes(Command, frozen=True, kw_only=True, tag="ask_for_quotes"):
    """Ask partners who can make it, all ``wants`` in one request; not those in ``without``."""

    wants: tuple[Want, ...]
    without: tuple[Did, ...] = ()
    replaces: str = ""


class ChooseQuote(Command, frozen=True, kw_only=True, tag="choose_quote"):
    """Compare the answers of one request and name the best.

    ``again``: for what is missing of it, because an award was taken back or an order refused.
    """

    request: str
    again: bool = False


class Award(Command, frozen=True, kw_only=True, tag="award"):
    """Take the best quotes of a request: order, or award provisionally where it has a closing."""

    request: str


class OrderHeld(Command, frozen=True, kw_only=True, tag="order_held"):
    """Bidding for a request is over: order what is awarded and was not taken back."""

    request: str


class KeepPlace(Command, frozen=True, kw_only=True, tag="keep_place"):
    """A place in the plan went to another award: hold the work of that one there."""

    buyer: Did
    rfq: str


class CloseRequest(Command, frozen=True, kw_only=True, tag="close_request"):
    """Tell those whose answer was not taken that the request of an order is settled."""

    partner: Did
    order: str


class ReleaseHolds(Command, frozen=True, kw_only=True, tag="release_holds"):
    """Capacity held for a quote that was not taken is free again."""

    holds: tuple[str, ...]


class Countersign(Command, frozen=True, kw_only=True, tag="countersign"):
    """Sign what a partner has proposed."""

    partner: Did
    order: str


class Despatch(Command, frozen=True, kw_only=True, tag="despatch"):
    """What was made for a sale goes out: at most ``quantity``, at most what is still owed."""

    sale: str
    quantity: Decimal


class BookStock(Command, frozen=True, kw_only=True, tag="book_stock"):
    """What came in of an order is on hand; what went out that was not made for it is taken."""

    partner: Did
    order: str


class SendInvoice(Command, frozen=True, kw_only=True, tag="send_invoice"):
    """Invoice what the buyer has received as good and we have not invoiced."""

    partner: Did
    order: str


class StartRipple(Command, frozen=True, kw_only=True, tag="start_ripple"):
    """Tell every partner whose promise a change of the plan broke, as one disturbance.

    ``repaired`` is the event that broke them: all it broke goes into one.
    """

    repaired: str


class TakePart(Command, frozen=True, kw_only=True, tag="take_part"):
    """Work out what a partner's disturbance does here, pass it on, and answer in sums."""

    partner: Did


class HearAnswer(Command, frozen=True, kw_only=True, tag="hear_answer"):
    """Keep a partner's answer to a disturbance, and answer anew who told us of it."""

    partner: Did


class RefreshRipples(Command, frozen=True, kw_only=True, tag="refresh_ripples"):
    """Say anew what others have quoted in place of what a disturbance took, after a request."""

    request: str


class UpdateCustomer(Command, frozen=True, kw_only=True, tag="update_customer"):
    """Work out the customer's date again from what is on order, and tell the customer."""

    demand: str


class AskPerson(Command, frozen=True, kw_only=True, tag="ask_person"):
    """Stop and ask, with everything prepared: what to do, why, and what it is worth."""

    question: str
    prepared: AnyCommand
    value_minor: int = 0


AnyCommand = (
    TakeMachineOut
    | BringMachineBack
    | PlanSale
    | ReplanSale
    | TellPartner
    | AnswerRfq
    | AskForQuotes
    | ChooseQuote
    | Award
    | OrderHeld
    | KeepPlace
    | CloseRequest
    | ReleaseHolds
    | Countersign
    | Despatch
    | BookStock
    | SendInvoice
    | StartRipple
    | TakePart
    | HearAnswer
    | RefreshRipples
    | UpdateCustomer
)
"""Every command but the question itself."""
