"""A disturbance goes along a chain of real nodes, and what it does comes back as sums."""

import datetime as dt
from decimal import Decimal

import msgspec
import pytest
from tests.integration.dealing.houses import House, makes, meet, until

from hanse.flows import kinds
from hanse.match.books import Books
from hanse.match.grants import Grants
from hanse.model.errors import Conflict
from hanse.model.event import Draft
from hanse.model.product import BomLine, Item
from hanse.model.sale import CustomerOrder
from hanse.model.text import Text
from hanse.node.acts.buying import open_demand
from hanse.node.offline import offline
from hanse.node.pages.ripples import RecordRipples
from hanse.node.rippling.forecasts import demands_of
from hanse.node.rippling.keeping import ripples
from hanse.node.rippling.place import place_in
from hanse.node.shelves import sales
from hanse.store import peer_lane

DUE = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=9)


def pages(house):
    return RecordRipples(house.context)


async def ordered(buyer, seller, item, count):
    """An order that both signed, by the loop."""
    have = len(buyer.events(kinds.ORDERED))
    buyer.write(
        lambda tx: open_demand(
            tx, buyer.context, item=item, quantity=Decimal(count), due=DUE, order=""
        )
    )
    await until(lambda: len(buyer.events(kinds.ORDERED)) > have and seller.events(kinds.ORDERED))
    return buyer.events(kinds.ORDERED)[-1].subject


def goes_into(house, item, component):
    with offline(house.folder) as context:
        line = BomLine(item=item, component=component, quantity=Decimal(1))
        part = Item(
            key=component, title=component, drawing="DRW-40", capability="turning-cnc", make=False
        )
        context.store.write_sync(lambda tx: (tx.items.put(part), tx.bom_lines.put(line)))


@pytest.fixture
def chain(tmp_path):
    """A shop makes shafts for a pump works, which makes pumps for a plant builder."""
    shop, works, builder = (House(tmp_path, n) for n in ("shop", "works", "builder"))
    makes(shop)
    makes(works, "PUMP", price_minor=40_000)
    goes_into(works, "PUMP", "SHAFT-40")
    makes(builder, "PUMP", price_minor=None)
    for house, drawing in ((works, "P-1"), (builder, "P-1")):
        with offline(house.folder) as context:
            put = lambda tx, d=drawing: tx.items.put(  # noqa: E731
                msgspec.structs.replace(tx.items.need("PUMP"), drawing=d)
            )
            context.store.write_sync(put)
    meet(shop, works)
    meet(works, builder)
    return shop, works, builder


def waits(house, key="CO-1", item="PUMP", count=12):
    """A customer of a firm that runs no node."""
    order = CustomerOrder(
        key=key, customer="c", title="Waterworks", item=item, quantity=Decimal(count),
        placed_at=DUE, due=DUE, price_minor=600_000,
    )  # fmt: skip
    with offline(house.folder) as context:
        context.store.write_sync(lambda tx: tx.customer_orders.put(order))


def grants(house, other, **more):
    house.write(lambda tx: Books(tx.desk).put_grants(other.did, Grants(**more)))


async def row(house):
    found = await pages(house).rows(limit=10)
    return found[0] if found else None


def later(days):
    return (dt.datetime.now(dt.UTC) + dt.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


async def told_short(shop, order, count="5"):
    values = {"sale": order, "quantity": count, "expected": later(20)}
    return (await pages(shop).begin("sale", values, by="owner")).href.rpartition("/")[2]


async def test_a_disturbance_goes_two_firms_on_and_comes_back_as_sums(chain):
    shop, works, builder = chain
    waits(builder)
    async with shop, works, builder:
        await ordered(builder, works, "PUMP", 12)
        shafts = await ordered(works, shop, "SHAFT-40", 12)
        number = await told_short(shop, shafts)
        answered = lambda: (a := one(shop, number).answers.get(works.did)) and a.hops == 2  # noqa: E731
        await until(answered)
        view = await pages(shop).one(number)
        assert [(a.firm, a.orders, a.firms, a.money) for a in view.answers] == [
            ("works", 2, 2, "4,500.00 EUR")
        ]
        assert f"5 of {shafts} by" in view.answers[0].needs.en
        assert (view.row.orders, view.row.firms, view.row.state.name) == (3, 3, "answered")
        assert view.row.money == "4,562.00 EUR"
        middle = await pages(works).one(number)
        assert [(h.firm, h.quantity, h.money) for h in middle.hits] == [
            ("builder", Decimal(5), "2,000.00 EUR")
        ]
        assert middle.row.began_by == "shop"
        assert one(builder, number).told == ()
        assert shop.errors == works.errors == builder.errors == []


def one(house, number):
    return house.read(lambda tx: ripples(tx).need(number))


async def test_more_demand_goes_up_to_those_who_supply_its_parts(chain):
    shop, works, _ = chain
    async with shop, works:
        shafts = await ordered(works, shop, "SHAFT-40", 12)
        values = {"item": "PUMP", "quantity": "30", "by": later(30)}
        done = await pages(works).begin("more", values, by="owner")
        number = done.href.rpartition("/")[2]
        await until(lambda: one(works, number).answers)
        view = await pages(works).one(number)
        assert (view.answers[0].orders, view.answers[0].money) == (1, "372.00 EUR")
        (hit,) = (await pages(shop).one(number)).hits
        assert (hit.order, hit.quantity, hit.firm) == (shafts, Decimal(30), "works")
        assert shop.errors == works.errors == []


async def test_a_partner_takes_part_only_where_both_allow_it(chain):
    shop, works, _ = chain
    async with shop, works:
        shafts = await ordered(works, shop, "SHAFT-40", 12)
        grants(shop, works, may_hear=False)
        number = await told_short(shop, shafts)
        assert one(shop, number).left_out == 1
        assert one(shop, number).told == ()
        grants(shop, works)
        grants(works, shop, may_hear=False)
        second = await told_short(shop, shafts)
        await until(lambda: works.events(kinds.RIPPLE_PASSED))
        grants(works, shop, may_forward=False)
        third = await told_short(shop, shafts)
        await until(lambda: not shop.read(lambda tx: tx.outbox.waiting(peer_lane(works.did))))
        grants(works, shop)
        fourth = await told_short(shop, shafts)
        await until(lambda: one(shop, fourth).answers)
        assert one(shop, second).answers == one(shop, third).answers == {}
        assert works.read(lambda tx: ripples(tx).get(third)) is None


async def test_a_broken_promise_begins_a_ripple_and_quotes_of_others_cover_it(tmp_path):
    shop, other, works = (House(tmp_path, n) for n in ("shop", "other", "works"))
    makes(shop)
    makes(works, "PUMP", price_minor=40_000)
    goes_into(works, "PUMP", "SHAFT-40")
    waits(works)
    meet(shop, works)
    async with shop, works:
        shafts = await ordered(works, shop, "SHAFT-40", 12)
    makes(other)
    meet(other, works)
    async with shop, other, works:
        await until(lambda: shop.read(lambda tx: sales(tx).get(shafts)))
        broken(shop, shafts)
        begun = (await until(lambda: shop.events(kinds.RIPPLE_BEGUN)))[0]
        covered = lambda: (a := one(shop, begun.subject).answers.get(works.did)) and a  # noqa: E731
        await until(lambda: covered() and covered().replacement_quoted == "2500")
        assert covered().value_at_risk == "2500"
        assert covered().recover_days is not None
        assert one(shop, begun.subject).notice.leading_root_cause == "production-incident"
        assert len(shop.events(kinds.RIPPLE_BEGUN)) == 1
        assert works.events(kinds.RIPPLE_PASSED)[0].loop == begun.loop


async def test_what_customers_together_will_want_is_passed_up_and_counts_instead_of_orders(chain):
    shop, works, builder = chain
    waits(works, "CO-2", count=30)
    async with shop, works, builder:
        await ordered(builder, works, "PUMP", 12)
        await ordered(works, shop, "SHAFT-40", 12)
        grants(works, shop, gets_forecast=True)
        with pytest.raises(Conflict):
            await pages(works).begin("forecast", {}, by="owner")
        late = DUE + dt.timedelta(days=400)
        third = lambda tx: tx.customer_orders.put(  # noqa: E731
            msgspec.structs.replace(tx.customer_orders.need("CO-2"), key="CO-3", due=late)
        )
        works.write(third)
        await pages(works).begin("forecast", {}, by="owner")
        (told,) = await pages(works).forecasts()
        assert (told.firm, told.out, told.sources, told.total) == ("shop", True, 3, Decimal(42))
        await until(lambda: shop.events(kinds.FORECAST))
        (heard,) = await pages(shop).forecasts()
        assert (heard.firm, heard.item, heard.total) == ("works", "SHAFT-40", Decimal(42))
        assert sum(q for _, q in heard.weeks) == 42
        with pytest.raises(Conflict):
            await pages(works).begin("forecast", {}, by="owner")
        with offline(shop.folder) as context:
            bar = BomLine(item="SHAFT-40", component="BAR", quantity=Decimal(2))
            context.store.write_sync(lambda tx: tx.bom_lines.put(bar))
            place = context.store.read_sync(lambda tx: place_in(tx, context))
            found = context.store.read_sync(
                lambda tx: list(demands_of(tx, place, at=context.clock.now()))
            )
        assert [(sum(q for _, q in d.wants["SHAFT-40"]), d.sources) for d in found] == [(42, 3)]


def broken(house, order):
    """What the plan role records when a machine fails and two orders cannot be kept."""
    possible = (dt.datetime.now(dt.UTC) + dt.timedelta(days=20)).isoformat()
    about = {"order": f"WO-{order}", "demand": order, "kept": "7", "missing": "5"}
    about |= {"possible": possible, "reason": "down"}

    def write(tx):
        said = {"text": Text("x", "x"), "subject": "L1"}
        alarm = Draft(kind=kinds.ALARM_ACTIVE, loop="loop-1", about={"effect": ""}, **said)
        first = tx.events.append(alarm)
        made = tx.events.append(Draft(kind=kinds.PLAN_REPAIRED, cause=first.id, **said))
        for _ in range(2):
            draft = Draft(kind=kinds.PROMISE_BROKEN, cause=made.id, about=about, **said)
            tx.events.append(draft)

    house.write(write)
