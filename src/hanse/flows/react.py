"""Event in, commands out: the loop's process managers, one small function a kind of event."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from hanse.flows import kinds
from hanse.flows.commands import (
    AnswerRfq,
    AnyCommand,
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
    Want,
)
from hanse.flows.policy import Policy
from hanse.flows.view import DemandFacts, View
from hanse.model.event import Event
from hanse.model.time import from_ns, parse_instant

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


def _alone(command: AnyCommand, *, alone: bool, question: str, value_minor: int = 0) -> Commands:
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
            since=from_ns(about["at_ns"]),
            repair_s=int(about.get("repair_s", 0)),
            reason=about.get("rule", ""),
        ),
    )


@_on(kinds.ALARM_INACTIVE)
def _machine_came_back(event: Event, _view: View, _policy: Policy) -> Commands:
    if event.about.get("effect") != MACHINE_DOWN:
        return ()
    return (BringMachineBack(machine=event.about["asset"], at=from_ns(event.about["at_ns"])),)


@_on(kinds.LIFE_SHORT)
def _life_is_short(event: Event, _view: View, _policy: Policy) -> Commands:
    """The loop acts before the failure, but a person says when a machine that runs is stopped."""
    about = event.about
    window = TakeMachineOut(
        machine=about["asset"],
        since=parse_instant(about["since"]),
        repair_s=int(about["repair_s"]),
        reason="maintenance before failure",
        planned=True,
    )
    return (AskPerson(question="maintenance", prepared=window),)


@_on(kinds.PROMISE_BROKEN)
def _promise_broken(event: Event, _view: View, policy: Policy) -> Commands:
    about = event.about
    if not about.get("demand"):
        return ()
    tell = TellPartner(
        sale=about["demand"],
        kept=Decimal(about["kept"]),
        missing=Decimal(about["missing"]),
        reason=about.get("reason", ""),
    )
    if not policy.ripple_alone or not event.cause:
        return (tell,)
    return (tell, StartRipple(repaired=event.cause))


@_on(kinds.SOMETHING_WANTED)
def _something_wanted(event: Event, _view: View, _policy: Policy) -> Commands:
    rows = event.about.get("lines") or (event.about,)
    wants = tuple(
        Want(
            item=row["item"],
            wanted=Decimal(row["quantity"]),
            due=parse_instant(row["due"]),
            demand=row["demand"],
        )
        for row in rows
    )
    return (AskForQuotes(wants=wants, without=tuple(event.about.get("without", ()))),)


@_on(kinds.REQUEST_RECEIVED)
def _request_received(event: Event, _view: View, policy: Policy) -> Commands:
    answer = AnswerRfq(buyer=event.about["buyer"], request=event.subject)
    return _alone(answer, alone=policy.quote_alone, question="quote")


@_on(kinds.OFFERED)
@_on(kinds.DECLINED)
def _answer_received(event: Event, view: View, _policy: Policy) -> Commands:
    facts = view.request(event.about["rfq"])
    complete = facts.answered >= facts.asked and not facts.chosen
    return (ChooseQuote(request=facts.request),) if complete else ()


@_on(kinds.WINDOW_CLOSED)
def _window_closed(event: Event, view: View, _policy: Policy) -> Commands:
    facts = view.request(event.about["request"])
    return () if facts.chosen else (ChooseQuote(request=facts.request),)


@_on(kinds.CHOSEN)
def _quote_chosen(event: Event, _view: View, policy: Policy) -> Commands:
    value = int(event.about["value_minor"])
    award = _alone(
        Award(request=event.about["request"]),
        alone=value <= policy.award_alone_up_to_minor,
        question="award",
        value_minor=value,
    )
    return (*award, RefreshRipples(request=event.about["request"]))


@_on(kinds.DISTURBED)
def _partner_is_disturbed(event: Event, _view: View, policy: Policy) -> Commands:
    part = TakePart(partner=event.about["partner"])
    return _alone(part, alone=policy.ripple_alone, question="ripple")


@_on(kinds.RIPPLED)
def _answer_to_disturbance(event: Event, _view: View, _policy: Policy) -> Commands:
    return (HearAnswer(partner=event.about["partner"]),)


@_on(kinds.PROPOSED)
def _partner_proposed(event: Event, _view: View, policy: Policy) -> Commands:
    sign = Countersign(partner=event.about["partner"], order=event.subject)
    alone = event.about["document_kind"] == "order_change" and policy.agree_changes_alone
    return _alone(sign, alone=alone, question=event.about["document_kind"])


@_on(kinds.ORDERED)
def _order_agreed(event: Event, view: View, _policy: Policy) -> Commands:
    partner, order = event.about["partner"], event.subject
    if event.about["by"] == partner:
        return (PlanSale(partner=partner, order=order),)
    close = CloseRequest(partner=partner, order=order)
    return (*_updates(view.demands_of(partner, order)), close)


def _updates(found: Iterable[DemandFacts]) -> Commands:
    """One word to each customer, though several lines be bought for it."""
    each = {facts.customer or facts.demand: facts for facts in reversed(tuple(found))}
    return tuple(UpdateCustomer(demand=facts.demand) for facts in reversed(each.values()))


@_on(kinds.HELD)
def _award_is_held(event: Event, _view: View, _policy: Policy) -> Commands:
    about = event.about
    return (KeepPlace(buyer=about["buyer"], rfq=about["rfq"]),) if about.get("moved") else ()


@_on(kinds.DISPLACED)
def _award_taken_back(event: Event, view: View, policy: Policy) -> Commands:
    """Our own award: the next best, the same firm at a higher premium among them."""
    if not event.about.get("bought"):
        return _settled_without_us(event, view, policy)
    facts = view.request(event.about["rfq"])
    return (ChooseQuote(request=facts.request, again=True),) if facts.alone else ()


@_on(kinds.TURNED_DOWN)
def _order_refused(event: Event, view: View, _policy: Policy) -> Commands:
    about = event.about
    ordered = about.get("document_kind") == "order"
    request = view.request_of(about["partner"], event.subject) if ordered else None
    if request is None or not view.request(request).alone:
        return ()
    return (ChooseQuote(request=request, again=True),)


@_on(kinds.BIDDING_OVER)
def _bidding_is_over(event: Event, _view: View, _policy: Policy) -> Commands:
    return (OrderHeld(request=event.about["request"]),)


@_on(kinds.GAVE_WAY)
@_on(kinds.SPARED)
@_on(kinds.REQUEST_CLOSED)
def _settled_without_us(event: Event, _view: View, _policy: Policy) -> Commands:
    held = tuple(event.about.get("reservations", ()))
    return (ReleaseHolds(holds=held),) if held else ()


@_on(kinds.ORDER_COMPLETED)
def _work_is_done(event: Event, _view: View, policy: Policy) -> Commands:
    about = event.about
    if not about.get("demand") or Decimal(about["quantity"]) <= 0:
        return ()
    goods = Despatch(sale=about["demand"], quantity=Decimal(about["quantity"]))
    return _alone(goods, alone=policy.despatch_alone, question="despatch")


@_on(kinds.DESPATCHED)
def _goods_went_out(event: Event, view: View, _policy: Policy) -> Commands:
    if event.about["by"] != view.me:
        return ()
    return (BookStock(partner=event.about["partner"], order=event.subject),)


@_on(kinds.RECEIVED)
def _goods_were_received(event: Event, view: View, policy: Policy) -> Commands:
    partner = event.about["partner"]
    if event.about["by"] == view.me:
        return (BookStock(partner=partner, order=event.subject),)
    bill = SendInvoice(partner=partner, order=event.subject)
    return _alone(bill, alone=policy.invoice_alone, question="invoice")


@_on(kinds.CANCELLED)
@_on(kinds.CHANGED)
def _change_agreed(event: Event, view: View, _policy: Policy) -> Commands:
    partner, order = event.about["partner"], event.subject
    bought = view.demands_of(partner, order)
    if not bought:
        return (ReplanSale(partner=partner, order=order),)
    rows = event.about.get("document", {}).get("orderLine", ())
    named = {row["id"] for row in rows}
    hit = [facts for facts in bought if not named or facts.line in named]
    short = [facts for facts in hit if facts.missing > 0]
    kept = _updates(facts for facts in hit if facts.missing <= 0)
    if not short:
        return kept
    wants = tuple(
        Want(item=facts.item, wanted=facts.missing, due=facts.due, demand=facts.demand)
        for facts in short
    )
    return (AskForQuotes(wants=wants, without=(partner,), replaces=order), *kept)


@_on(kinds.ANSWER)
def _person_answered(event: Event, _view: View, _policy: Policy) -> Commands:
    if not event.about.get("agreed"):
        return ()
    prepared: AnyCommand = msgspec.convert(event.about["prepared"], type=AnyCommand)
    return (prepared,)
