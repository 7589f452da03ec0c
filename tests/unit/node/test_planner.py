"""What a planner does, told twice and over the command line; what changed between versions."""

import asyncio
import json
from decimal import Decimal

import msgspec
import pytest
from click.testing import CliRunner
from tests.unit.allocate.builders import H, at, item, live, machine, order, routing, step

from hanse.allocate.versions import between
from hanse.cli import plan as plan_cli
from hanse.cli import promise as promise_cli
from hanse.model.errors import Conflict, NotFound
from hanse.model.event import Draft
from hanse.model.ids import Counter
from hanse.model.plan import WhatIf
from hanse.model.text import Text
from hanse.model.time import StillClock
from hanse.node.pages.plans import changes
from hanse.node.planning import wire
from hanse.node.planning.asking import Asking
from hanse.node.planning.by_hand import ByHand
from hanse.node.planning.desk import PlanDesk
from hanse.store import Store


class Shop:
    """A plan on record with everything that answers for it."""

    def __init__(self, folder):
        clock = StillClock(at(0))
        self.store = Store.open(f"sqlite:///{folder}/record.sqlite", clock=clock, ids=Counter())
        self.live, _ = live(
            machines=(machine("m1"), machine("m2")),
            items=(item(),),
            routings=(routing(step("10"), step("20", run_s=H // 2)),),
            orders=(order("a", pieces=4, due=90), order("b", pieces=2, due=95)),
        )
        self.live._clock = clock
        records = self.live.records

        def put(tx):
            tx.machines.put_many(records.machines)
            tx.items.put_many(records.items)
            tx.routings.put_many(records.routings)
            tx.work_orders.put_many(records.orders)

        self.store.write_sync(put)
        self.desk = PlanDesk(self.live, self.store, clock)
        self.hand = ByHand(self.live, self.store, clock)
        self.clock = clock

    def asked(self, _folder, command, question, _answer):
        """The plan role, without a broker between."""
        asking = Asking(self.live)
        handlers = {
            wire.TRY_MOVE: self.hand.try_move, wire.MOVE: self.hand.move, wire.FREE: self.hand.free,
            wire.WHAT_IF: self.hand.what_if, wire.ADOPT: self.hand.adopt, wire.WHY: asking.why,
            wire.LOADS: asking.loads, wire.RELIEF: asking.relief, wire.QUOTE: self.desk.quote,
            wire.CONFIRM: self.hand.confirm, wire.RELEASE: self.desk.release,
            wire.PROMISE: self.desk.promise,
        }  # fmt: skip
        return asyncio.run(handlers[command](question))


@pytest.fixture
def shop(tmp_path):
    made = Shop(tmp_path)
    yield made
    made.store.close()


def hold(key, pieces=3):
    return wire.QuoteAsk(item="shaft", quantity=pieces, expires=at(24), key=key)


async def test_a_hold_under_a_key_is_held_once(shop):
    await shop.desk.open()
    first = await shop.desk.quote(hold("q-1"))
    again = await shop.desk.quote(hold("q-1"))
    assert (first.hold, first.ready) == (again.hold, again.ready)
    assert len(shop.live.holds()) == 1
    with pytest.raises(Conflict):
        await shop.desk.quote(hold("q-1", pieces=4))


async def test_a_hold_confirmed_twice_is_one_order(shop):
    await shop.desk.open()
    held = await shop.desk.quote(hold("q-1"))
    word = wire.Confirm(hold="q-1", order="w-9", by="ann")
    first = await shop.hand.confirm(word)
    again = await shop.hand.confirm(word)
    assert first.ready == again.ready == held.ready
    assert [o.key for o in shop.live.records.orders].count("w-9") == 1
    with pytest.raises(Conflict):
        await shop.hand.confirm(wire.Confirm(hold="q-1", order="w-10", by="ann"))
    with pytest.raises(Conflict):
        await shop.desk.quote(hold("q-1"))
    with pytest.raises(NotFound):
        await shop.hand.confirm(wire.Confirm(hold="q-2", order="w-10", by="ann"))


async def test_a_what_if_adopted_twice_under_a_key_is_done_once(shop):
    await shop.desk.open()
    wish = WhatIf(item="shaft", quantity=1, hours=50)
    tried = await shop.hand.what_if(wish)
    word = wire.Adopt(what=wish, cost_minor=tried.cost_after_minor, by="ann", key="erp-7")
    await shop.hand.adopt(word)
    await shop.hand.adopt(word)
    assert len(shop.live.records.orders) == 3


async def test_what_changed_between_two_versions_is_told_with_its_reason(shop):
    await shop.desk.open()
    before = shop.live.version()
    await shop.hand.adopt(
        wire.Adopt(what=WhatIf(machine="m1", hours=6), cost_minor=10**9, by="ann")
    )
    found = between(before, shop.live.version())
    assert found.changed == len(found.operations) > 0
    assert all("m1 is out" in d.text.en for d in found.operations)
    assert all(d.was != d.now for d in found.operations)
    assert {d.order for d in found.dates} <= {"a", "b"}
    gone = msgspec.structs.replace(before, assignments=before.assignments[1:])
    (lost,) = between(before, gone).operations
    assert (lost.now, lost.text.en) == (None, "is no longer in the plan: made or given up")
    assert between(gone, before).operations[0].text.en == "is new in the plan"
    assert between(before, before).operations == ()
    newest = shop.store.read_sync(lambda tx: tx.plans.number())
    kept = shop.store.read_sync(lambda tx: changes(tx, newest, None))
    assert (kept.after, kept.changed) == (newest, found.changed)
    with pytest.raises(NotFound):
        shop.store.read_sync(lambda tx: changes(tx, 99, 1))


def test_the_command_line_does_what_the_pages_do(shop, monkeypatch):
    monkeypatch.setattr(plan_cli, "asked", shop.asked)
    monkeypatch.setattr(promise_cli, "asked", shop.asked)
    monkeypatch.setattr(promise_cli, "_now", lambda _folder: shop.clock.now())
    asyncio.run(shop.desk.open())

    def say(command, *words):
        done = CliRunner().invoke(command, list(words), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    start = at(20).isoformat()
    tried = json.loads(say(plan_cli.plan, "move", "b", "20", "m2", start, "--json"))
    assert tried["done"] is None
    assert tried["tried"]["placed"]["machine"] == "m2"
    assert "Done: plan" in say(plan_cli.plan, "move", "b", "20", "m2", start, "--do")
    assert say(plan_cli.plan, "free", "b", "20").startswith("Plan ")
    assert "Nothing was changed" in say(plan_cli.plan, "what-if", "--machine", "m1", "--hours", "3")
    assert "m1" in say(plan_cli.plan, "load")
    assert json.loads(say(plan_cli.plan, "why", "a", "--json"))
    assert "untouched" in say(promise_cli.promise, "shaft", "2")
    held = json.loads(say(promise_cli.promise, "shaft", "2", "--hold", "5", "--key", "k", "--json"))
    assert held["hold"] == "k"
    assert "is order w-1" in say(promise_cli.promise, "--confirm", "k", "--order", "w-1")
    say(promise_cli.promise, "shaft", "1", "--hold", "5", "--harmless", "--key", "k2")
    assert "given back" in say(promise_cli.promise, "--release", "k2")
    assert shop.live.holds() == []


async def test_two_work_orders_of_one_co_signed_order_are_both_planned_and_changed(shop):
    draft = Draft(kind="match.ordered", subject="o", text=Text("signed", "已签"))
    signed = shop.store.write_sync(lambda tx: tx.events.append(draft)).id
    anew = shop.store.write_sync(lambda tx: tx.events.append(draft)).id
    for key in ("o-1", "o-2"):
        added = wire.AddOrder(order=order(key, pieces=2, due=99), cause=signed)
        await shop.desk.add(added)
        await shop.desk.add(added)
    kept = {o.key: o.quantity for o in shop.store.read_sync(lambda tx: tx.work_orders.all())}
    assert kept.keys() == {"a", "b", "o-1", "o-2"}
    for key in ("o-1", "o-2"):
        change = wire.ChangeOrder(order=key, quantity=Decimal(1), due=at(99), cause=anew)
        await shop.desk.change(change)
    kept = {o.key: o.quantity for o in shop.store.read_sync(lambda tx: tx.work_orders.all())}
    assert (kept["o-1"], kept["o-2"]) == (1, 1)
