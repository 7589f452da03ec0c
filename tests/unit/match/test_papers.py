"""Papers made from how an order stands always fit it, step after step, to its end."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.match.market import DAY, START
from tests.unit.match.test_export import papers as documents

from hanse.match import papers
from hanse.match.amounts import Tax, charges_of, tax_between, totals
from hanse.match.contract import Closed, apply, opened
from hanse.model import trade
from hanse.model.errors import Conflict

AT = START + DAY


def order():
    return documents()[2]


def bill(number, **changes):
    usual = {"due": AT + 30 * DAY, "tax": Tax(category="S", percent="19")}
    return papers.Bill(number=number, at=AT, **usual | changes)


def part(counts, share):
    """About a share of what is left, in whole pieces, at least one."""
    return {name: max(Decimal(1), count // share) for name, count in counts.items()}


@given(shares=st.lists(st.integers(1, 5), min_size=1, max_size=6), bad=st.integers(0, 3))
def test_whatever_goes_out_in_parts_can_be_received_invoiced_and_paid(shares, bad):
    standing = opened(order())

    def put(document, by):
        nonlocal standing
        standing = apply(standing, document, by=by)

    buyer, seller = standing.terms.buyer, standing.terms.seller
    for number, share in enumerate([*shares, 1]):
        left = papers.to_despatch(standing)
        if not left:
            break
        put(papers.despatch(standing, part(left, share), number=f"D-{number}", at=AT), seller)
        came = papers.to_receive(standing)
        turned = {name: min(count, Decimal(bad)) for name, count in came.items()}
        rejected = papers.Rejected(counts=turned, why="burr")
        put(papers.receipt(standing, came, rejected, number=f"R-{number}", at=AT), buyer)
        assert papers.to_receive(standing) == {}
        assert papers.accepted(standing) == papers.to_invoice(standing)
        if papers.accepted(standing):
            counts = papers.accepted(standing)
            put(papers.invoice(standing, counts, bill(f"I-{number}")), seller)
    assert papers.to_despatch(standing) == {}
    assert papers.to_pay(standing) == standing.terms.invoiced
    assert not isinstance(standing, Closed)


def test_an_invoice_adds_the_tax_and_says_when_it_is_due():
    standing = opened(order())
    sent = papers.despatch(standing, papers.to_despatch(standing), number="D-1", at=AT)
    standing = apply(standing, sent, by=standing.terms.seller)
    written = papers.invoice(standing, papers.to_invoice(standing), bill("I-1"))
    total = written.legal_monetary_total
    net = Decimal(total.tax_exclusive_amount)
    assert Decimal(total.payable_amount) == (net * Decimal("1.19")).quantize(Decimal("0.01"))
    assert written.invoice_line[0].tax_category == "S"


def charged(**changes):
    """An order on 120 pieces at 12.40 with 80 of set-up and 45.50 of freight, all despatched."""
    line = replace(documents()[1].quotation_line[0], setup_amount="80", transport_amount="45.50")
    (ordered,) = order().order_line
    ordered = replace(ordered, extra_amount="125.50", charge=charges_of(line))
    standing = opened(replace(order(), order_line=(ordered,), **changes))
    sent = papers.despatch(standing, papers.to_despatch(standing), number="D-1", at=AT)
    return apply(standing, sent, by=standing.terms.seller)


def billed(standing, count=None, number="I-1"):
    counts = papers.to_invoice(standing) if count is None else {"1": Decimal(count)}
    written = papers.invoice(standing, counts, bill(number))
    return apply(standing, written, by=standing.terms.seller), written


def test_what_a_line_costs_once_is_on_its_first_invoice_and_on_no_other():
    standing, first = billed(charged(), 20)
    assert [c.amount for c in first.invoice_line[0].charge] == ["80", "45.50"]
    assert first.legal_monetary_total.tax_exclusive_amount == "373.50"
    assert first.legal_monetary_total.payable_amount == "444.47"
    standing, second = billed(standing, 100, "I-2")
    assert second.invoice_line[0].charge == ()
    again = replace(second, id="I-3", invoice_line=(first.invoice_line[0],))
    with pytest.raises(Conflict):
        apply(standing, again, by=standing.terms.seller)


def test_charges_that_were_not_agreed_and_sums_that_do_not_add_up_are_refused():
    standing = charged()
    _, fair = billed(standing)
    (line,) = fair.invoice_line
    more = replace(line.charge[0], amount="81")
    dear = replace(line, charge=(more, line.charge[1]), line_extension_amount="1614.50")
    unfair = replace(fair, invoice_line=(dear,), legal_monetary_total=totals((dear,)))
    with pytest.raises(Conflict, match="charges"):
        apply(standing, unfair, by=standing.terms.seller)
    total = replace(fair.legal_monetary_total, payable_amount="99999.00")
    with pytest.raises(Conflict, match="BR-CO-16"):
        apply(standing, replace(fair, legal_monetary_total=total), by=standing.terms.seller)


def test_an_invoice_is_not_due_before_the_agreed_days_have_gone():
    standing = charged(payment_days=30)
    counts = papers.to_invoice(standing)
    early = papers.invoice(standing, counts, bill("I-1", due=AT + 29 * DAY))
    with pytest.raises(Conflict, match="due before"):
        apply(standing, early, by=standing.terms.seller)
    assert papers.payment_days(standing, 14) == 30


def credited(standing, number="C-1", **what):
    what = {"invoice": "I-1", "counts": {"1": Decimal(0)}} | what
    note = papers.credit_note(standing, papers.Credit(**what), bill(number))
    return apply(standing, note, by=standing.terms.seller), note


def paid(standing, amount, by, number="P-1"):
    word = trade.RemittanceAdvice(
        id=number,
        issue_date_time=AT,
        invoice_reference=trade.DocumentReference(id="I-1"),
        order_reference=papers.reference(standing),
        paid_amount=str(amount),
    )
    return apply(standing, word, by=getattr(standing.terms, by))


def received(standing):
    came = papers.to_receive(standing)
    advice = papers.receipt(standing, came, papers.Rejected(), number="R-1", at=AT)
    return apply(standing, advice, by=standing.terms.buyer)


def test_a_dispute_ends_with_a_credit_what_was_overpaid_goes_back_and_the_order_closes():
    standing, written = billed(received(charged()))
    standing = paid(standing, written.legal_monetary_total.payable_amount, "buyer")
    assert isinstance(standing, Closed)
    word = trade.Dispute(
        id="X-1",
        issue_date_time=AT,
        order_reference=papers.reference(standing),
        reason=trade.Reason(code="DISPUTED"),
    )
    standing = apply(standing, word, by=standing.terms.buyer)
    standing, note = credited(standing, counts={"1": Decimal(20)})
    assert note.invoice_type_code == "381"
    assert papers.to_pay(standing) == -Decimal("295.12")
    with pytest.raises(Conflict, match="overpaid"):
        paid(standing, "295.13", "seller", "P-2")
    standing = paid(standing, "295.12", "seller", "P-2")
    settled = replace(word, id="X-2", settled=True)
    assert isinstance(apply(standing, settled, by=standing.terms.seller), Closed)
    assert papers.to_invoice(standing) == {}


def test_a_lower_price_is_credited_for_pieces_that_stay_and_never_more_than_was_invoiced():
    standing, _ = billed(charged())
    after, note = credited(standing, counts={"1": Decimal(120)}, price=Decimal("1.24"))
    assert note.legal_monetary_total.tax_exclusive_amount == "148.80"
    assert after.terms.lines["1"].invoiced == 120
    with pytest.raises(Conflict, match="than was invoiced"):
        credited(after, "C-2", counts={"1": Decimal(120)})
    whole, note = credited(standing, counts={"1": Decimal(120)}, charges=True)
    assert whole.terms.invoiced == whole.terms.lines["1"].billed == 0
    with pytest.raises(Conflict, match="nothing is"):
        credited(standing)
    with pytest.raises(Conflict, match="no such invoice"):
        credited(standing, counts={"1": Decimal(1)}, invoice="I-9")


def test_charges_are_given_back_in_parts_never_more_than_once_and_not_charged_again():
    standing, _ = billed(charged(), 20)
    standing, note = credited(standing, parts={"1": {"SU": Decimal(30)}})
    (row,) = note.invoice_line
    assert [(c.allowance_charge_reason_code, c.amount) for c in row.charge] == [("SU", "30")]
    assert papers.charges_left(standing.terms.lines["1"]) == {
        "SU": Decimal(50),
        "FC": Decimal("45.50"),
    }
    forged = replace(row, charge=(replace(row.charge[0], amount="51"),))
    forged = replace(forged, line_extension_amount="51.00")
    much = replace(note, id="C-2", invoice_line=(forged,), legal_monetary_total=totals((forged,)))
    with pytest.raises(Conflict, match="charged"):
        apply(standing, much, by=standing.terms.seller)
    standing, note = credited(standing, "C-3", charges=True)
    assert note.legal_monetary_total.tax_exclusive_amount == "95.50"
    assert papers.charges_left(standing.terms.lines["1"]) == {}
    _, second = billed(standing, 100, "I-2")
    assert second.invoice_line[0].charge == ()


@given(st.lists(st.integers(1, 90), max_size=6))
def test_whatever_is_given_back_of_a_charge_never_comes_to_more_than_the_charge(parts):
    standing, _ = billed(charged(), 20)
    for n, amount in enumerate(parts):
        left = papers.charges_left(standing.terms.lines["1"]).get("SU", Decimal(0))
        back = min(left, Decimal(amount))
        if back:
            standing, _ = credited(standing, f"C-{n}", parts={"1": {"SU": back}})
    line = standing.terms.lines["1"]
    assert line.returned.get("SU", 0) == min(80, sum(parts))
    assert line.charged + sum(line.returned.values()) == line.extra


def test_the_fee_of_a_cancelled_order_is_invoiced_once_and_paid():
    standing = opened(replace(order(), cancellation_fee_percent="10"))
    end = papers.cancellation(standing, number="X-1", at=AT, why="over")
    standing = apply(standing, end, by=standing.terms.buyer)
    fee = papers.fee_invoice(standing, bill("I-1"))
    assert fee.legal_monetary_total.payable_amount == "177.07"
    standing = apply(standing, fee, by=standing.terms.seller)
    assert papers.to_pay(paid(standing, "177.07", "buyer")) == 0
    with pytest.raises(Conflict, match="no fee"):
        papers.fee_invoice(standing, bill("I-2"))
    with pytest.raises(Conflict, match="more than the agreed fee"):
        apply(standing, replace(fee, id="I-2"), by=standing.terms.seller)


@pytest.mark.parametrize(
    ("countries", "numbers", "category"),
    [
        (("DE", "DE"), ("DE1", "DE2"), "S"),
        (("DE", "DE"), ("", "DE2"), "O"),
        (("DE", "FR"), ("DE1", "FR1"), "K"),
        (("DE", "FR"), ("DE1", ""), "S"),
        (("DE", "CN"), ("DE1", ""), "G"),
        (("CN", "DE"), ("C1", "DE1"), "G"),
        (("CN", "CN"), ("C1", "C2"), "S"),
    ],
)
def test_the_tax_is_that_of_goods_from_the_sellers_to_the_buyers_country(
    countries, numbers, category
):
    paper = order()
    seller, buyer = (
        replace(
            party,
            country=country,
            party_identification=(trade.Identification(scheme_id="VAT", id=n),) if n else (),
        )
        for party, country, n in zip(
            (paper.seller_supplier_party, paper.buyer_customer_party),
            countries,
            numbers,
            strict=True,
        )
    )
    tax = tax_between(seller, buyer, "19")
    assert tax.category == category
    assert (tax.percent == "19") == (category == "S")


def test_the_fee_is_the_agreed_share_and_a_change_keeps_what_is_not_said():
    standing = opened(replace(order(), cancellation_fee_percent="10"))
    (name, line) = next(iter(standing.terms.lines.items()))
    worth = sum(n.quantity * Decimal(n.price.price_amount) for n in standing.terms.lines.values())
    assert papers.fee(standing) == (worth / 10).quantize(Decimal("0.01"))
    changed = papers.changed(standing, name, Decimal(7))
    assert changed.price == line.price
    assert changed.requested_delivery[0].date_time == max(d.date_time for d in line.deliveries)
    later = papers.changed(standing, name, Decimal(7), due=AT + dt.timedelta(days=9))
    assert later.requested_delivery[0].date_time == AT + dt.timedelta(days=9)
    assert papers.changed(standing, name, Decimal(0)).requested_delivery == ()


def test_nothing_and_unknown_lines_make_no_paper():
    standing = opened(order())
    with pytest.raises(Conflict, match="nothing is left"):
        papers.despatch(standing, {}, number="D-1", at=AT)
    with pytest.raises(Conflict, match="no such line"):
        papers.despatch(standing, {"99": Decimal(1)}, number="D-1", at=AT)


@given(st.decimals(min_value=0, max_value=10**9, places=6))
def test_a_plain_decimal_reads_back_as_itself(value):
    text = papers.plain(value)
    assert Decimal(text) == value
    assert "E" not in text
    assert not text.endswith(".")
