"""Sealed files, disturbances that end, forecasts that calm, records of our own dealings."""

import datetime as dt
import random
import statistics
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.match.market import DAY, START, Market, buyer_and_seller, item, rfq
from tests.unit.match.test_export import papers

from hanse.match.contract import apply, opened
from hanse.match.enquiry import Asked, Enquiry
from hanse.match.forecast import aggregated, order_up_to
from hanse.match.record import record_of
from hanse.match.ripple import Hit, answer, onward, picture
from hanse.match.sealed import digest_of, seal, unseal
from hanse.model import tidings, trade
from hanse.model.did import did_of
from hanse.model.errors import BadInput, BadMessage, Refused
from hanse.model.keys import Ed25519Signer


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=32))
def test_a_sealed_file_opens_for_its_addressee_only(data, secret):
    friend, other = b"f" * 32, b"o" * 32
    sealed = seal(data, to=Ed25519Signer(friend).did, secret=secret)
    assert unseal(sealed, seed=friend, digest=digest_of(data)) == data
    with pytest.raises(BadMessage, match="not for us"):
        unseal(sealed, seed=other, digest=digest_of(data))
    with pytest.raises(BadMessage):
        unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), seed=friend, digest=digest_of(data))
    with pytest.raises(BadMessage, match="another file"):
        unseal(sealed, seed=friend, digest=digest_of(data + b"x"))


def test_a_key_that_is_no_point_receives_nothing():
    with pytest.raises(BadInput):
        seal(b"x", to=did_of(b"\1" + b"\0" * 31), secret=b"s" * 32)


def affected(order="O-1", value="1000", partner="p"):
    line = tidings.AffectedLine(
        order_reference=trade.DocumentReference(id=order),
        order_line_id="1",
        quantity_short="40",
        agreed=START + DAY,
    )
    return Hit(partner=partner, line=line, value=Decimal(value))


def notice(**more):
    return tidings.Disturbance(
        id="DIST-1",
        issue_date_time=START,
        effect="capacity-reduced",
        leading_root_cause="production-incident",
        start_date_time=START,
        **more,
    )


def test_a_disturbance_is_passed_on_to_those_hit_and_not_back():
    hits = [affected(partner="a"), affected(partner="b"), affected("O-2", partner="a")]
    out = onward(notice(hop_limit=2), hits, seen=(), came_from="b", at=START)
    assert list(out) == ["a"]
    assert len(out["a"].affected) == 2
    assert out["a"].hop_limit == 1
    assert out["a"].id == "DIST-1"


def test_a_disturbance_ends_at_its_hop_limit_and_never_goes_round():
    hits = [affected(partner="a")]
    assert onward(notice(hop_limit=0), hits, seen=(), came_from="", at=START) == {}
    assert onward(notice(), hits, seen=("DIST-1",), came_from="", at=START) == {}


def test_answers_add_up_to_one_picture():
    leaf = answer(notice(), [affected("O-9", "500")], number="A-1", currency="EUR", at=START)
    mid = answer(
        notice(),
        [affected("O-1", "1000")],
        number="A-2",
        currency="EUR",
        at=START,
        further=[leaf],
        replacement=Decimal(20),
    )
    seen = picture({"a": mid})
    assert (seen.orders, seen.risk, seen.hops) == (2, {"EUR": Decimal(1500)}, 2)
    assert seen.replaced == {"EUR": Decimal(20)}
    assert "1500 EUR" in seen.text.en
    assert "1500 EUR" in seen.text.zh


def test_a_disturbance_travels_as_a_message_and_is_told():
    buyer, seller = buyer_and_seller()
    market = Market(buyer, seller).introduce(buyer, seller)
    word = notice(affected=(affected().line,))
    market.act(seller, lambda d: d.say(buyer.did, word, market.ctx()))
    back = answer(word, [affected()], number="A-1", currency="EUR", at=START)
    market.act(buyer, lambda d: d.say(seller.did, back, market.ctx()))
    market.run()
    assert "match.disturbed" in buyer.kinds()
    assert "match.rippled" in seller.kinds()


def bucket(day, count):
    start = START + day * DAY
    return tidings.ForecastBucket(
        start_date_time=start, end_date_time=start + DAY, quantity=str(count)
    )


def test_a_forecast_names_no_customer_and_needs_several():
    parts = [[bucket(0, 5), bucket(1, 6)], [bucket(0, 1)], [bucket(1, 4)]]
    made = aggregated(parts, item=item(), number="F-1", at=START)
    assert [b.quantity for b in made.forecast_line] == ["6", "10"]
    assert made.sources == 3
    with pytest.raises(Refused, match="fewer than"):
        aggregated(parts[:2], item=item(), number="F-2", at=START)


def test_passing_end_demand_upstream_cuts_the_swing_at_the_fourth_tier():
    rng = random.Random(1)
    end = [rng.gauss(100, 10) for _ in range(4_000)]
    alone = shared = end
    for _ in range(4):
        alone = order_up_to(alone, alone, lead=2, window=5)
        shared = order_up_to(shared, end, lead=2, window=5)
    ratio = statistics.variance(alone[50:]) / statistics.variance(shared[50:])
    print(f"fourth tier: {ratio:.1f} times less variance with end demand passed on")
    assert ratio > 5


def test_a_record_counts_on_time_good_and_answered_from_our_own_dealings():
    request, _, order = papers()
    contract = opened(order)
    reference = trade.DocumentReference(id=order.id)
    due = order.order_line[0].requested_delivery[0].date_time
    for number, (count, late, bad) in enumerate((("80", -1, "2"), ("40", 1, "0"))):
        out = trade.DespatchAdvice(
            id=f"D-{number}",
            issue_date_time=START,
            order_reference=reference,
            despatch_line=(
                trade.DespatchLine(
                    id="1", order_line_id="1", delivered_quantity=trade.Measure(value=count)
                ),
            ),
        )
        came = trade.ReceiptAdvice(
            id=f"R-{number}",
            issue_date_time=due + dt.timedelta(hours=late),
            order_reference=reference,
            receipt_line=(
                trade.ReceiptLine(
                    id="1",
                    order_line_id="1",
                    received_quantity=trade.Measure(value=count),
                    rejected_quantity=bad,
                ),
            ),
        )
        contract = apply(contract, out, by=contract.terms.seller)
        contract = apply(contract, came, by=contract.terms.buyer)
    seller = contract.terms.seller
    silent = Enquiry(rfq=rfq(buyer_and_seller()[0]), talks={seller: Asked()})
    found = record_of(seller, [contract], [silent], at=due + DAY)
    assert (found.due, found.on_time) == (120, 80)
    assert found.good_share == pytest.approx(118 / 120)
    assert found.answered_share == 0
    assert "67 %" in found.text().en
    assert request.id == "RFQ-1"
