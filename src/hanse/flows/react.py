"""Event in, commands out: the loop's process managers, one small function a kind of event."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from hanse.flows import kinds
from hanse.flows.commands import (
    AcceptOrder,
    AgreeChange,
    AnswerRfq,
    AnyCommand,
    AskForQuotes,
    AskPerson,
    Award,
    BringMachineBack,
    ChooseQuote,
    Command,
    PlanDeal,
    ReplanDeal,
    TakeMachineOut,
    TellPartner,
    UpdateCustomer,
)
from hanse.flows.policy import Policy
from hanse.flows.view import View
from hanse.model.event import Event
from hanse.model.time import parse_instant

MACHINE_DOWN = "machine_down"
Commands = tuple[Command, ...]
Reaction = Callable[[Event, View, Policy], Commands]
_REACTIONS: dict[str, Reaction] = {}


def react(event: Event, view: View, policy: Policy) -> Commands:
    """What is to be done because of an event; empty for most events.

    The same event, record and policy always give the same commands.
    """
    reaction = _REACTIONS.get(event.kind)
    return reaction(event, view, policy) if reaction else ()


def reacts_to() -> frozenset[str]:
    """The kinds of event that lead to anything."""
    return frozenset(_REACTIONS)


def _on(kind: str) -> Callable[[Reaction], Reaction]:
    def register(reaction: Reaction) -> Reaction:
        _REACTIONS[kind] = reaction
        return reaction

    return register


def _alone(command: Command, *, alone: bool, question: str, value_minor: int = 0) -> Commands:
    if alone:
        return (command,)
    return (AskPerson(question=question, prepared=command, value_minor=value_minor),)


@_on(kinds.ALARM_ACTIVE)
def _machine_went_down(event: Event, _view: View, _policy: Policy) -> Commands:
    about = event.about
    if about.get("effect") != MACHINE_DOWN:
        return ()
    return (
        TakeMachineOut(
            machine=about["asset"],
            since=parse_instant(about["at"]),
            repair_s=int(about.get("repair_s", 0)),
            reason=about.get("rule", ""),
        ),
    )


@_on(kinds.ALARM_INACTIVE)
def _machine_came_back(event: Event, _view: View, _policy: Policy) -> Commands:
    if event.about.get("effect") != MACHINE_DOWN:
        return ()
    back = BringMachineBack(machine=event.about["asset"], at=parse_instant(event.about["at"]))
    return (back,)


@_on(kinds.PROMISE_BROKEN)
def _promise_broken(event: Event, _view: View, _policy: Policy) -> Commands:
    about = event.about
    if not about.get("demand"):
        return ()
    possible = about.get("possible")
    return (
        TellPartner(
            deal=about["demand"],
            kept=Decimal(about["kept"]),
            missing=Decimal(about["missing"]),
            possible=parse_instant(possible) if possible else None,
            reason=about.get("reason", ""),
        ),
    )


@_on(kinds.WANTED)
def _something_wanted(event: Event, _view: View, _policy: Policy) -> Commands:
    about = event.about
    return (
        AskForQuotes(
            item=about["item"],
            wanted=Decimal(about["quantity"]),
            due=parse_instant(about["due"]),
            demand=about.get("demand", ""),
            without=tuple(about.get("without", ())),
            replaces=about.get("replaces", ""),
        ),
    )


@_on(kinds.RFQ_RECEIVED)
def _rfq_received(event: Event, _view: View, policy: Policy) -> Commands:
    answer = AnswerRfq(deal=event.about["deal"])
    return _alone(answer, alone=policy.quote_alone, question="quote")


@_on(kinds.ANSWER_RECEIVED)
def _answer_received(event: Event, view: View, _policy: Policy) -> Commands:
    facts = view.request(event.about["request"])
    complete = facts.answered >= facts.asked and not facts.chosen
    return (ChooseQuote(request=facts.request),) if complete else ()


@_on(kinds.WINDOW_CLOSED)
def _window_closed(event: Event, view: View, _policy: Policy) -> Commands:
    facts = view.request(event.about["request"])
    return () if facts.chosen else (ChooseQuote(request=facts.request),)


@_on(kinds.CHOSEN)
def _quote_chosen(event: Event, _view: View, policy: Policy) -> Commands:
    value = int(event.about["value_minor"])
    return _alone(
        Award(request=event.about["request"]),
        alone=value <= policy.award_alone_up_to_minor,
        question="award",
        value_minor=value,
    )


@_on(kinds.ORDER_RECEIVED)
def _order_received(event: Event, _view: View, policy: Policy) -> Commands:
    value = int(event.about["value_minor"])
    fits = bool(event.about.get("matches_quote"))
    return _alone(
        AcceptOrder(deal=event.about["deal"]),
        alone=fits and value <= policy.accept_alone_up_to_minor,
        question="accept",
        value_minor=value,
    )


@_on(kinds.ORDER_AGREED)
def _order_agreed(event: Event, view: View, _policy: Policy) -> Commands:
    facts = view.deal(event.about["deal"])
    if facts.side == "seller":
        return (PlanDeal(deal=facts.deal),)
    return (UpdateCustomer(demand=facts.demand),) if facts.demand else ()


@_on(kinds.CHANGE_RECEIVED)
def _change_received(event: Event, _view: View, policy: Policy) -> Commands:
    agree = AgreeChange(deal=event.about["deal"])
    return _alone(agree, alone=policy.agree_changes_alone, question="change")


@_on(kinds.CHANGE_AGREED)
def _change_agreed(event: Event, view: View, _policy: Policy) -> Commands:
    facts = view.deal(event.about["deal"])
    if facts.side == "seller":
        return (ReplanDeal(deal=facts.deal),)
    missing = Decimal(event.about["missing"])
    if missing <= 0:
        return (UpdateCustomer(demand=facts.demand),)
    ask = AskForQuotes(
        item=facts.item,
        wanted=missing,
        due=facts.due,
        demand=facts.demand,
        without=(facts.partner,),
        replaces=facts.deal,
    )
    return (ask,)


@_on(kinds.ANSWER)
def _person_answered(event: Event, _view: View, _policy: Policy) -> Commands:
    if not event.about.get("agreed"):
        return ()
    prepared: Command = msgspec.convert(event.about["prepared"], type=AnyCommand)
    return (prepared,)
