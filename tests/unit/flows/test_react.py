"""What one factor found, the next one acts on; what the policy does not allow is asked."""

import datetime as dt
from decimal import Decimal

import msgspec
import pytest

from hanse.flows import kinds
from hanse.flows.commands import (
    AskForQuotes,
    AskPerson,
    Award,
    ChooseQuote,
    CloseRequest,
    Countersign,
    KeepPlace,
    OrderHeld,
    PlanSale,
    ReleaseHolds,
    ReplanSale,
    TakeMachineOut,
    TellPartner,
    UpdateCustomer,
)
from hanse.flows.policy import Policy
from hanse.flows.react import react, reacts_to
from hanse.flows.view import DemandFacts, RequestFacts
from hanse.model.errors import NotFound
from hanse.model.event import Event
from hanse.model.text import Text
from hanse.model.time import to_ns

AT = dt.datetime(2026, 1, 5, 6, tzinfo=dt.UTC)
FREE = Policy(award_alone_up_to_minor=100_000, accept_alone_up_to_minor=100_000)


def event(kind, subject="s", **about):
    return Event(
        id="e1", at=AT, kind=kind, subject=subject, text=Text("", ""), loop="l", about=about
    )


class Facts:
    me = "did:key:zMe"

    def __init__(self, request=None, demand=None, demands=()):
        self._request, self._demands = request, demands or ((demand,) if demand else ())

    def request(self, request):
        if self._request is None or self._request.request != request:
            raise NotFound("no such request", subject=request)
        return self._request

    def request_of(self, partner, order):
        return self._request.request if self._request else None

    def demands_of(self, partner, order):
        return self._demands


def demand(missing):
    return DemandFacts(demand="D1", item="SHAFT", due=AT, missing=Decimal(missing))


def request(answered, asked=2, *, chosen=False):
    return RequestFacts(request="r1", asked=asked, answered=answered, chosen=chosen)


def test_an_alarm_that_takes_a_machine_down_takes_its_capacity_out():
    alarm = event(
        kinds.ALARM_ACTIVE,
        asset="M1",
        rule="aborted",
        effect="machine_down",
        at_ns=to_ns(AT),
        repair_s=3600,
    )
    assert react(alarm, Facts(), FREE) == (
        TakeMachineOut(machine="M1", since=AT, repair_s=3600, reason="aborted"),
    )


def test_a_warning_moves_nothing():
    assert react(event(kinds.ALARM_ACTIVE, asset="M1", effect=""), Facts(), FREE) == ()


def test_a_broken_promise_is_told_to_the_partner_it_was_given_to():
    broken = event(kinds.PROMISE_BROKEN, order="W1", demand="s1", kept="70", missing="50")
    (told,) = react(broken, Facts(), FREE)
    assert isinstance(told, TellPartner)
    assert (told.sale, told.kept, told.missing) == ("s1", 70, 50)
    own_stock = event(kinds.PROMISE_BROKEN, order="W1", demand="", kept="70", missing="50")
    assert react(own_stock, Facts(), FREE) == ()


def test_what_a_supplier_cannot_keep_is_asked_for_elsewhere():
    agreed = event(kinds.CHANGED, subject="o1", partner="did:key:zA", by="did:key:zA")
    (ask,) = react(agreed, Facts(demand=demand(50)), FREE)
    assert isinstance(ask, AskForQuotes)
    (want,) = ask.wants
    assert (want.wanted, ask.without, want.demand) == (50, ("did:key:zA",), "D1")
    assert react(agreed, Facts(demand=demand(0)), FREE) == (UpdateCustomer(demand="D1"),)


def test_only_the_lines_a_change_names_are_asked_for_anew_and_their_customers_told():
    kept = DemandFacts(demand="D2", line="2", item="GEAR", due=AT, missing=Decimal(0))
    other = DemandFacts(demand="D3", line="3", item="NUT", due=AT, missing=Decimal(9))
    bought = (demand(50), kept, other)
    document = {"orderLine": [{"id": "1"}, {"id": "2"}]}
    agreed = event(kinds.CHANGED, subject="o1", partner="did:key:zA", document=document)
    ask, told = react(agreed, Facts(demands=bought), FREE)
    assert [want.demand for want in ask.wants] == ["D1"]
    assert told == UpdateCustomer(demand="D2")


def test_lines_that_are_bought_for_one_customer_give_one_word():
    row = {"item": "SHAFT", "due": AT, "missing": Decimal(0), "customer": "C1"}
    lines = tuple(DemandFacts(demand=f"D{n}", line=str(n), **row) for n in (1, 2))
    bought = event(kinds.ORDERED, subject="o1", partner="did:key:zA", by="did:key:zMe")
    assert react(bought, Facts(demands=lines), FREE)[:-1] == (UpdateCustomer(demand="D1"),)


def test_what_is_wanted_together_is_asked_for_in_one_request():
    row = {"item": "SHAFT", "quantity": "4", "due": "2026-01-09T06:00:00Z", "demand": "D1"}
    wanted = event(kinds.SOMETHING_WANTED, **row, lines=[row, row | {"demand": "D2"}])
    (ask,) = react(wanted, Facts(), FREE)
    assert [want.demand for want in ask.wants] == ["D1", "D2"]
    (alone,) = react(event(kinds.SOMETHING_WANTED, **row), Facts(), FREE)
    assert [want.demand for want in alone.wants] == ["D1"]


def test_an_agreed_change_of_a_sale_changes_the_plan():
    agreed = event(kinds.CHANGED, subject="o1", partner="did:key:zA", by="did:key:zMe")
    assert react(agreed, Facts(), FREE) == (ReplanSale(partner="did:key:zA", order="o1"),)


@pytest.mark.parametrize("kind", [kinds.OFFERED, kinds.DECLINED])
def test_quotes_are_compared_when_all_have_answered_and_only_once(kind):
    answer = event(kind, rfq="r1")
    assert react(answer, Facts(request(1)), FREE) == ()
    assert react(answer, Facts(request(2)), FREE) == (ChooseQuote(request="r1"),)
    assert react(answer, Facts(request(2, chosen=True)), FREE) == ()


def test_when_the_window_closes_those_who_answered_are_compared():
    closed = event(kinds.WINDOW_CLOSED, request="r1")
    assert react(closed, Facts(request(1)), FREE) == (ChooseQuote(request="r1"),)
    assert react(closed, Facts(request(1, chosen=True)), FREE) == ()


@pytest.mark.parametrize(("value", "asked"), [(100_000, False), (100_001, True)])
def test_money_above_the_limit_is_asked_of_a_person(value, asked):
    (command, _) = react(event(kinds.CHOSEN, request="r1", value_minor=value), Facts(), FREE)
    assert isinstance(command, AskPerson) == asked
    if asked:
        assert command.prepared == Award(request="r1")


def test_what_a_person_agreed_to_is_done_as_prepared():
    prepared = msgspec.to_builtins(Award(request="r1"))
    yes = event(kinds.ANSWER, agreed=True, prepared=prepared)
    assert react(yes, Facts(), FREE) == (Award(request="r1"),)
    assert react(event(kinds.ANSWER, agreed=False, prepared=prepared), Facts(), FREE) == ()


def test_an_order_agreed_is_planned_by_the_seller_and_promised_on_by_the_buyer():
    bought = event(kinds.ORDERED, subject="o1", partner="did:key:zA", by="did:key:zMe")
    close = CloseRequest(partner="did:key:zA", order="o1")
    assert react(bought, Facts(demand=demand(0)), FREE) == (UpdateCustomer(demand="D1"), close)
    assert react(bought, Facts(), FREE) == (close,)
    sold = event(kinds.ORDERED, subject="o1", partner="did:key:zA", by="did:key:zA")
    assert react(sold, Facts(), FREE) == (PlanSale(partner="did:key:zA", order="o1"),)


def test_a_change_waits_for_a_person_where_the_policy_says_so():
    careful = msgspec.structs.replace(FREE, agree_changes_alone=False)
    change = event(kinds.PROPOSED, subject="o1", partner="did:key:zA", document_kind="order_change")
    sign = Countersign(partner="did:key:zA", order="o1")
    assert react(change, Facts(), FREE) == (sign,)
    (question,) = react(change, Facts(), careful)
    assert question.prepared == sign


def test_an_order_the_desk_would_not_sign_alone_is_asked_of_a_person():
    order = event(kinds.PROPOSED, subject="o1", partner="did:key:zA", document_kind="order")
    (question,) = react(order, Facts(), FREE)
    assert isinstance(question, AskPerson)


def test_an_event_nobody_waits_for_leads_to_nothing():
    assert react(event("links.something_else"), Facts(), FREE) == ()
    assert kinds.PROMISE_BROKEN in reacts_to()


def test_an_award_taken_back_is_placed_again_where_the_node_awards_alone():
    said = {"partner": "did:key:zA", "rfq": "R", "bought": True}
    for alone, expected in ((True, (ChooseQuote(request="R", again=True),)), (False, ())):
        facts = RequestFacts(request="R", asked=2, answered=2, chosen=True, alone=alone)
        assert react(event(kinds.DISPLACED, **said), Facts(facts), FREE) == expected
        refused = event(kinds.TURNED_DOWN, partner="did:key:zA", document_kind="order", why="late")
        assert react(refused, Facts(facts), FREE) == expected
    ours = event(kinds.DISPLACED, partner="did:key:zB", rfq="R", reservations=["h1"])
    assert react(ours, Facts(), FREE) == (ReleaseHolds(holds=("h1",)),)


def test_a_place_that_went_to_another_is_planned_for_it_and_bidding_ends_in_orders():
    held = {"buyer": "did:key:zB", "rfq": "R"}
    keep = KeepPlace(buyer="did:key:zB", rfq="R")
    assert react(event(kinds.HELD, **held, moved=True), Facts(), FREE) == (keep,)
    assert react(event(kinds.HELD, **held, moved=False), Facts(), FREE) == ()
    over = event(kinds.BIDDING_OVER, request="R")
    assert react(over, Facts(), FREE) == (OrderHeld(request="R"),)


def test_what_was_held_for_a_quote_not_taken_is_free_again():
    closed = event(kinds.REQUEST_CLOSED, buyer="did:key:zB", reservations=["h1"])
    assert react(closed, Facts(), FREE) == (ReleaseHolds(holds=("h1",)),)
    assert react(event(kinds.REQUEST_CLOSED, reservations=[]), Facts(), FREE) == ()


def test_a_broken_promise_and_a_partners_disturbance_go_on_unless_a_person_wants_to_say():
    about = {"demand": "S-1", "kept": "7", "missing": "5", "possible": "x"}
    broken = msgspec.structs.replace(event(kinds.PROMISE_BROKEN, **about), cause="e-0")
    disturbed = event(kinds.DISTURBED, partner="did:key:z6Mk")
    asks = msgspec.structs.replace(FREE, ripple_alone=False)
    named = lambda e, policy: [type(c).__name__ for c in react(e, Facts(), policy)]  # noqa: E731
    assert named(broken, FREE) == ["TellPartner", "StartRipple"]
    assert named(broken, asks) == ["TellPartner"]
    assert named(disturbed, FREE) == ["TakePart"]
    (question,) = react(disturbed, Facts(), asks)
    assert question.question == "ripple"
