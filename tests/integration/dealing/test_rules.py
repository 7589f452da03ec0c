"""What counts beside a low price is set on the page, weighed in the choice, and said there."""

import datetime as dt
from decimal import Decimal

import pytest
from tests.integration.dealing.houses import House, makes, meet, until
from tests.integration.dealing.test_restored import need

from hanse.flows import kinds
from hanse.flows.policy import Policy
from hanse.model.errors import BadInput, NotFound
from hanse.node.dealing.buying_rules import buying, rules_for
from hanse.node.dealing.selling_rules import breaks_of, selling
from hanse.node.pages.trading import RecordTrade


def pages(house):
    return RecordTrade(house.context)


async def quoted(seller, rfq, price):
    await until(lambda: [e for e in seller.events(kinds.REQUEST_RECEIVED) if e.subject == rfq])
    ready = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
    values = {"price_1": price, "ready_1": ready}
    await pages(seller).act(rfq, "quote", values, by="owner")


async def test_a_rule_moves_the_choice_and_the_request_says_why(tmp_path):
    buyer = House(tmp_path, "pump-works", award_alone_up_to_minor=0)
    cheap = House(tmp_path, "cheap-shop", quote_alone=False)
    near = House(tmp_path, "near-shop", quote_alone=False)
    makes(buyer, price_minor=None)
    makes(cheap)
    makes(near)
    meet(buyer, cheap, near)
    async with buyer, cheap, near:
        rule = {"firm": cheap.did, "taking_on": "30", "spend_max": "", "risk_percent": "0"}
        await pages(buyer).change_rules("firm", rule, by="owner")
        need(buyer)
        rfq = (await until(lambda: buyer.events(kinds.ASKED)))[0].subject
        await quoted(cheap, rfq, "10")
        await quoted(near, rfq, "11")
        await until(lambda: len(buyer.events(kinds.OFFERED)) == 2)
        chosen = (await until(lambda: buyer.events(kinds.CHOSEN)))[0]
        assert list(chosen.about["by_seller"]) == [near.did]
        view = await pages(buyer).rfq(rfq)
        assert [q.firm for q in view.quotes] == ["near-shop", "cheap-shop"]
        assert "taking this firm on costs more" in view.choice[0].en
        assert "启用该企业的费用更高" in view.choice[0].zh
        await pages(buyer).change_rules("firm", rule | {"taking_on": "0"}, by="owner")
        assert (await pages(buyer).rfq(rfq)).quotes[0].firm == "cheap-shop"
        seen = await pages(buyer).rules()
        assert {row.firm for row in seen.firms} == {"cheap-shop", "near-shop"}
        assert len(seen.events) == 2
        assert buyer.errors == cheap.errors == near.errors == []


async def test_what_the_node_may_do_alone_is_set_on_the_page_and_what_is_out_of_bounds_is_refused(
    tmp_path,
):
    house = House(tmp_path, "pump-works")
    async with house:
        values = {"award_alone_up_to_minor": "250.50", "quote_alone": "true"}
        await pages(house).change_rules("alone", values, by="owner")
        policy = house.read(house.context.policy_in)
        assert policy == Policy(
            award_alone_up_to_minor=25_050,
            accept_alone_up_to_minor=0,
            agree_changes_alone=False,
            despatch_alone=False,
            invoice_alone=False,
        )
        await pages(house).change_rules(
            "buying", {"firms": "2", "small_share_percent": "20"}, by="o"
        )
        assert house.read(buying).firms == 2
        assert house.read(lambda tx: rules_for(tx, ())).small_share == 0.2
        said = {"setup": "80", "freight": "12.5", "least": "5", "steps": "50: 3; 10: 1.5"}
        await pages(house).change_rules("selling", said, by="owner")
        breaks = breaks_of(house.read(selling), Decimal("9.99"))
        assert [(b.minimum_quantity, b.price_amount) for b in breaks] == [
            ("10", "9.85"),
            ("50", "9.7"),
        ]
        for wrong in ("50", "0: 3", "50: 100"):
            with pytest.raises(BadInput):
                await pages(house).change_rules("selling", {"steps": wrong}, by="owner")
        for deed, wrong in (
            ("buying", {"firms": "0"}),
            ("alone", {"award_alone_up_to_minor": "-1"}),
        ):
            with pytest.raises(BadInput):
                await pages(house).change_rules(deed, wrong, by="owner")
        with pytest.raises(NotFound):
            await pages(house).change_rules("firm", {"firm": "did:key:zNobody"}, by="owner")
        with pytest.raises(BadInput):
            await pages(house).change_rules("other", {}, by="owner")


async def test_what_our_quotes_ask_beside_the_price_is_in_a_quote_from_the_plan(tmp_path):
    buyer, seller = House(tmp_path, "pump-works"), House(tmp_path, "turning-shop")
    makes(buyer, price_minor=None)
    makes(seller)
    meet(buyer, seller)
    async with buyer, seller:
        said = {"setup": "80", "freight": "12.50", "least": "5", "steps": "10: 5"}
        await pages(seller).change_rules("selling", said, by="owner")
        need(buyer)
        await until(lambda: buyer.events(kinds.ORDERED))
        order = buyer.events(kinds.ORDERED)[0].about["document"]
        assert order["orderLine"][0]["price"]["priceAmount"] == "11.78"
        assert order["orderLine"][0]["extraAmount"] == "92.5"
        need(buyer, count="4")
        await until(lambda: buyer.events(kinds.DECLINED))
        assert buyer.errors == seller.errors == []
