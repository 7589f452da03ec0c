"""After a start nothing is signed before heads were exchanged, and nothing is lost meanwhile."""

import copy
from decimal import Decimal

from tests.unit.match.market import Market, buyer_and_seller, quotation, rfq

from hanse.match import Policy
from hanse.match.ledger.audit import audit
from hanse.model import trade


def chain_of(house, other):
    return house.shelf.chains[house.desk().books.ledger(other.did).chain.id]


def start(market, *houses):
    for house in houses:
        market.act(house, lambda d: d.start(market.ctx()))


def order_from(market, buyer, seller, count="120"):
    return market.act(
        buyer, lambda d: d.order("RFQ-1", seller.did, {"1": Decimal(count)}, ctx=market.ctx())
    )


def quoted(market, buyer, seller):
    market.introduce(buyer, seller)
    market.act(buyer, lambda d: d.ask(rfq(buyer), (seller.did,), market.ctx()))
    market.run()
    market.act(seller, lambda d: d.quote(buyer.did, quotation(seller), market.ctx()))
    market.run()


def test_a_ledger_opens_though_both_start_before_a_letter_is_out():
    buyer, seller = buyer_and_seller()
    market = Market(buyer, seller)
    market.act(buyer, lambda d: d.add_peer(seller.card, mine=buyer.card, ctx=market.ctx()))
    market.act(seller, lambda d: d.add_peer(buyer.card, mine=seller.card, ctx=market.ctx()))
    start(market, buyer, seller)
    market.run()
    assert [len(chain_of(*pair)) for pair in ((buyer, seller), (seller, buyer))] == [1, 1]
    for house, other in ((buyer, seller), (seller, buyer)):
        assert house.desk().books.ledger(other.did).synced


def test_an_order_that_comes_before_heads_is_signed_once_they_were_exchanged():
    buyer, seller = buyer_and_seller()
    market = Market(buyer, seller)
    quoted(market, buyer, seller)
    order = order_from(market, buyer, seller)
    start(market, seller)
    market.run()
    assert seller.desk().contract(buyer.did, order.id) is not None
    assert chain_of(buyer, seller) == chain_of(seller, buyer)


def test_an_order_that_waited_for_heads_is_told_in_its_own_loop():
    buyer, seller = buyer_and_seller()
    market = Market(buyer, seller)
    quoted(market, buyer, seller)
    market.act(buyer, lambda d: d.start(market.ctx(loop="")))
    order_from(market, buyer, seller)
    market.run()
    assert [e.loop for e in seller.events if e.kind == "match.ordered"] == ["loop-1"]


def test_a_person_is_asked_once_about_a_proposal_that_was_waiting_when_the_node_started():
    buyer, seller = buyer_and_seller()
    seller.policy = Policy(accept_order_max=Decimal(0))
    market = Market(buyer, seller)
    quoted(market, buyer, seller)
    order_from(market, buyer, seller)
    market.run()
    start(market, seller, buyer)
    market.run()
    assert seller.kinds().count("match.proposed") == 1
    market.act(seller, lambda d: d.accept(buyer.did, market.ctx()))
    market.run()
    assert chain_of(buyer, seller) == chain_of(seller, buyer)


def dispute(number, order, at):
    return trade.Dispute(
        id=number,
        issue_date_time=at,
        order_reference=trade.DocumentReference(id=order),
        reason=trade.Reason(code="QUALITY"),
    )


def test_a_firm_restored_from_an_old_backup_takes_over_what_it_signed_and_does_not_fork():
    buyer, seller = buyer_and_seller()
    market = Market(buyer, seller)
    quoted(market, buyer, seller)
    backup = copy.deepcopy(seller.shelf)
    order = order_from(market, buyer, seller)
    market.run()
    word = dispute("D-1", order.id, market.at)
    market.act(seller, lambda d: d.state(buyer.did, word, market.ctx()))
    market.run()
    signed = list(chain_of(seller, buyer))

    seller.shelf = backup
    start(market, seller)
    market.run()
    assert chain_of(seller, buyer) == signed == chain_of(buyer, seller)
    assert seller.desk().contract(buyer.did, order.id) == buyer.desk().contract(
        seller.did, order.id
    )
    more = dispute("D-2", order.id, market.at)
    market.act(seller, lambda d: d.state(buyer.did, more, market.ctx()))
    market.run()
    assert chain_of(seller, buyer) == chain_of(buyer, seller)
    assert audit(chain_of(buyer, seller)).ok
    assert "match.forked" not in buyer.kinds() + seller.kinds()


def test_a_firm_restored_while_its_own_order_was_open_goes_on_with_that_order():
    buyer, seller = buyer_and_seller()
    seller.policy = Policy(accept_order_max=Decimal(0))
    market = Market(buyer, seller)
    quoted(market, buyer, seller)
    backup = copy.deepcopy(buyer.shelf)
    order = order_from(market, buyer, seller)
    market.run()
    buyer.shelf = backup
    start(market, buyer)
    market.run()
    market.act(seller, lambda d: d.accept(buyer.did, market.ctx()))
    market.run()
    assert buyer.desk().contract(seller.did, order.id) is not None
    assert chain_of(buyer, seller) == chain_of(seller, buyer)
