"""Papers made from how an order stands always fit it, step after step, to its end."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.match.market import DAY, START
from tests.unit.match.test_export import papers as documents

from hanse.match import papers
from hanse.match.contract import Closed, apply, opened
from hanse.model.errors import Conflict

AT = START + DAY


def order():
    return documents()[2]


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
            due = papers.due_after(AT, 30)
            tax = papers.Tax(percent="19")
            counts = papers.accepted(standing)
            bill = papers.invoice(standing, counts, tax, number=f"I-{number}", at=AT, due=due)
            put(bill, seller)
    assert papers.to_despatch(standing) == {}
    assert papers.to_pay(standing) == standing.terms.invoiced
    assert not isinstance(standing, Closed)


def test_an_invoice_adds_the_tax_and_says_when_it_is_due():
    standing = opened(order())
    sent = papers.despatch(standing, papers.to_despatch(standing), number="D-1", at=AT)
    standing = apply(standing, sent, by=standing.terms.seller)
    counts, tax = papers.to_invoice(standing), papers.Tax(percent="19")
    bill = papers.invoice(standing, counts, tax, number="I-1", at=AT, due=AT + DAY)
    total = bill.legal_monetary_total
    net = Decimal(total.tax_exclusive_amount)
    assert Decimal(total.payable_amount) == (net * Decimal("1.19")).quantize(Decimal("0.01"))
    assert bill.invoice_line[0].tax_category == "S"


def test_the_fee_is_the_agreed_share_and_a_change_keeps_what_is_not_said():
    from msgspec.structs import replace

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
