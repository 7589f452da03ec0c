"""Firms get to know one another: profiles, introductions, free words, drawings."""

import datetime as dt

import pytest
from tests.integration.dealing.houses import House, makes, meet, until

from hanse.flows import kinds
from hanse.model.errors import BadInput, NotFound
from hanse.node.dealing import files
from hanse.node.pages.peers import RecordPeers
from hanse.node.pages.trading import RecordTrade
from hanse.web.views.trading import AskForm


def trade(house):
    return RecordTrade(house.context)


def peers(house):
    return RecordPeers(house.context)


def wish(**more):
    due = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
    return AskForm(**({"quantity": "12", "due": due} | more))


async def codes_of(house, other):
    return [f.value.en for f in (await peers(house).peer(other.did)).facts]


@pytest.fixture
def firms(tmp_path):
    buyer, seller = House(tmp_path, "pump-works"), House(tmp_path, "turning-shop")
    makes(buyer, price_minor=None)
    makes(seller)
    return buyer, seller


async def test_a_profile_edited_on_the_page_reaches_every_partner_signed(firms):
    buyer, seller = firms
    meet(buyer, seller)
    async with buyer, seller:
        values = {"code": "turning-cnc", "size_mm": "300 x 80", "tolerance_um": "20"}
        await peers(seller).act(seller.did, "offer", values, by="owner")
        said = {"certificate": "ISO 9001", "language": "en, zh", "small": "true"}
        await peers(seller).act(seller.did, "describe", said, by="owner")
        await until(lambda: len(buyer.events("match.profiled")) >= 3)
        facts = " ".join(await codes_of(buyer, seller))
        assert "300 x 80 mm, 20 µm" in facts
        assert "ISO 9001" in facts
        with pytest.raises(BadInput):
            await peers(seller).act(
                seller.did, "offer", {"code": "turning-cnc", "size_mm": "a"}, by="o"
            )


async def test_a_firm_finds_its_own_process_by_its_own_words_and_the_pick_is_learnt(firms):
    _, seller = firms
    async with seller:
        words = "wir machen zorgelnuten in naben"
        values = {"code": "sawing", "other": "broaching", "words": words, "tolerance_um": "15"}
        await peers(seller).act(seller.did, "offer", values, by="owner")
        assert "Broaching and slotting (15 µm)" in await codes_of(seller, seller)
        assert (await trade(seller).candidates(words))[0].value == "broaching"
        assert len(await trade(seller).capabilities()) == 85


async def test_free_words_find_a_code_the_pick_is_learnt_and_hard_limits_come_first(firms):
    buyer, seller = firms
    meet(buyer, seller)
    async with buyer, seller:
        found = await trade(buyer).candidates("drehteile nach zeichnung")
        await trade(buyer).ask(
            wish(words="drehteile nach zeichnung", code="turning-cnc"), by="owner"
        )
        learnt = await trade(buyer).candidates("Drehteile nach Zeichnung")
        assert learnt[0].value == "turning-cnc"
        assert len(found) <= 5
        (wanted,) = buyer.events(kinds.SOMETHING_WANTED)
        assert "drehteile nach zeichnung (CNC turning)" in wanted.text.en
        assert "数控车削" in wanted.text.zh
        await until(lambda: seller.events(kinds.REQUEST_RECEIVED))
        values = {"code": "turning-cnc", "size_mm": "100 x 40"}
        await peers(seller).act(seller.did, "offer", values, by="owner")
        await until(lambda: "100 x 40" in str(_profile(buyer, seller)))
        await trade(buyer).ask(
            wish(words="shaft", code="turning-cnc", size_mm="500 x 40"), by="owner"
        )
        await until(lambda: any("nobody" in e.text.en for e in buyer.events(kinds.NO_OFFER)))
        with pytest.raises(NotFound):
            await trade(buyer).ask(wish(words="shaft", code="no-such-code"), by="owner")


def _profile(house, other):
    from hanse.node.dealing.profiles import profile_of

    profile = house.read(lambda tx: profile_of(tx, other.did))
    return " ".join(" x ".join(o.size_mm) for o in profile.capability) if profile else ""


async def test_a_drawing_travels_sealed_to_the_one_who_is_asked_and_goes_on_where_it_stopped(firms):
    buyer, seller = firms
    meet(buyer, seller)
    drawing = bytes(range(256)) * 1_000
    async with buyer, seller:
        kept = await trade(buyer).keep_file("shaft.step", drawing, by="owner")
        half = files._place(seller.context, kept.digest).with_suffix(".part")
        await trade(buyer).ask(wish(item="SHAFT-40", drawing=kept.digest), by="owner")
        await until(lambda: seller.events("match.file_came"))
        assert await trade(seller).file(kept.digest) == ("DRW-40", drawing)
        assert not half.exists()
        rfq = seller.events(kinds.REQUEST_RECEIVED)[0].subject
        facts = {f.href for f in (await trade(seller).rfq(rfq)).facts}
        assert f"/trade/files/{kept.digest}" in facts
        for ready in (buyer.folder / "files" / "ready").iterdir():
            assert drawing[:64] not in ready.read_bytes()


async def test_a_fetch_goes_on_from_what_came_and_only_the_addressee_is_given_it(firms, tmp_path):
    buyer, seller = firms
    third = House(tmp_path, "other-shop")
    meet(buyer, seller, third)
    data = b"drawing " * 40_000
    async with buyer, seller, third:
        kept = files.keep(buyer.context, data, name="a.pdf")
        files.share(buyer.context, kept.digest, to=seller.did, key=seller.did)
        ready = files._ready(buyer.context, kept.digest, seller.did).read_bytes()
        part = files._place(seller.context, kept.digest).with_suffix(".part")
        part.write_bytes(ready[:100_000])
        for house in (seller, third):
            house.write(lambda tx: files.want(tx, kept.digest, source=buyer.did, name="a.pdf"))
        await until(lambda: seller.events("match.file_came"))
        assert files.content(seller.context, kept.digest) == data
        wish = await until(
            lambda: third.read(lambda tx: [w for w in files.wanted(tx).all() if w.tries])
        )
        assert "404" in wish[0].error


async def test_a_common_partner_introduces_two_firms_and_they_begin_to_deal(firms, tmp_path):
    buyer, seller = firms
    common = House(tmp_path, "steel-stock")
    meet(common, buyer)
    meet(common, seller)
    async with buyer, seller, common:
        await until(lambda: len(common.events("match.profiled")) >= 2)
        await peers(common).act(buyer.did, "introduce", {"firm": seller.did}, by="owner")
        (row,) = await until(lambda: buyer.events("match.introduced")) and (
            await peers(buyer).introduced()
        )
        assert (row.name, row.by, row.address) == ("turning-shop", "steel-stock", seller.url)
        await peers(buyer).add(row.address, by="owner")
        await peers(seller).add(buyer.url, by="owner")
        assert (await peers(buyer).peer(seller.did)).row.code
        for house, other in ((buyer, seller), (seller, buyer)):
            await peers(house).act(other.did, "pin", {}, by="owner")
        await until(lambda: _level(buyer, seller) and _level(seller, buyer))
        assert await peers(buyer).introduced() == ()


def _level(house, other):
    from hanse.match.books import Books

    ledger = house.read(lambda tx: Books(tx.desk).ledger(other.did))
    return ledger is not None and ledger.chain.length >= 1


async def test_what_a_partner_may_do_is_set_on_its_page_and_held_at_the_door(firms):
    buyer, seller = firms
    meet(buyer, seller)
    async with buyer, seller:
        values = {"order_value_max": "10", "letters_per_minute": "600", "asks_per_minute": "60"}
        await peers(seller).act(buyer.did, "limits", values | {"may_sell": "true"}, by="owner")
        await trade(buyer).ask(wish(item="SHAFT-40"), by="owner")
        await until(lambda: buyer.events(kinds.WINDOW_CLOSED))
        assert seller.events(kinds.REQUEST_RECEIVED) == []
        shown = {f.name: f.value for f in (await peers(seller).peer(buyer.did)).limits}
        assert shown["may_ask"] == "-"
        assert shown["order_value_max"] == "10"
