"""What production took is off the stock once, and the plan neither loses it nor counts it twice."""

from decimal import Decimal

import pytest
from tests.unit.allocate.builders import at, item, live, machine, order, routing, step

from hanse.flows import kinds
from hanse.model.ids import Counter
from hanse.model.order import Progress
from hanse.model.product import BomLine, Stock
from hanse.model.time import StillClock
from hanse.node.planning import wire
from hanse.node.planning.desk import PlanDesk
from hanse.store import Store

MICRO = 1_000_000


class Shop:
    """Shafts of two bars each: an order of four, twenty bars on two shelves."""

    def __init__(self, folder, clock):
        self.store = Store.open(f"sqlite:///{folder}/record.sqlite", clock=clock, ids=Counter())
        self.live, _ = live(
            machines=(machine("m1"),),
            items=(item(), item("bar", make=False)),
            routings=(routing(step("10"), step("20")),),
            bom=(BomLine(item="shaft", component="bar", quantity=Decimal(2), step="10"),),
            stock=(
                Stock(item="bar", quantity=Decimal(5), source="shelf 1"),
                Stock(item="bar", quantity=Decimal(15), source="shelf 2"),
            ),
            orders=(order("a", pieces=4, due=90),),
        )
        self.live._clock = clock
        records = self.live.records

        def put(tx):
            tx.machines.put_many(records.machines)
            tx.items.put_many(records.items)
            tx.routings.put_many(records.routings)
            tx.bom_lines.put_many(records.bom)
            tx.stock.put_many(records.stock)
            tx.work_orders.put_many(records.orders)

        self.store.write_sync(put)
        self.desk = PlanDesk(self.live, self.store, clock)

    async def finish(self, good=4, scrap=0):
        for key in ("10", "20"):
            told = Progress(
                order="a", step=key, machine="m1", started_at=at(0), finished_at=at(0),
                good=good, scrap=scrap if key == "10" else 0,
            )  # fmt: skip
            await self.desk.report(wire.Report(progress=told))

    def on_record(self):
        return sum(s.quantity for s in self.store.read_sync(lambda tx: tx.stock.all()))

    def events(self):
        return self.store.read_sync(lambda tx: tx.events.find(kind=kinds.STOCK_CHANGED))

    def in_plan(self):
        bar = self.live.shop.items.index("bar")
        return sum(count for _, count in self.live.shop.supply[bar]) / MICRO


@pytest.fixture
def shop(tmp_path):
    made = Shop(tmp_path, StillClock(at(0)))
    yield made
    made.store.close()


async def test_what_went_into_an_order_that_is_made_is_off_the_stock_once(shop):
    await shop.finish()
    await shop.finish()
    assert shop.on_record() == 12
    (told,) = shop.events()
    assert (told.subject, told.about["item"], told.about["quantity"]) == ("a", "bar", "-8")


async def test_the_plan_counts_it_neither_twice_nor_not_at_all(shop):
    await shop.finish()
    assert shop.in_plan() == 20  # eight of them stay taken by the order that is made
    assert sum(s.quantity for s in shop.live.records.stock) == 12
    signed = shop.events()[0].id
    more = Stock(item="bar", quantity=Decimal(5), source="order o")
    await shop.desk.material(wire.Material(item="bar", arrivals=(more,), cause=signed))
    assert (shop.on_record(), shop.in_plan()) == (17, 25)
    await shop.desk.open()
    assert shop.in_plan() == 17  # the order that is made is in this plan no more


async def test_nothing_is_taken_that_is_not_on_record(shop):
    shop.store.write_sync(lambda tx: tx.stock.delete_where(item="bar", source=("shelf 2",)))
    await shop.finish()
    assert shop.on_record() == 0
    assert shop.events()[0].about["quantity"] == "-5"
