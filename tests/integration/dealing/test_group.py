"""Firms clear together: one convenes, each is told its own, orders are between two as ever."""

import asyncio
import datetime as dt
from decimal import Decimal

import msgspec
import pytest
from click.testing import CliRunner
from tests.integration.dealing.houses import House, makes, meet, until

from hanse.cli.main import root
from hanse.flows import kinds
from hanse.match.books import Books
from hanse.match.group import Cleared, Given, Invited
from hanse.model.errors import BadInput, NotFound
from hanse.node.grouping.keeping import groups, open_group, part_key, parts
from hanse.node.offline import offline
from hanse.node.pages.clearings import RecordClearings
from hanse.node.shelves import Demand, demands

DAY = dt.timedelta(days=1)


def now():
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def firms(tmp_path):
    names = ("pump-works", "steel-stock", "turning-shop")
    buyer, convener, shop = (House(tmp_path, n) for n in names)
    makes(buyer, price_minor=None)
    makes(shop)
    meet(buyer, convener, shop)
    for member in (buyer, shop):
        grant(member, convener)
    with offline(buyer.folder) as context:
        wish = Demand(key="demand-1", item="SHAFT-40", wanted=Decimal(30), due=now() + DAY)
        context.store.write_sync(lambda tx: demands(tx).put(wish.key, wish))
    return buyer, convener, shop


def grant(member, convener):
    def write(tx):
        books = Books(tx.desk)
        old = books.grants(convener.did)
        books.put_grants(convener.did, msgspec.structs.replace(old, may_clear=True))

    with offline(member.folder) as context:
        context.store.write_sync(write)


def convene(convener, *members, closing=DAY):
    dids = [m.did for m in members]
    return convener.write(
        lambda tx: open_group(
            tx,
            convener.context,
            dids,
            closing=now() + closing,
            until=now() + 2 * DAY,
            by="owner",
        )
    ).subject


def group_of(house, number):
    return house.read(lambda tx: groups(tx).need(number))


def part_of(house, convener, number):
    return house.read(lambda tx: parts(tx).get(part_key(convener.did, number)))


def close_now(house, number):
    """The clock stands at closing: no test waits for it."""

    def write(tx):
        group = groups(tx).need(number)
        call = msgspec.structs.replace(group.call, closing_date_time=now())
        groups(tx).put(number, msgspec.structs.replace(group, call=call))

    house.write(write)


async def test_what_fits_becomes_an_ordinary_order_between_the_two_firms(firms):
    buyer, convener, shop = firms
    async with buyer, convener, shop:
        number = convene(convener, buyer, shop)
        await until(lambda: buyer.events(kinds.ORDERED) and shop.events(kinds.ORDERED))
        cleared = group_of(convener, number).state
        assert {(f.buyer, f.seller) for f in cleared.fits} == {(buyer.did, shop.did)}
        assert sum(f.quantity for f in cleared.fits) == 30
        contracts = buyer.read(lambda tx: Books(tx.desk).contracts())
        assert {p for p, _ in contracts} == {shop.did}
        bought = [n.quantity for _, c in contracts for n in c.terms.lines.values()]
        assert sum(bought) == 30
        assert convener.read(lambda tx: Books(tx.desk).contracts()) == []
        mine = part_of(convener, convener, number).state
        assert isinstance(mine, Given)
        assert mine.taken == ()
        assert "buy" in buyer.events(kinds.CLEARING_GIVEN)[0].text.en
        assert [buyer.errors, convener.errors, shop.errors] == [[], [], []]
        (row,) = (await RecordClearings(buyer.context).view()).rows
        assert (row.state.name, row.convener, row.needs) == ("given", "steel-stock", 1)
        assert {(p.firm, p.buys) for p in row.pairs} == {("turning-shop", True)}
        (ours,) = (await RecordClearings(convener.context).view()).rows
        assert (ours.state.name, ours.stated, ours.quiet, ours.pairs) == ("cleared", 3, (), ())
    run = lambda *args: asyncio.to_thread(CliRunner().invoke, root, ["clearing", *args])  # noqa: E731
    show = ["ledger", "show", "--folder", str(shop.folder.path)]
    printed = (await asyncio.to_thread(CliRunner().invoke, root, show)).stdout
    assert "pump-works: order order-" in printed
    assert "pump-works buys from turning-shop: 30 × Shaft 40 mm @ 12.40; 372.00 EUR" in printed
    assert "In all: ordered 372.00, invoiced 0.00, paid 0.00 EUR" in printed
    shown = await asyncio.to_thread(CliRunner().invoke, root, [*show, "--language", "zh"])
    assert "pump-works 向 turning-shop 购买" in shown.stdout
    tried = await run("try", "--json", "--folder", str(buyer.folder.path))
    found = msgspec.json.decode(tried.stdout)
    assert found["chosen"] == found["together"]
    assert (found["chosen_unmet"], len(found["rows"])) == ("0", 1)
    listed = await run("list", "--folder", str(buyer.folder.path))
    assert "turning-shop" in listed.stdout
    more = ("--members", buyer.did, "--folder", str(convener.folder.path))
    assert "called 1 partner" in (await run("open", *more)).stdout


async def test_the_silent_are_left_out_a_restart_goes_on_and_who_is_late_does_not_count(firms):
    buyer, convener, shop = firms
    async with shop:
        async with convener:
            number = convene(convener, buyer, shop)
            await until(lambda: len(group_of(convener, number).state.stated) == 2)
            assert convener.events(kinds.CLEARING_CLEARED) == []
        async with convener:
            close_now(convener, number)
            await until(lambda: isinstance(group_of(convener, number).state, Cleared))
            (told,) = convener.events(kinds.CLEARING_CLEARED)
            assert told.about["silent"] == [buyer.did]
            async with buyer:
                await until(lambda: convener.events(kinds.CLEARING_LATE))
            assert buyer.did not in group_of(convener, number).state.stated
            assert len(convener.events(kinds.CLEARING_CLEARED)) == 1


def test_who_is_no_partner_or_a_closing_too_far_away_is_not_convened(firms, tmp_path):
    buyer, convener, _ = firms
    stranger = House(tmp_path, "stranger")
    with offline(convener.folder) as convener.context:
        with pytest.raises(NotFound):
            convene(convener, stranger)
        for members, closing in (((), DAY), ((buyer,), 30 * DAY), ((buyer,), -DAY)):
            with pytest.raises(BadInput):
                convene(convener, *members, closing=closing)
        number = convene(convener, buyer)
        assert isinstance(part_of(convener, convener, number).state, Invited)
