"""Two buyers want one place: the second pays more, and the first has its work made elsewhere."""

import datetime as dt

import msgspec
import pytest
from tests.integration.dealing.houses import FakePlan, House, makes, meet, until
from tests.integration.dealing.test_restored import need

from hanse.flows import kinds
from hanse.match.books import Books
from hanse.match.enquiry import Held, Placed
from hanse.match.offer import Holding, Sold
from hanse.model.plan import Promise, PromiseKind, PromisePoint
from hanse.node.pages.trading import RecordTrade
from hanse.node.planning import wire

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


class OnePlace(FakePlan):
    """A plan with one early place: what is asked after it is held comes 60 days later."""

    def __init__(self):
        super().__init__()
        self.early = dt.datetime.now(dt.UTC).replace(microsecond=0) + HOUR

    async def request(self, subject, data, timeout):
        command, early = subject.removeprefix("command."), self.early
        if command == wire.QUOTE_OVER:
            self.asked.append((command, msgspec.json.decode(data)))
            question = msgspec.json.decode(data, type=wire.OverAsk)
            point = PromisePoint(kind=PromiseKind.UNTOUCHED, ready_at=early)
            said = Promise(
                item=question.item, quantity=12, asked_at=early, version=1, curve=(point,)
            )
        elif command == wire.KEEP_PLACE:
            self.asked.append((command, msgspec.json.decode(data)))
            question = msgspec.json.decode(data, type=wire.PlaceAsk)
            said = wire.QuoteAnswer(quantity=12, ready=early, hold=question.hold, version=2)
        elif command == wire.QUOTE:
            taken = sum(c == wire.QUOTE for c, _ in self.asked)
            self.asked.append((command, msgspec.json.decode(data)))
            ready = early + 60 * DAY * taken
            said = wire.QuoteAnswer(quantity=12, ready=ready, hold=f"place-{taken}", version=1)
        else:
            return await super().request(subject, data, timeout)
        ok = msgspec.Raw(msgspec.json.encode(said))
        return type("Msg", (), {"data": msgspec.json.encode({"ok": ok})})


def talks(house):
    """(seller, talk) of the firm's only request."""
    found = house.read(lambda tx: [Books(tx.desk).enquiry(k) for k in tx.desk.keys("enquiry")])
    return dict(found[0].talks) if found else {}


def talk(buyer, seller, kind):
    found = talks(buyer).get(seller.did)
    return found if isinstance(found, kind) else None


def states(seller):
    return {o.buyer: o.state for o in seller.read(lambda tx: Books(tx.desk).offers())}


def let_closing_come(buyer):
    """As if the time had passed: the request's bidding is over now."""

    def write(tx):
        books = Books(tx.desk)
        (key,) = tx.desk.keys("enquiry")
        books.put_enquiry(
            msgspec.structs.replace(books.enquiry(key), closing=buyer.context.clock.now())
        )

    buyer.write(write)


@pytest.fixture
def firms(tmp_path):
    first, second = (
        House(tmp_path, n, closing_s=2_000, answer_within_s=60.0)
        for n in ("pump-works", "gear-works")
    )
    cheap, dear = House(tmp_path, "turning-shop"), House(tmp_path, "milling-shop")
    makes(first, price_minor=None)
    makes(second, price_minor=None)
    makes(cheap)
    makes(dear, price_minor=1_300)
    cheap.plan = OnePlace()
    meet(first, cheap, dear)
    meet(second, cheap)
    return first, second, cheap, dear


async def test_a_second_buyer_takes_the_place_and_the_first_has_its_work_made_elsewhere(firms):
    first, second, cheap, dear = firms
    async with cheap, dear:
        async with first:
            need(first)
            await until(lambda: talk(first, cheap, Held))
        async with second:
            need(second)
            await until(lambda: talk(second, cheap, Held))
            awarded = talk(second, cheap, Held)
            assert awarded.award.award_line[0].quotation_line_id == "1-first"
            assert isinstance(states(cheap)[second.did], Holding)
            kept = await until(lambda: [q for c, q in cheap.plan.asked if c == wire.KEEP_PLACE])
            assert kept[0]["hold"] == awarded.hold.reservation_id == "place-0"
            async with first:  # it was away when it was outbid
                await until(lambda: talk(first, dear, Held))
                said = first.events(kinds.DISPLACED)[0].about
                assert (said["premium"], said["bought"]) == ("20.00", True)
                (shown,) = await _quotes_of(first, cheap)
                assert shown.state.name == "outbid"
                let_closing_come(first)
                let_closing_come(second)
                await until(lambda: talk(first, dear, Placed) and talk(second, cheap, Placed))
                await until(lambda: isinstance(states(cheap)[second.did], Sold))
                assert len(first.events(kinds.ORDERED)) == len(second.events(kinds.ORDERED)) == 1
                order = second.events(kinds.ORDERED)[0].about["document"]["orderLine"][0]
                assert order["charge"][-1]["amount"] == "10"
                assert first.errors == second.errors == cheap.errors == dear.errors == []


async def _quotes_of(buyer, seller):
    (rfq,) = buyer.read(lambda tx: tx.desk.keys("enquiry"))
    view = await RecordTrade(buyer.context).rfq(rfq)
    return [quote for quote in view.quotes if quote.did == seller.did]
