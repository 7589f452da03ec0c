"""An earlier date at a premium: where the normal one is late, within the rules, on real plans."""

from decimal import Decimal
from types import SimpleNamespace

import msgspec
import pytest
from tests.unit.allocate.builders import at
from tests.unit.match.market import quotation_line
from tests.unit.node.test_planner import Shop

from hanse.model.plan import Promise, PromiseKind, PromisePoint
from hanse.model.product import Item
from hanse.node.acts import express
from hanse.node.acts.sharing import shared
from hanse.node.dealing.selling_rules import Selling
from hanse.node.planning import wire


class Plan:
    """The plan role's answers, without a broker between."""

    def __init__(self, desk):
        self.desk = desk

    async def request(self, subject, data, timeout):
        del subject, timeout
        answer = await self.desk.quote_over(msgspec.json.decode(data, type=wire.OverAsk))
        ok = msgspec.Raw(msgspec.json.encode(answer))
        return SimpleNamespace(data=msgspec.json.encode({"ok": ok}))


@pytest.fixture
async def shop(tmp_path):
    made = Shop(tmp_path)
    await made.desk.open()
    yield made
    made.store.close()


async def late_line(shop, said, *, due):
    """A quoted line of four shafts after whatever the plan holds, wanted by an hour."""
    held = await shop.desk.quote(wire.QuoteAsk(item="shaft", quantity=4, expires=at(24)))
    line = quotation_line("1", "4", "10", parts=(("4", held.ready),), place=held.hold)
    return express.Late(item=shop.live.records.items[0], line=line, due=due, said=said)


def context(shop):
    return SimpleNamespace(nats=Plan(shop.desk), store=shop.store, clock=shop.clock)


async def test_an_earlier_date_is_offered_only_as_far_as_the_rules_let_others_be_harmed(shop):
    it = await late_line(shop, Selling(), due=at(2))
    assert await express.over_promises(context(shop), it) is None
    said = Selling(express_harm_max=Decimal(10**6), express_least=Decimal(25), express_percent=150)
    found = await express.over_promises(context(shop), priced(it, said))
    assert found.id == "1-express"
    assert max(p.date_time for p in found.promised_delivery) < it.ready
    assert found.premium_amount == "25"
    assert found.promise_basis.reservation_id == ""
    assert len(shop.live.holds()) == 1


async def test_the_premium_covers_the_harm_and_the_least_harm_in_time_is_offered():
    points = [
        PromisePoint(kind=PromiseKind.EXPRESS, ready_at=at(hour), harm_minor=harm)
        for hour, harm in ((9, 100), (6, 4_000), (3, 90_000))
    ]
    line = quotation_line("1", "4", "10", parts=(("4", at(12)),), place="h")
    for due, hour, premium in ((7, 6, "60"), (2, 3, "1350"), (10, 9, "1.5")):
        said = Selling(express_harm_max=Decimal(1_000), express_percent=150)
        it = express.Late(item=Item(key="shaft", title="Shaft"), line=line, due=at(due), said=said)
        found = await express.over_promises(SimpleNamespace(nats=Says(points)), it)
        assert found.promised_delivery[0].date_time == at(hour)
        assert found.premium_amount == premium


class Says:
    """A plan with a curve of one's own."""

    def __init__(self, points):
        self.promise = Promise(
            item="shaft", quantity=4, asked_at=at(0), version=1, curve=tuple(points)
        )

    async def request(self, subject, data, timeout):
        del subject, data, timeout
        ok = msgspec.Raw(msgspec.json.encode(self.promise))
        return SimpleNamespace(data=msgspec.json.encode({"ok": ok}))


def priced(it, said):
    return msgspec.structs.replace(it, said=said)


async def test_what_a_hold_given_back_would_allow_is_tried_on_a_fork_and_then_done(shop):
    first = await shop.desk.quote(wire.QuoteAsk(item="shaft", quantity=40, expires=at(24)))
    second = await shop.desk.quote(wire.QuoteAsk(item="shaft", quantity=4, expires=at(24)))
    question = wire.OverAsk(item="shaft", quantity=4, holds=(second.hold, first.hold, "gone"))
    promise = await shop.desk.quote_over(question)
    assert promise.curve[0].ready_at < second.ready
    assert {h.key for h in shop.live.holds()} == {first.hold, second.hold}
    place = wire.PlaceAsk(hold=first.hold, item="shaft", quantity=4, expires=at(30))
    kept = await shop.desk.keep_place(place)
    assert kept.ready < second.ready
    again = await shop.desk.keep_place(place)
    assert (again.ready, again.hold) == (kept.ready, first.hold)
    assert {h.key: h.quantity for h in shop.live.holds()} == {first.hold: 4, second.hold: 4}


async def two_lines(shop, *, due, pieces=4):
    """Two quoted lines that follow one another on the machines, wanted by one hour."""
    said = Selling()
    first = await late_line(shop, said, due=due)
    second = await late_line(shop, said, due=due)
    line = msgspec.structs.replace(second.line, id="2", rfq_line_id="2")
    return [first, msgspec.structs.replace(second, line=line)]


async def test_lines_that_are_in_time_only_one_at_a_time_say_what_they_share(shop):
    parts = await two_lines(shop, due=at(10))
    assert [part.ready <= part.due for part in parts] == [True, False]
    found = await shared(context(shop), parts)
    assert [line.id for line in found.lines] == ["1-mix", "2-mix"]
    (limit,) = found.limits
    for line in found.lines:
        (use,) = line.resource_use
        hours = 4 * Decimal(use.hours_per_piece) + Decimal(use.setup_hours)
        assert hours <= Decimal(limit.hours) < 2 * hours
        assert use.resource_id not in {m.key for m in shop.live.records.machines}
        assert line.promised_delivery[0].date_time == at(10)


@pytest.mark.parametrize("due", [2, 1_000])
async def test_lines_that_are_all_in_time_or_none_by_itself_share_nothing(shop, due):
    found = await shared(context(shop), await two_lines(shop, due=at(due)))
    assert found.lines == found.limits == ()
