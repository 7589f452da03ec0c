"""A provisional award gives way to what pays more until closing, and hears what would keep it."""

from decimal import Decimal

import pytest
from msgspec import structs
from tests.unit.match.market import DAY, HOUR, House, Market, quotation, quotation_line, rfq

from hanse.match import Policy
from hanse.match import enquiry as asking
from hanse.match.offer import Holding, Outbid, Passed, Sold
from hanse.model import trade

COUNT = {"1": Decimal(120)}


class Scene:
    """Two buyers and a shop with one place that both could have."""

    def __init__(self, *, least="10", premium="0", count="120", fee="0"):
        self.first, self.second = House("Pump Works", b"p" * 32), House("Gear Works", b"g" * 32)
        self.shop = House("Shaft Shop", b"s" * 32, policy=Policy(raise_least=Decimal(least)))
        self.market = Market(self.first, self.second, self.shop)
        self.closing = self.market.at + HOUR
        self.quote(self.first, quotation_line(place="P-1"), fee=fee)
        self.award(self.first)
        late = quotation_line(count=count, place="P-2", parts=((count, self.market.at + 60 * DAY),))
        over = structs.replace(
            quotation_line("1-first", count, place="", rfq_line="1"), premium_amount=premium
        )
        self.quote(self.second, late, over)

    def quote(self, buyer, *lines, fee="0"):
        market, name = self.market, f"R-{buyer.name[0]}"
        market.introduce(buyer, self.shop)
        market.act(buyer, lambda d: d.ask(rfq(buyer, name), (self.shop.did,), market.ctx()))
        market.run()
        paper = quotation(
            self.shop, f"Q-{name}", request=name, lines=lines, withdrawal_fee_percent=fee
        )
        over = {"1-first": ("P-1",)}
        market.act(self.shop, lambda d: d.quote(buyer.did, paper, market.ctx(), over=over))
        market.run()

    def award(self, buyer, lines=COUNT):
        name = f"R-{buyer.name[0]}"
        self.market.act(
            buyer,
            lambda d: d.award(
                name, self.shop.did, lines, closing=self.closing, ctx=self.market.ctx()
            ),
        )
        self.market.run()

    def order(self, buyer, lines=COUNT):
        name = f"R-{buyer.name[0]}"
        self.market.act(buyer, lambda d: d.order(name, self.shop.did, lines, ctx=self.market.ctx()))
        self.market.run()

    def talk(self, buyer):
        return buyer.desk().books.enquiry(f"R-{buyer.name[0]}").talks[self.shop.did]

    def state(self, buyer):
        return self.shop.desk().books.offer(buyer.did, f"R-{buyer.name[0]}").state


def first_line(count="120"):
    return {"1-first": Decimal(count)}


def test_a_place_goes_to_the_one_who_pays_more_and_the_other_hears_what_would_keep_it():
    scene = Scene(premium="10")
    scene.award(scene.second, first_line())
    assert isinstance(scene.state(scene.first), Outbid)
    assert scene.state(scene.second).hold.reservation_id == "P-1"
    lost = scene.talk(scene.first)
    assert isinstance(lost, asking.Outbid)
    assert lost.premium == "20.00"
    letters = [out.letter.document for _, _, out in scene.market.sent if out.kind == "displaced"]
    assert [scene.second.did in str(letter) for letter in letters] == [False]
    said = next(e.text for e in scene.first.events if e.kind == "match.displaced")
    assert "a premium of 20.00 would have kept it" in said.en
    assert "出价更高" in said.zh


def test_the_one_who_was_outbid_takes_the_place_back_at_the_premium_it_was_told():
    scene = Scene(premium="10")
    scene.award(scene.second, first_line())
    scene.award(scene.first)
    assert scene.state(scene.first).award.premium_amount == "20.00"
    assert isinstance(scene.talk(scene.first), asking.Held)
    assert scene.talk(scene.second).premium == "30.00"
    scene.order(scene.first)
    assert scene.state(scene.first).place == "P-1"
    contract = scene.first.desk().books.contracts()[0][1]
    assert contract.terms.lines["1"].extra == Decimal("20.00")


def test_the_second_best_date_of_the_same_firm_is_still_open_to_the_one_outbid():
    scene = Scene(premium="10")
    scene.award(scene.second, first_line())
    scene.award(scene.first)
    offers = asking.open_offers(scene.second.desk().books.enquiry("R-G"), at=scene.market.at)
    lines = {n.id: n.premium_amount for n in offers[scene.shop.did].quotation_line}
    assert lines == {"1": "0", "1-first": "30.00"}
    scene.award(scene.second)
    assert scene.state(scene.second).hold.reservation_id == "P-2"


@pytest.mark.parametrize("change", [{"least": "0"}, {"premium": "9"}])
def test_a_place_does_not_give_way_to_too_little_or_where_the_seller_keeps_its_word(change):
    scene = Scene(**{"premium": "10", **change})
    scene.award(scene.second, first_line())
    assert isinstance(scene.state(scene.first), Holding)
    assert not isinstance(scene.talk(scene.second), asking.Held)


def test_after_closing_a_place_gives_way_to_nobody():
    scene = Scene(premium="500")
    scene.market.at = scene.closing
    scene.award(scene.second, first_line())
    assert isinstance(scene.state(scene.first), Holding)
    assert isinstance(scene.talk(scene.second), asking.Dropped)


def test_a_smaller_job_pays_what_the_larger_would_have_brought_and_the_fee():
    scene = Scene(premium="10", count="100", fee="5")
    scene.award(scene.second, first_line("100"))
    assert scene.talk(scene.second).premium == "332.40"  # 10 + 20 pieces at 12.40 + 5 % of 1,488
    scene.award(scene.second, first_line("100"))
    assert scene.talk(scene.first).reason.code == "OUTBID"
    said = next(e for e in scene.first.events if e.kind == "match.displaced")
    assert said.about["fee"] == "74.4"


def test_an_order_that_pays_more_takes_an_awarded_place_at_once_and_frees_the_rest():
    scene = Scene(premium="10")
    scene.order(scene.second, first_line())
    assert isinstance(scene.state(scene.second), Sold)
    assert isinstance(scene.talk(scene.first), asking.Dropped)
    told = {e.kind: e.about["reservations"] for e in scene.shop.events if "reservations" in e.about}
    assert told == {"match.gave_way": ("P-1",), "match.spared": ["P-2"]}


def test_an_order_without_the_premium_of_its_award_is_refused():
    scene = Scene(premium="10")
    scene.award(scene.second, first_line())
    scene.award(scene.first)
    books = scene.first.desk().books
    enquiry = books.enquiry("R-P")
    talk = enquiry.talks[scene.shop.did]
    cheap = structs.replace(talk, award=structs.replace(talk.award, premium_amount="0"))
    books.put_enquiry(asking.with_talk(enquiry, scene.shop.did, cheap))
    scene.order(scene.first)
    assert isinstance(scene.state(scene.first), Holding)
    assert "premium of the award" in scene.talk(scene.first).reason.note


def test_an_award_taken_back_by_its_buyer_frees_its_place():
    scene = Scene(premium="10")
    why = trade.Reason(code="TAKEN_BACK")
    scene.market.act(
        scene.first, lambda d: d.displace(scene.shop.did, "R-P", why, scene.market.ctx())
    )
    scene.market.run()
    assert isinstance(scene.state(scene.first), Passed)
    said = [e for e in scene.shop.events if e.kind == "match.displaced"]
    assert said[0].about["reservations"] == ["P-1"]
    scene.award(scene.second, first_line())
    assert scene.state(scene.second).hold.reservation_id == "P-1"


def test_what_is_awarded_is_not_chosen_a_second_time():
    scene = Scene()
    choice = scene.first.desk().compare("R-P", at=scene.market.at)
    assert choice.by_seller() == {}
