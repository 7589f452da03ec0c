"""A request of three lines from the asking to the money: two sellers, each line its own way."""

import datetime as dt
from decimal import Decimal

import pytest
from click.testing import CliRunner
from tests.integration.dealing.houses import House, makes, meet, until
from tests.integration.dealing.test_to_the_end import act, both, pages, state

from hanse.cli.trade import rfq
from hanse.flows import kinds
from hanse.model.event import Draft
from hanse.model.sale import CustomerOrder
from hanse.model.text import Text
from hanse.node.offline import offline
from hanse.node.shelves import demands, sales
from hanse.web.views.trading import AskForm, AskLine

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
DUE = NOW + dt.timedelta(days=3)
PRICES = {"SHAFT": 1_000, "FLANGE": 500, "GEAR": 3_000}


def houses(folder, **policy):
    """A pump works; a shop that turns shafts and flanges; a mill for gears and dearer flanges."""
    buyer = House(folder, "pump-works", **policy)
    turner, mill = House(folder, "turning-shop"), House(folder, "mill")
    for key in PRICES:
        makes(buyer, key, price_minor=None, drawing=f"DRW-{key}")
    for house, key, price in ((turner, "SHAFT", 1_000), (turner, "FLANGE", 500)):
        makes(house, key, price_minor=price, drawing=f"DRW-{key}")
    for key, price in (("FLANGE", 800), ("GEAR", 3_000)):
        makes(mill, key, price_minor=price, drawing=f"DRW-{key}")
    meet(buyer, turner, mill)
    return buyer, turner, mill


@pytest.fixture
def firms(tmp_path):
    return houses(tmp_path)


async def ask_for_three(buyer):
    """120 flanges are for a customer; the shafts and the gears are not."""
    customer = CustomerOrder(
        key="CO-1",
        customer="C",
        title="C",
        item="FLANGE",
        quantity=Decimal(120),
        placed_at=NOW,
        due=DUE,
    )
    buyer.write(lambda tx: tx.customer_orders.put(customer))
    lines = (
        AskLine(item="FLANGE", quantity="120", due=DUE, order="CO-1"),
        AskLine(item="GEAR", quantity="8", due=DUE),
    )
    form = AskForm(item="SHAFT", quantity="40", due=DUE, lines=lines, note="in crates")
    await pages(buyer).ask(form, by="owner")


async def order_from(buyer, seller):
    """The order that both signed."""
    event = (await until(lambda: seller.events(kinds.ORDERED)))[0]
    await until(lambda: event.subject in [e.subject for e in buyer.events(kinds.ORDERED)])
    return event.subject


def tell(house, kind, **about):
    draft = Draft(kind=kind, subject=about["order"], text=Text("told", "told"), about=about)
    house.write(lambda tx: tx.events.append(draft))


def finished(house, order, line, count):
    sale = f"{order}-{line}"
    tell(house, kinds.ORDER_COMPLETED, order=f"WO-{sale}", demand=sale, quantity=str(count))


def planned(house, command):
    return [said for name, said in house.plan.asked if name == command]


def held(house, item):
    """What the fake plan holds for the first quotation of an item."""
    asked = [(n, c) for n, c in enumerate(house.plan.asked, 1) if c[0] == "plan.quote"]
    return next(f"h{n}" for n, (_, said) in asked if said["item"] == item)


async def lines_of(house, order):
    return {line.item: line for line in (await pages(house).order(order)).lines}


async def test_each_line_goes_to_who_makes_it_and_is_planned_and_held_by_itself(firms):
    buyer, turner, mill = firms
    async with buyer, turner, mill:
        await ask_for_three(buyer)
        order, other = await order_from(buyer, turner), await order_from(buyer, mill)
        assert {i: line.quantity for i, line in (await lines_of(buyer, order)).items()} == {
            "SHAFT": 40,
            "FLANGE": 120,
        }
        assert list(await lines_of(buyer, other)) == ["GEAR"]
        added = await until(lambda: planned(turner, "plan.add")[1:] and planned(turner, "plan.add"))
        assert [(a["order"]["key"], a["hold"]) for a in added] == [
            (f"WO-{order}-1", held(turner, "SHAFT")),
            (f"WO-{order}-2", held(turner, "FLANGE")),
        ]
        rfq = buyer.events(kinds.ASKED)[0].subject
        view = await pages(buyer).rfq(rfq)
        assert [line.item for line in view.lines] == ["SHAFT", "FLANGE", "GEAR"]
        offers = {q.firm: [bool(n.quantity) for n in q.lines] for q in view.quotes}
        assert offers == {"turning-shop": [True, True, False], "mill": [False, True, True]}
        # the mill's flanges were not taken: what it held for them is free again
        await until(lambda: planned(mill, "plan.release"))
        assert planned(mill, "plan.release")[0]["hold"] == held(mill, "FLANGE")
        assert planned(mill, "plan.add")[0]["order"]["key"] == f"WO-{other}"
        assert buyer.errors == turner.errors == mill.errors == []


async def test_a_person_orders_in_parts_and_the_rest_stays_open_until_it_is_ordered(tmp_path):
    buyer, turner, mill = houses(tmp_path, award_alone_up_to_minor=0)
    async with buyer, turner, mill:
        await ask_for_three(buyer)
        await until(lambda: len(buyer.events(kinds.OFFERED)) == 2)
        rfq = buyer.events(kinds.ASKED)[0].subject
        quotes = {q.firm: q for q in (await pages(buyer).rfq(rfq)).quotes}
        await act(buyer, quotes["turning-shop"].id, "order", quantity_2="0")
        order = await order_from(buyer, turner)
        assert [line.quantity for line in (await pages(buyer).order(order)).lines] == [40]
        still = {q.firm: {d.name for d in q.deeds} for q in (await pages(buyer).rfq(rfq)).quotes}
        assert "order" in still["mill"]
        await act(buyer, quotes["mill"].id, "order")
        other = await order_from(buyer, mill)
        ordered = await lines_of(buyer, other)
        assert {name: line.quantity for name, line in ordered.items()} == {"FLANGE": 120, "GEAR": 8}
        assert [len(mill.events(k)) for k in (kinds.REQUEST_CLOSED, kinds.ORDERED)] == [0, 1]
        assert buyer.errors == turner.errors == mill.errors == []


def test_several_lines_are_asked_for_on_the_command_line(firms, tmp_path):
    buyer = firms[0]
    rows = tmp_path / "rows.csv"
    rows.write_text("item,quantity,due\nFLANGE,120,2099-12-02\n")
    due = ["--due", "2099-12-01T12:00:00Z", "--folder", str(buyer.folder.path)]
    told = ["SHAFT", "40", "--line", "GEAR 8", "--rows", str(rows), *due, "--json"]
    said = CliRunner().invoke(rfq, told)
    assert said.exit_code == 0, said.output
    with offline(buyer.folder) as context:
        (event,) = context.store.read_sync(lambda tx: tx.events.find(kind=kinds.SOMETHING_WANTED))
    wanted = [(row["item"], row["quantity"]) for row in event.about["lines"]]
    assert wanted == [("SHAFT", "40"), ("GEAR", "8"), ("FLANGE", "120")]


async def test_a_line_that_breaks_is_asked_for_anew_and_the_others_go_on_to_the_money(firms):
    buyer, turner, mill = firms
    async with buyer, turner, mill:
        await ask_for_three(buyer)
        order = await order_from(buyer, turner)
        await order_from(buyer, mill)
        await until(lambda: buyer.events(kinds.CUSTOMER_TOLD))
        await until(lambda: turner.read(lambda tx: sales(tx).get(f"{order}-2")))
        broken = {"kept": "70", "missing": "50", "possible": DUE.isoformat()}
        sale = f"{order}-2"
        tell(turner, kinds.PROMISE_BROKEN, order=f"WO-{sale}", demand=sale, **broken)
        await until(lambda: len(mill.events(kinds.ORDERED)) == 2, "asked for elsewhere")
        (_, again) = buyer.events(kinds.ASKED)
        wanted = (await pages(buyer).rfq(again.subject)).lines
        assert [(line.item, line.quantity) for line in wanted] == [("FLANGE", 50)]
        await until(lambda: len(buyer.events(kinds.CUSTOMER_TOLD)) == 2, "the customer knows")
        facts = buyer.read(lambda tx: [d for d in demands(tx).all() if d.item == "FLANGE"])
        assert [len(d.requests) for d in facts] == [2]
        (change,) = await until(lambda: planned(turner, "plan.change"))
        assert (change["order"], Decimal(change["quantity"])) == (f"WO-{sale}", 70)

        finished(turner, order, 1, 40)
        await both(buyer, turner, kinds.DESPATCHED)
        standing = await lines_of(turner, order)
        assert (standing["SHAFT"].despatched, standing["FLANGE"].despatched) == (40, 0)
        await act(buyer, order, "receive")
        await both(buyer, turner, kinds.INVOICED)
        finished(turner, order, 2, 70)
        await both(buyer, turner, kinds.DESPATCHED, 2)
        await act(buyer, order, "receive", rejected_2="2", reason="burr")
        await both(buyer, turner, kinds.INVOICED, 2)
        bills = [e.about["document"] for e in buyer.events(kinds.INVOICED)]
        billed = [
            [(n["orderLineID"], n["invoicedQuantity"]["value"]) for n in bill["invoiceLine"]]
            for bill in bills
        ]
        assert billed == [[("1", "40")], [("2", "68")]]
        for n, bill in enumerate(bills, 1):
            total = bill["legalMonetaryTotal"]["payableAmount"]
            await act(buyer, order, "pay", invoice=bill["id"], amount=total)
            await both(buyer, turner, kinds.PAID, n)
        assert [await state(h, order) for h in (buyer, turner)] == ["closed", "closed"]
        assert buyer.errors == turner.errors == mill.errors == []
