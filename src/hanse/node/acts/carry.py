"""From a command to whoever carries it out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from hanse.flows.commands import (
    AnswerRfq,
    AskForQuotes,
    AskPerson,
    Award,
    BookStock,
    BringMachineBack,
    ChooseQuote,
    CloseRequest,
    Command,
    Countersign,
    Despatch,
    HearAnswer,
    KeepPlace,
    OrderHeld,
    PlanSale,
    RefreshRipples,
    ReleaseHolds,
    ReplanSale,
    SendInvoice,
    StartRipple,
    TakeMachineOut,
    TakePart,
    TellPartner,
    UpdateCustomer,
)
from hanse.model.event import Event
from hanse.node.acts import (
    bidding,
    buying,
    delivering,
    people,
    planning,
    quoting,
    rippling,
    selling,
    stocking,
)
from hanse.node.context import Context

_DEEDS: dict[type[Command], Callable[[Context, Event, Any], Awaitable[None]]] = {
    TakeMachineOut: planning.take_machine_out,
    BringMachineBack: planning.bring_machine_back,
    PlanSale: selling.plan_sale,
    ReplanSale: selling.replan_sale,
    TellPartner: selling.tell_partner,
    AnswerRfq: quoting.answer_rfq,
    ReleaseHolds: selling.release_holds,
    AskForQuotes: buying.ask_for_quotes,
    ChooseQuote: buying.choose_quote,
    Award: buying.award,
    OrderHeld: bidding.order_held,
    KeepPlace: bidding.keep_place,
    CloseRequest: buying.close_request,
    Countersign: buying.countersign,
    Despatch: delivering.despatch,
    BookStock: stocking.book_stock,
    StartRipple: rippling.start_ripple,
    TakePart: rippling.take_part,
    HearAnswer: rippling.hear_answer,
    RefreshRipples: rippling.refresh_ripples,
    SendInvoice: delivering.send_invoice,
    UpdateCustomer: people.update_customer,
    AskPerson: people.ask_person,
}
"""Who carries out what; a test holds that no command is missing."""


def deeds() -> frozenset[type[Command]]:
    """The commands that can be carried out."""
    return frozenset(_DEEDS)


async def carry_out(context: Context, event: Event, command: Command) -> None:
    """Do what a command says, because of an event. Safe to call again with the same two.

    Raises:
        Unreachable: a role, the record or a partner is away; try again.
        HanseError: it cannot be done; a person must look.
    """
    await _DEEDS[type(command)](context, event, command)
