"""What one factor found, the next one acts on; what the policy does not allow is asked."""

import datetime as dt
from decimal import Decimal

import msgspec
import pytest

from hanse.flows import kinds
from hanse.flows.commands import (
    AgreeChange,
    AskForQuotes,
    AskPerson,
    Award,
    ChooseQuote,
    PlanDeal,
    ReplanDeal,
    TakeMachineOut,
    TellPartner,
    UpdateCustomer,
)
from hanse.flows.policy import Policy
from hanse.flows.react import react, reacts_to
from hanse.flows.view import DealFacts, RequestFacts
from hanse.model.errors import NotFound
from hanse.model.event import Event
from hanse.model.text import Text

AT = dt.datetime(2026, 1, 5, 6, tzinfo=dt.UTC)
FREE = Policy(award_alone_up_to_minor=100_000, accept_alone_up_to_minor=100_000)


def event(kind, **about):
    return Event(id="e1", at=AT, kind=kind, subject="s", text=Text("", ""), loop="l", about=about)


class Facts:
    def __init__(self, *known):
        self.known = {getattr(k, "deal", None) or k.request: k for k in known}

    def deal(self, deal):
        if deal not in self.known:
            raise NotFound("no such deal", subject=deal)
        return self.known[deal]

    request = deal


def deal(side="buyer", **more):
    return DealFacts(
        deal="d1", side=side, partner="did:key:zA", item="SHAFT", quantity=Decimal(120), due=AT,
        demand="CO-1", **more,
    )  # fmt: skip


def request(answered, asked=2, *, chosen=False):
    return RequestFacts(request="r1", asked=asked, answered=answered, offered=1, chosen=chosen)


def test_an_alarm_that_takes_a_machine_down_takes_its_capacity_out():
    alarm = event(
        kinds.ALARM_ACTIVE, asset="M1", rule="aborted", effect="machine_down",
        at="2026-01-05T06:00:00Z", repair_s=3600,
    )  # fmt: skip
    assert react(alarm, Facts(), FREE) == (
        TakeMachineOut(machine="M1", since=AT, repair_s=3600, reason="aborted"),
    )


def test_a_warning_moves_nothing():
    assert react(event(kinds.ALARM_ACTIVE, asset="M1", effect=""), Facts(), FREE) == ()


def test_a_broken_promise_is_told_to_the_partner_it_was_given_to():
    broken = event(kinds.PROMISE_BROKEN, order="W1", demand="d1", kept="70", missing="50")
    (told,) = react(broken, Facts(), FREE)
    assert isinstance(told, TellPartner)
    assert (told.kept, told.missing) == (70, 50)
    own_stock = event(kinds.PROMISE_BROKEN, order="W1", demand="", kept="70", missing="50")
    assert react(own_stock, Facts(), FREE) == ()


def test_what_a_supplier_cannot_keep_is_asked_for_elsewhere():
    agreed = event(kinds.CHANGE_AGREED, deal="d1", kept="70", missing="50")
    (ask,) = react(agreed, Facts(deal()), FREE)
    assert isinstance(ask, AskForQuotes)
    assert (ask.wanted, ask.without, ask.demand) == (50, ("did:key:zA",), "CO-1")
    assert react(agreed, Facts(deal("seller")), FREE) == (ReplanDeal(deal="d1"),)


def test_quotes_are_compared_when_all_have_answered_or_the_window_closes_and_only_once():
    answer = event(kinds.ANSWER_RECEIVED, request="r1")
    assert react(answer, Facts(request(1)), FREE) == ()
    assert react(answer, Facts(request(2)), FREE) == (ChooseQuote(request="r1"),)
    assert react(answer, Facts(request(2, chosen=True)), FREE) == ()
    closed = event(kinds.WINDOW_CLOSED, request="r1")
    assert react(closed, Facts(request(1)), FREE) == (ChooseQuote(request="r1"),)
    assert react(closed, Facts(request(1, chosen=True)), FREE) == ()


@pytest.mark.parametrize(("value", "asked"), [(100_000, False), (100_001, True)])
def test_money_above_the_limit_is_asked_of_a_person(value, asked):
    (command,) = react(event(kinds.CHOSEN, request="r1", value_minor=value), Facts(), FREE)
    assert isinstance(command, AskPerson) == asked
    if asked:
        assert command.prepared == Award(request="r1")


def test_what_a_person_agreed_to_is_done_as_prepared():
    prepared = msgspec.to_builtins(Award(request="r1"))
    yes = event(kinds.ANSWER, agreed=True, prepared=prepared)
    assert react(yes, Facts(), FREE) == (Award(request="r1"),)
    assert react(event(kinds.ANSWER, agreed=False, prepared=prepared), Facts(), FREE) == ()


def test_an_order_agreed_is_planned_by_the_seller_and_promised_on_by_the_buyer():
    agreed = event(kinds.ORDER_AGREED, deal="d1")
    assert react(agreed, Facts(deal("seller")), FREE) == (PlanDeal(deal="d1"),)
    assert react(agreed, Facts(deal()), FREE) == (UpdateCustomer(demand="CO-1"),)


def test_a_change_waits_for_a_person_where_the_policy_says_so():
    careful = msgspec.structs.replace(FREE, agree_changes_alone=False)
    change = event(kinds.CHANGE_RECEIVED, deal="d1")
    assert react(change, Facts(), FREE) == (AgreeChange(deal="d1"),)
    (question,) = react(change, Facts(), careful)
    assert question.prepared == AgreeChange(deal="d1")


def test_an_event_nobody_waits_for_leads_to_nothing():
    assert react(event("links.something_else"), Facts(), FREE) == ()
    assert kinds.PROMISE_BROKEN in reacts_to()
