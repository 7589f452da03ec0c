"""A deal from the order to the money: by the loop where it may, by hand where a person must."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from click.testing import CliRunner
from tests.integration.dealing.houses import House, makes, meet, until
from tests.integration.dealing.test_restored import entries, need

from hanse.cli.trade import ledger
from hanse.flows import kinds
from hanse.match.export.epcis import event_id
from hanse.model.errors import Conflict
from hanse.model.event import Draft
from hanse.model.product import Stock
from hanse.model.text import Text
from hanse.node.pages.trading import RecordTrade


def pages(house):
    return RecordTrade(house.context)


async def deeds(house, order):
    return {deed.name for deed in (await pages(house).order(order)).deeds}


async def state(house, order):
    return (await pages(house).order(order)).row.state.name


async def act(house, subject, deed, **values):
    return await pages(house).act(subject, deed, values, by="owner")


def finished(house, order, count):
    """What the plan role says when the last operation of a work order is done."""
    about = {"order": f"WO-{order}", "demand": order, "quantity": str(count)}
    draft = Draft(kind=kinds.ORDER_COMPLETED, subject=order, text=Text("done", "done"), about=about)
    house.write(lambda tx: tx.events.append(draft))


async def papers_leave(house, order):
    """Every paper that has a form for other systems can be had in it."""
    entries = (await pages(house).order(order)).entries
    forms = {file.label: file.href for entry in entries for file in entry.files}
    assert forms.keys() == {"UBL", "EN 16931", "EPCIS"}
    for href in (file.href for entry in entries for file in entry.files):
        seq, form = href.rpartition("/")[2].split(".")
        name, content = await pages(house).paper(order, int(seq), form)
        if form == "epcis":
            event = json.loads(content)["epcisBody"]["eventList"][0]
            assert event["eventID"] == event_id(event)
        else:
            assert content.startswith(b"<?xml")
            assert name.endswith(".xml")


async def agreed(buyer, seller):
    need(buyer)
    await until(lambda: seller.events(kinds.ORDERED))
    return (await until(lambda: buyer.events(kinds.ORDERED)))[-1].subject


async def both(a, b, kind, count=1):
    await until(lambda: len(a.events(kind)) == count == len(b.events(kind)), kind)


@pytest.fixture
def firms(tmp_path):
    buyer, seller = (
        House(tmp_path, "pump-works", answer_within_s=60.0),
        House(tmp_path, "turning-shop"),
    )
    makes(buyer, price_minor=None)
    makes(seller)
    meet(buyer, seller)
    return buyer, seller


async def test_finished_work_goes_out_is_received_invoiced_and_paid(firms):
    buyer, seller = firms
    async with buyer, seller:
        order = await agreed(buyer, seller)
        assert "receive" not in await deeds(buyer, order)
        finished(seller, order, 12)
        await both(buyer, seller, kinds.DESPATCHED)
        assert "receive" in await deeds(buyer, order)
        await act(buyer, order, "receive", rejected_1="2", reason="scratched")
        await both(buyer, seller, kinds.INVOICED)
        stocked = (await until(lambda: buyer.events(kinds.STOCK_CHANGED)))[0]
        assert stocked.about["quantity"] == "10"
        (booked,) = [said for command, said in buyer.plan.asked if command == "plan.material"]
        assert booked["arrivals"] == [
            {"item": "SHAFT-40", "quantity": "10", "at_ns": None, "source": f"order {order}"}
        ]
        bill = buyer.events(kinds.INVOICED)[0].about["document"]
        assert Decimal(bill["legalMonetaryTotal"]["payableAmount"]) == Decimal("124.00")
        await papers_leave(seller, order)
        name, proof = await pages(seller).paper(order, 0, "proof")
        (buyer.folder.path / name).write_bytes(proof)
        await act(buyer, order, "pay", invoice=bill["id"])
        await both(buyer, seller, kinds.PAID)
        assert [await state(h, order) for h in firms] == ["closed", "closed"]
        assert entries(buyer, seller) == entries(seller, buyer)
        assert buyer.errors == seller.errors == []
    verify_as_a_third_would(buyer.folder.path / name, proof)


def verify_as_a_third_would(path, proof):
    """With the file alone: it holds, and with one figure changed it does not."""
    held = CliRunner().invoke(ledger, ["verify", str(path), "--json"])
    assert held.exit_code == 0, held.output
    said = json.loads(held.output)
    kinds_shown = [entry["kind"] for entry in said["entries"]]
    assert kinds_shown == ["order", "despatch_advice", "receipt_advice", "invoice"]
    path.write_bytes(proof.replace(b"124.00", b"125.00"))
    forged = CliRunner().invoke(ledger, ["verify", str(path)])
    assert forged.exit_code != 0


async def test_every_step_can_be_taken_by_hand_and_one_that_does_not_fit_is_refused(tmp_path):
    buyer = House(tmp_path, "pump-works", award_alone_up_to_minor=0)
    seller = House(
        tmp_path, "turning-shop", quote_alone=False, despatch_alone=False, invoice_alone=False
    )
    makes(buyer, price_minor=None)
    makes(seller)
    meet(buyer, seller)
    async with buyer, seller:
        need(buyer)
        rfq = (await until(lambda: seller.events(kinds.REQUEST_RECEIVED)))[0].subject
        ready = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
        costs = {"setup_1": "80", "freight_1": "12.50", "breaks_1": "5: 9.50; 50: 9"}
        await act(seller, rfq, "quote", price_1="10", ready_1=ready, days="14", **costs)
        await until(lambda: buyer.events(kinds.OFFERED))
        quote = (await pages(buyer).rfq(rfq)).quotes[0]
        assert str(quote.price) == "206.50 EUR"
        assert {d.name for d in quote.deeds} == {"order", "reserve"}
        await act(buyer, quote.id, "reserve")
        await until(lambda: buyer.events("match.kept"))
        await act(buyer, quote.id, "order")
        await both(buyer, seller, kinds.ORDERED)
        order = buyer.events(kinds.ORDERED)[0].subject
        with pytest.raises(Conflict):
            await act(buyer, order, "receive")
        await act(buyer, order, "change", quantity="10", reason="ten will do")
        await both(buyer, seller, kinds.CHANGED)
        await act(seller, order, "despatch", quantity_1="4", shipment="CMR-1")
        await both(buyer, seller, kinds.DESPATCHED)
        await act(buyer, order, "receive")
        await act(buyer, order, "inspect", inspected="4", defective="1", reason="burr")
        await both(buyer, seller, "match.inspected")
        await act(seller, order, "invoice")
        await both(buyer, seller, kinds.INVOICED)
        await act(buyer, order, "dispute", reason="too late", amount="5")
        await both(buyer, seller, "match.disputed")
        assert await state(seller, order) == "disputed"
        bill = buyer.events(kinds.INVOICED)[0].about["document"]
        assert bill["legalMonetaryTotal"]["payableAmount"] == "130.50"
        await act(buyer, order, "pay", invoice=bill["id"])
        await both(buyer, seller, kinds.PAID)
        await act(seller, order, "credit", invoice=bill["id"], quantity_1="1", reason="burr")
        await both(buyer, seller, kinds.INVOICED, 2)
        names = [entry.text.en for entry in (await pages(buyer).order(order)).entries]
        assert [sum(n.startswith(k) for n in names) for k in ("invoice ", "credit note ")] == [1, 1]
        assert "repay" in await deeds(seller, order)
        await act(seller, order, "repay", invoice=bill["id"])
        await both(buyer, seller, kinds.PAID, 2)
        await act(seller, order, "settle")
        await until(lambda: "sign" in {d.name for d in _now(buyer, order)})
        await act(buyer, order, "sign")
        await both(buyer, seller, "match.disputed", 2)
        assert await state(seller, order) == "running"
        assert seller.errors == buyer.errors == []


async def test_an_order_ends_for_the_agreed_fee_when_both_have_signed(firms):
    buyer, seller = firms
    async with buyer, seller:
        order = await agreed(buyer, seller)
        await act(buyer, order, "cancel", reason="the customer went away")
        question = (await until(lambda: seller.read(lambda tx: tx.questions.all())))[0]
        assert "cancel" in question.text.en
        await until(lambda: "sign" in {d.name for d in _now(seller, order)})
        shown = {f.label.en: f.value.en for f in (await pages(seller).order(order)).facts}
        assert shown["Waits for your signature"] == "cancellation"
        assert shown["Fee"] == "14.88 EUR"
        assert shown["Reason"] == "the customer went away"
        await act(seller, order, "sign")
        await both(buyer, seller, kinds.CANCELLED)
        assert (await pages(seller).order(order)).row.quantity == 12
        fee = buyer.events(kinds.CANCELLED)[0].about["document"]["feeAmount"]
        assert Decimal(fee) == Decimal("14.88")
        await act(seller, order, "fee")
        await both(buyer, seller, kinds.INVOICED)
        bill = buyer.events(kinds.INVOICED)[0].about["document"]
        await act(buyer, order, "pay", invoice=bill["id"])
        await both(buyer, seller, kinds.PAID)
        await until(lambda: "plan.change" in [c for c, _ in seller.plan.asked])
        assert buyer.errors == seller.errors == []


def _now(house, order):
    from hanse.match.books import Books
    from hanse.node.dealing.desk import desk_in
    from hanse.node.pages import deeds as steps

    def read(tx):
        partner, contract = next(p for p in Books(tx.desk).contracts())
        waits = desk_in(tx, house.context).waiting(partner) is not None
        return steps.on_order(contract, selling=True, waits=waits, bills=())

    return house.read(read)


async def test_what_was_not_made_for_an_order_is_taken_from_stock_when_it_goes_out(firms):
    buyer, seller = firms
    async with buyer, seller:
        order = await agreed(buyer, seller)
        rows = [("shelf", 8, None), ("order O-9", 3, None), ("order O-9", 5, 9)]
        stock = [
            Stock(item="SHAFT-40", quantity=Decimal(n), source=source, at_ns=at)
            for source, n, at in rows
        ]
        seller.write(lambda tx: tx.stock.put_many(stock))
        await act(seller, order, "despatch", quantity_1="10")
        told = (await until(lambda: seller.events(kinds.STOCK_CHANGED)))[0]
        assert told.about["quantity"] == "-10"
        (booked,) = [said for command, said in seller.plan.asked if command == "plan.material"]
        here = [Decimal(a["quantity"]) for a in booked["arrivals"] if a["at_ns"] is None]
        assert sum(here) == 1
        assert [a["quantity"] for a in booked["arrivals"] if a["at_ns"]] == ["5"]
        assert seller.errors == []
