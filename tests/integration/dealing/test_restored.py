"""A node that was restored from an old backup catches up with its partner and does not fork."""

import datetime as dt
from decimal import Decimal

from tests.integration.dealing.houses import House, makes, meet, until

from hanse.flows import kinds
from hanse.match.books import Books
from hanse.node.acts.buying import open_demand


def need(house, count="12"):
    due = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)

    def write(tx):
        return open_demand(
            tx, house.context, item="SHAFT-40", quantity=Decimal(count), due=due, order=""
        )

    return house.write(write)


def entries(house, other):
    chain = house.read(lambda tx: Books(tx.desk).ledger(other.did)).chain.id
    return house.read(lambda tx: tx.desk.entries(chain, 0, 1_000))


async def bought(buyer, seller, count):
    need(buyer)
    await until(lambda: len(buyer.events(kinds.ORDERED)) == count, "ordered")
    await until(lambda: len(seller.events(kinds.ORDERED)) >= count - 1, "signed by the seller")


async def test_a_restored_seller_takes_over_what_it_signed_and_deals_on(tmp_path):
    buyer, seller = House(tmp_path, "pump-works"), House(tmp_path, "turning-shop")
    makes(buyer, price_minor=None)
    makes(seller)
    meet(buyer, seller)
    async with buyer:
        async with seller:
            await bought(buyer, seller, 1)
            seller.backup(tmp_path / "backup.sqlite")
            await bought(buyer, seller, 2)
            await until(lambda: entries(seller, buyer) == entries(buyer, seller))
        signed = entries(buyer, seller)
        seller.restore(tmp_path / "backup.sqlite")
        async with seller:
            assert len(entries(seller, buyer)) < len(signed)
            await until(lambda: entries(seller, buyer) == signed, "caught up")
            await bought(buyer, seller, 3)
            await until(lambda: entries(seller, buyer) == entries(buyer, seller))
            assert len(entries(seller, buyer)) > len(signed)
            told = seller.kinds() + buyer.kinds()
            assert "match.forked" not in told
