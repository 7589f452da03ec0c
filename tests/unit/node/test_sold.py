"""Which work makes which line of whose order, also where the record is older than lines."""

from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace
from tests.unit.match.test_export import papers as documents

from hanse.match.contract import opened
from hanse.model.ids import Counter
from hanse.model.time import StillClock
from hanse.node.dealing.sold import holds_of, key_of, line_of, sale_of, sales_of
from hanse.node.shelves import Demand, Sale, sales
from hanse.store import Store

BUYER, OTHER = "did:key:zBuyer1111111", "did:key:zAnother222222"


@pytest.fixture
def tx(tmp_path):
    order = documents()[2]
    clock = StillClock(order.issue_date_time)
    with Store.open(f"sqlite:///{tmp_path / 'r'}", clock=clock, ids=Counter()) as store:
        yield store


def contract(*lines):
    order = documents()[2]
    (line,) = order.order_line
    rows = tuple(replace(line, id=name) for name in lines)
    return opened(replace(order, id="PO-1", order_line=rows))


def sale(line, partner=BUYER, order="PO-1"):
    return Sale(
        order=order,
        line=line,
        partner=partner,
        work_order=f"WO-{line}",
        item="SHAFT",
        quantity=Decimal(1),
        due=documents()[2].issue_date_time,
    )


def test_an_order_of_one_line_keeps_its_number_and_one_of_several_names_the_line(tx):
    def read(tx):
        return [key_of(tx, BUYER, contract(*names), "1") for names in (["1"], ["1", "2"])]

    assert tx.read_sync(read) == ["PO-1", "PO-1-1"]


def test_two_buyers_orders_of_one_number_do_not_meet(tx):
    one = contract("1")

    def write(tx):
        sales(tx).put("PO-1", sale("1", OTHER))
        key = key_of(tx, BUYER, one, "1")
        sales(tx).put(key, sale("1"))
        return key, key_of(tx, BUYER, one, "1"), sale_of(tx, OTHER, one, "1")

    key, again, theirs = tx.write_sync(write)
    assert key == again != "PO-1"
    assert theirs[0] == "PO-1"


def test_a_sale_from_before_lines_were_told_apart_is_the_first_line(tx):
    two = contract("1", "2")
    old = msgspec.to_builtins(sale("1"))
    del old["line"]
    kept = msgspec.convert(old, Sale)

    def write(tx):
        sales(tx).put("PO-1", kept)
        return list(sales_of(tx, BUYER, two)), sale_of(tx, BUYER, two, "2")

    found, second = tx.write_sync(write)
    assert [(key, line_of(one, two)) for key, one in found] == [("PO-1", "1")]
    assert second is None


def test_a_demand_from_before_lines_asked_for_the_first_one():
    demand = Demand(key="D", item="I", wanted=Decimal(1), due=documents()[2].issue_date_time)
    old = msgspec.to_builtins(demand)
    del old["lines"]
    assert msgspec.convert(old, Demand).line_in("rfq-1") == "1"


def test_an_order_on_no_quotation_of_ours_has_one_reservation_for_its_first_line(tx):
    order = replace(contract("1", "2").terms.order, reservation_id="RSV-9")
    assert tx.read_sync(lambda tx: holds_of(tx, BUYER, order)) == ({"1": "RSV-9"}, ())
