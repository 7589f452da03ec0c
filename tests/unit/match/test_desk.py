"""Two firms deal: ask, quote, award, order, change, deliver, pay; both books agree."""

from decimal import Decimal

import pytest
from tests.unit.match.market import (
    DAY,
    HOUR,
    START,
    House,
    Market,
    buyer_and_seller,
    ordered,
    quotation,
    quotation_line,
    rfq,
)

from hanse.match import Policy, verify_file
from hanse.match.contract import Cancelled, Closed, Running
from hanse.match.enquiry import Dropped, Held, Placed
from hanse.match.ledger.audit import audit, to_line
from hanse.match.offer import Passed, Sold
from hanse.model import trade
from hanse.model.errors import Conflict


@pytest.fixture
def trade_of_two():
    buyer, seller = buyer_and_seller()
    return Market(buyer, seller), buyer, seller


def chain(house, partner):
    return house.shelf.chains[house.desk().books.ledger(partner.did).chain.id]


def change(order, count="80", at=START + 6 * DAY):
    return trade.OrderChange(
        id="C-1",
        issue_date_time=START,
        order_reference=trade.DocumentReference(id=order),
        order_line=(
            trade.ChangedLine(
                id="1",
                quantity=trade.Measure(value=count),
                price=trade.Price(price_amount="12.40"),
                requested_delivery=(trade.Delivery(quantity=count, date_time=at),),
            ),
        ),
        reason=trade.Reason(code="MACHINE_DOWN"),
    )


def test_an_order_is_asked_quoted_and_signed_by_both(trade_of_two):
    market, buyer, seller = trade_of_two
    number = ordered(market, buyer, seller)
    for house, partner in ((buyer, seller), (seller, buyer)):
        contract = house.desk().contract(partner.did, number)
        assert isinstance(contract, Running)
        assert contract.terms.lines["1"].quantity == 120
        assert "match.ordered" in house.kinds()
    assert chain(buyer, seller) == chain(seller, buyer)
    assert isinstance(buyer.desk().books.enquiry("RFQ-1").talks[seller.did], Placed)
    assert isinstance(seller.desk().books.offer(buyer.did, "RFQ-1").state, Sold)


def test_every_step_carries_the_loop_it_belongs_to(trade_of_two):
    market, buyer, seller = trade_of_two
    ordered(market, buyer, seller)
    assert {e.loop for e in buyer.events + seller.events} == {"loop-1"}
    signed = [e for e in seller.events if e.kind == "match.ordered"]
    assert all(e.cause for e in signed)


def test_the_export_verifies_with_nothing_but_the_file(trade_of_two, tmp_path):
    market, buyer, seller = trade_of_two
    ordered(market, buyer, seller)
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"".join(to_line(s) for s in chain(buyer, seller)))
    found = verify_file(path)
    assert found.ok
    assert found.entries == 2
    assert set(found.parties) == {buyer.did, seller.did}


def test_an_award_is_held_and_then_ordered(trade_of_two):
    market, buyer, seller = trade_of_two
    market.introduce(buyer, seller)
    market.act(buyer, lambda d: d.ask(rfq(buyer), (seller.did,), market.ctx()))
    market.run()
    market.act(seller, lambda d: d.quote(buyer.did, quotation(seller), market.ctx()))
    market.run()
    market.act(
        buyer,
        lambda d: d.award(
            "RFQ-1", seller.did, {"1": Decimal(120)}, closing=START + HOUR, ctx=market.ctx()
        ),
    )
    market.run()
    assert isinstance(buyer.desk().books.enquiry("RFQ-1").talks[seller.did], Held)
    market.act(buyer, lambda d: d.order("RFQ-1", seller.did, {"1": Decimal(120)}, ctx=market.ctx()))
    market.run()
    assert isinstance(buyer.desk().books.enquiry("RFQ-1").talks[seller.did], Placed)


def test_a_displaced_award_leaves_the_buyer_free_to_ask_on(trade_of_two):
    market, buyer, seller = trade_of_two
    market.introduce(buyer, seller)
    market.act(buyer, lambda d: d.ask(rfq(buyer), (seller.did,), market.ctx()))
    market.run()
    market.act(seller, lambda d: d.quote(buyer.did, quotation(seller), market.ctx()))
    market.run()
    market.act(
        buyer,
        lambda d: d.award(
            "RFQ-1", seller.did, {"1": Decimal(120)}, closing=START + HOUR, ctx=market.ctx()
        ),
    )
    market.run()
    why = trade.Reason(code="BETTER_PRICE")
    market.act(seller, lambda d: d.displace(buyer.did, "RFQ-1", why, market.ctx()))
    market.run()
    assert isinstance(buyer.desk().books.enquiry("RFQ-1").talks[seller.did], Dropped)
    assert "match.displaced" in buyer.kinds()


def test_a_request_that_was_settled_elsewhere_frees_what_the_seller_held(trade_of_two):
    market, buyer, seller = trade_of_two
    market.introduce(buyer, seller)
    market.act(buyer, lambda d: d.ask(rfq(buyer), (seller.did,), market.ctx()))
    market.run()
    market.act(seller, lambda d: d.quote(buyer.did, quotation(seller), market.ctx()))
    market.run()
    market.act(buyer, lambda d: d.close("RFQ-1", trade.Reason(code="SETTLED"), market.ctx()))
    market.run()
    assert isinstance(seller.desk().books.offer(buyer.did, "RFQ-1").state, Passed)
    (event,) = [e for e in seller.events if e.kind == "match.closed"]
    held = [line.promise_basis.reservation_id for line in quotation(seller).quotation_line]
    assert event.about["reservations"] == [h for h in held if h]


def test_a_change_counts_once_both_signed_it(trade_of_two):
    market, buyer, seller = trade_of_two
    number = ordered(market, buyer, seller)
    market.act(seller, lambda d: d.change(buyer.did, change(number), market.ctx()))
    market.run()
    assert buyer.desk().contract(seller.did, number).terms.lines["1"].quantity == 120
    assert buyer.desk().waiting(seller.did)[0] == "order_change"
    market.act(buyer, lambda d: d.accept(seller.did, market.ctx()))
    market.run()
    for house, partner in ((buyer, seller), (seller, buyer)):
        line = house.desk().contract(partner.did, number).terms.lines["1"]
        assert line.quantity == 80
        assert line.deliveries[0].date_time == START + 6 * DAY
    assert chain(buyer, seller) == chain(seller, buyer)


def test_a_refused_change_changes_nothing_and_the_trade_goes_on(trade_of_two):
    market, buyer, seller = trade_of_two
    number = ordered(market, buyer, seller)
    for proposer, decider in ((seller, buyer), (buyer, seller)):
        market.act(proposer, lambda d, p=decider: d.change(p.did, change(number), market.ctx()))
        market.run()
        market.act(decider, lambda d, p=proposer: d.refuse(p.did, "too late", market.ctx()))
        market.run()
        assert "match.turned_down" in proposer.kinds()
    market.act(buyer, lambda d: d.change(seller.did, change(number), market.ctx()))
    market.run()
    market.act(seller, lambda d: d.accept(buyer.did, market.ctx()))
    market.run()
    assert seller.desk().contract(buyer.did, number).terms.lines["1"].quantity == 80
    assert audit(chain(buyer, seller)).ok
    assert chain(buyer, seller) == chain(seller, buyer)


def test_both_propose_at_once_and_both_proposals_stand_in_the_end(trade_of_two):
    market, buyer, seller = trade_of_two
    number = ordered(market, buyer, seller)
    market.act(
        buyer,
        lambda d: d.state(seller.did, dispute(number, "D-b"), market.ctx()),
    )
    market.act(
        seller,
        lambda d: d.state(buyer.did, dispute(number, "D-s"), market.ctx()),
    )
    market.run()
    assert chain(buyer, seller) == chain(seller, buyer)
    documents = buyer.desk().contract(seller.did, number).terms.documents
    assert {"D-b", "D-s"} <= set(documents)


def dispute(order, number):
    return trade.Dispute(
        id=number,
        issue_date_time=START,
        order_reference=trade.DocumentReference(id=order),
        reason=trade.Reason(code="QUALITY"),
    )


def test_an_order_over_the_limit_waits_for_a_person(trade_of_two):
    market, buyer, seller = trade_of_two
    seller.policy = Policy(accept_order_max=Decimal(100))
    number = ordered(market, buyer, seller)
    assert seller.desk().contract(buyer.did, number) is None
    assert "match.proposed" in seller.kinds()
    market.act(seller, lambda d: d.accept(buyer.did, market.ctx()))
    market.run()
    assert isinstance(buyer.desk().contract(seller.did, number), Running)


def test_a_whole_trade_from_despatch_to_payment_closes(trade_of_two):
    market, buyer, seller = trade_of_two
    number = ordered(market, buyer, seller)
    ref = trade.DocumentReference(id=number)
    full = trade.Measure(value="120")
    say = [
        (seller, buyer, trade.DespatchAdvice(
            id="DN-1", issue_date_time=START, order_reference=ref,
            despatch_line=(trade.DespatchLine(id="1", order_line_id="1", delivered_quantity=full),),
        )),
        (buyer, seller, trade.ReceiptAdvice(
            id="RA-1", issue_date_time=START, order_reference=ref,
            receipt_line=(trade.ReceiptLine(id="1", order_line_id="1", received_quantity=full),),
        )),
        (seller, buyer, trade.Invoice(
            id="I-1", issue_date_time=START, due_date_time=START + 30 * DAY, order_reference=ref,
            document_currency_code="EUR",
            invoice_line=(trade.InvoiceLine(
                id="1", order_line_id="1", invoiced_quantity=full,
                price=trade.Price(price_amount="12.40"), line_extension_amount="1488.00",
                item_name="Shaft",
            ),),
            legal_monetary_total=trade.MonetaryTotal(
                line_extension_amount="1488.00", tax_exclusive_amount="1488.00",
                tax_inclusive_amount="1488.00", payable_amount="1488.00",
            ),
        )),
        (buyer, seller, trade.RemittanceAdvice(
            id="P-1", issue_date_time=START, order_reference=ref,
            invoice_reference=trade.DocumentReference(id="I-1"), paid_amount="1488.00",
        )),
    ]  # fmt: skip
    for by, to, document in say:
        market.act(by, lambda d, t=to, x=document: d.state(t.did, x, market.ctx()))
        market.run()
    assert isinstance(buyer.desk().contract(seller.did, number), Closed)
    assert isinstance(seller.desk().contract(buyer.did, number), Closed)


def test_a_cancellation_signed_by_both_ends_the_order_with_its_fee(trade_of_two):
    market, buyer, seller = trade_of_two
    number = ordered(market, buyer, seller)
    end = trade.OrderCancellation(
        id="X-1",
        issue_date_time=START,
        order_reference=trade.DocumentReference(id=number),
        cancellation_note="no longer needed",
        fee_amount="100.00",
    )
    market.act(buyer, lambda d: d.cancel(seller.did, end, market.ctx()))
    market.run()
    market.act(seller, lambda d: d.accept(buyer.did, market.ctx()))
    market.run()
    assert isinstance(buyer.desk().contract(seller.did, number), Cancelled)
    with pytest.raises(Conflict, match="ended"):
        market.act(buyer, lambda d: d.change(seller.did, change(number), market.ctx()))


def test_the_choice_names_its_reason_and_the_second_best():
    buyer, near, far = (
        House("Pump Works", b"p" * 32),
        House("Near", b"n" * 32),
        House("Far", b"f" * 32),
    )
    market = Market(buyer, near, far)
    market.introduce(buyer, near).introduce(buyer, far)
    market.act(buyer, lambda d: d.ask(rfq(buyer), (near.did, far.did), market.ctx()))
    market.run()
    late = quotation_line(price="12.00", parts=(("120", START + 9 * DAY),))
    market.act(near, lambda d: d.quote(buyer.did, quotation(near, "Q-n"), market.ctx()))
    market.act(
        far, lambda d: d.quote(buyer.did, quotation(far, "Q-f", lines=(late,)), market.ctx())
    )
    market.run()
    names = {near.did: "Near", far.did: "Far"}
    choice = buyer.desk().compare("RFQ-1", at=market.at, names=names)
    assert choice.by_seller() == {near.did: {"1": Decimal(120)}}
    assert choice.lines[0].second.cost == Decimal("2400.00")
    assert "Next best" in choice.lines[0].text.en
    assert "次优" in choice.lines[0].text.zh


def test_a_line_that_nobody_covers_alone_is_split():
    buyer, near, far = (
        House("Pump Works", b"p" * 32),
        House("Near", b"n" * 32),
        House("Far", b"f" * 32),
    )
    wanted = rfq(buyer)
    offers = {
        near.did: quotation(near, lines=(quotation_line(count="80"),)),
        far.did: quotation(far, lines=(quotation_line(count="70", price="13.00"),)),
    }
    from hanse.match import choose

    choice = choose(wanted, offers)
    assert choice.short == 0
    assert choice.by_seller() == {near.did: {"1": Decimal(80)}, far.did: {"1": Decimal(40)}}
