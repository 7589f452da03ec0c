"""The world's clock, its firms, and what happens next. One seed gives one history."""

from __future__ import annotations

import datetime as dt
import hashlib
import heapq
import itertools
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from random import Random

import msgspec
from msgspec import Struct

from hanse.allocate.records import Records
from hanse.match import Desk, Incoming
from hanse.model.errors import Conflict, HanseError
from hanse.model.event import Draft
from hanse.model.plant import Machine
from hanse.model.product import Alternative, Item, Routing, Step
from hanse.model.time import UTC, StillClock
from hanse.sim.world.house import QUOTE_LASTS, House, Need, sold
from hanse.sim.world.post import Mail, Post, Weather

FIRMS_MAX = 200
STEPS_MAX = 500_000
ANSWER_S = 60.0
THINK_S = 2.0
MINUTE_S = 60.0
START = dt.datetime(2026, 1, 5, 6, tzinfo=UTC)
ITEM = "SHAFT"

Deed = Callable[[], None]


class Happened(Struct, frozen=True):
    """One event of one firm, at a second of the world's time."""

    at_s: float
    firm: str
    event: Draft


class World:
    """Buyers and shops that deal with one another.

    Args:
        seed: everything that is left to chance comes from it.
        shops: how many make the item; each has one to three lathes, of different speed and price.
        buyers: how many buy it.
        weather: what goes wrong.
    """

    def __init__(
        self, seed: int, *, shops: int = 4, buyers: int = 2, weather: Weather | None = None
    ) -> None:
        if not 0 < shops + buyers <= FIRMS_MAX:
            raise Conflict(f"a world has at most {FIRMS_MAX} firms")
        self.weather = weather or Weather()
        self.dice = Random(seed)
        self.clock = StillClock(START)
        self.post = Post(self.weather, self.dice)
        self.happened: list[Happened] = []
        self.refused: list[str] = []
        self.now_s = 0.0
        self._agenda: list[tuple[float, int, Deed]] = []
        self._number = itertools.count()
        self.shops = [self._shop(n) for n in range(shops)]
        self.buyers = [self._house(f"B{n}", Decimal(0)) for n in range(buyers)]
        self.houses = {h.did: h for h in (*self.shops, *self.buyers)}
        for buyer, shop in itertools.product(self.buyers, self.shops):
            self._introduce(buyer, shop)

    # building

    def _house(self, name: str, price: Decimal) -> House:
        seed = hashlib.sha256(f"{name}-{self.dice.random()}".encode()).digest()
        return House(name, seed, self.clock, price=price)

    def _shop(self, number: int) -> House:
        house = self._house(
            f"S{number}", Decimal(8 + self.dice.randrange(80) / 10).quantize(Decimal("0.10"))
        )
        keys = [f"L{n}" for n in range(1 + self.dice.randrange(3))]
        machines = tuple(
            Machine(key=k, title=k, asset_type="lathe", work_centre="turning") for k in keys
        )
        options = tuple(
            Alternative(machine=k, run_s=120 + self.dice.randrange(240), setup_s=900) for k in keys
        )
        steps = (Step(key="10", title="Turn", alternatives=options, family=ITEM),)
        item = Item(key=ITEM, title="Shaft", lot_max=25)
        house.adopt(
            Records(machines=machines, items=(item,), routings=(Routing(item=ITEM, steps=steps),))
        )
        return house

    def _introduce(self, a: House, b: House) -> None:
        self._greet(a, b)
        self._greet(b, a)

    def _greet(self, one: House, other: House) -> None:
        self.act(one, lambda desk: desk.add_peer(other.card, mine=one.card, ctx=one.ctx()))

    # time

    def later(self, after_s: float, deed: Deed) -> None:
        """Do something after some seconds."""
        heapq.heappush(self._agenda, (self.now_s + after_s, next(self._number), deed))

    def run(self, seconds: float, *, weather: bool = True) -> World:
        """Let some time pass, with its weather, and then let everything come to rest.

        Raises:
            Conflict: it does not come to rest within STEPS_MAX steps.
        """
        if weather:
            for minute in range(int(seconds / MINUTE_S)):
                self.later(minute * MINUTE_S, self._minute)
        until = self.now_s + seconds
        for _ in range(STEPS_MAX):
            if not self._agenda:
                self._go_to(max(until, self.now_s))
                return self
            at, _, deed = heapq.heappop(self._agenda)
            self._go_to(at)
            deed()
        raise Conflict("the world does not come to rest", subject=f"{self.now_s:.0f} s")

    def _go_to(self, at_s: float) -> None:
        self.clock.advance(at_s - self.now_s)
        self.now_s = at_s

    # what happens

    def need(self, buyer: House, quantity: int, *, within_s: float) -> Need:
        """A buyer needs pieces by then and asks every shop."""
        due = self.clock.now().replace(microsecond=0) + dt.timedelta(seconds=within_s)
        key = buyer.ids.new("need")
        need = Need(key=key, item=ITEM, wanted=quantity, due=due)
        buyer.needs[key] = need
        self._ask(buyer, need, quantity, without="")
        return need

    def fail(self, shop: House, machine: str) -> None:
        """A machine fails; the shop tells whoever it can no longer serve in time."""
        now = self.clock.now()
        back = now + dt.timedelta(seconds=self.weather.repair_s)
        shop.plan.machine_down(machine, now, back)
        self.act(shop, shop.tell_shortfalls)

    def act(self, house: House, deed: Callable[[Desk], object]) -> None:
        """One transaction of a firm: all of it happens, or nothing."""
        desk = house.desk()
        records = dict(house.shelf.records)
        chains = {key: list(entries) for key, entries in house.shelf.chains.items()}
        try:
            deed(desk)
        except HanseError as error:
            house.shelf.records, house.shelf.chains = records, chains
            self.refused.append(f"{self.now_s:.3f} {house.name}: {error}")
            return
        for out in desk.send:
            for at_s, mail in self.post.send(house.did, out, self.now_s):
                self.later(at_s - self.now_s, partial(self._deliver, mail))
        for event in desk.events:
            self.happened.append(Happened(round(self.now_s, 6), house.name, event))
            self._react(house, event)

    def _deliver(self, mail: Mail) -> None:
        incoming = Incoming(
            id=mail.id,
            source=mail.source,
            kind=mail.out.kind,
            letter=mail.letter(),
            at=self.clock.now(),
            correlation=mail.out.correlation,
            causation=mail.out.causation,
        )
        self.act(self.houses[mail.out.to], lambda desk: desk.receive(incoming))

    def _react(self, house: House, event: Draft) -> None:
        about = event.about
        match event.kind:
            case "match.wanted":
                self.later(THINK_S, lambda: self._answer(house, about["buyer"], event.subject))
            case "match.ordered" if sold(house, event):
                self.later(0, lambda: self._make(house, about["partner"], about["document"]))
            case "match.proposed":
                self.later(THINK_S, partial(self._accept, house, about["partner"]))
            case "match.changed" if sold(house, event):
                self.later(0, lambda: self._remake(house, about["partner"], event.subject))
            case "match.changed" | "match.turned_down" | "match.lapsed":
                self.later(0, partial(self._ask_again, house, about["partner"], event.subject))
            case _:
                pass

    def _answer(self, shop: House, buyer: str, rfq: str) -> None:
        def quote(desk: Desk) -> None:
            hold = shop.answer(desk, buyer, rfq)
            if hold is not None:
                self.later(QUOTE_LASTS.total_seconds() - 1, partial(shop.release, hold))

        self.act(shop, quote)

    def _accept(self, house: House, partner: str) -> None:
        self.act(house, lambda desk: desk.accept(partner, house.ctx()))

    def _make(self, shop: House, buyer: str, document: dict[str, object]) -> None:
        shop.make(buyer, document)
        self.act(shop, shop.tell_shortfalls)

    def _remake(self, shop: House, buyer: str, order: str) -> None:
        shop.remake(buyer, order)
        self.act(shop, shop.tell_shortfalls)

    def _ask(self, buyer: House, need: Need, quantity: int, *, without: str) -> None:
        sellers = tuple(s.did for s in self.shops if s.did != without)
        if not sellers or need.due <= self.clock.now():
            return

        def ask(desk: Desk) -> None:
            rfq = buyer.ask(desk, need, quantity, sellers)
            self.later(ANSWER_S, lambda: self.act(buyer, lambda d: buyer.award(d, need, rfq)))

        self.act(buyer, ask)

    def _ask_again(self, buyer: House, without: str, order: str) -> None:
        buyer.came_to_nothing(without, order)
        for need in buyer.needs.values():
            missing = need.wanted - buyer.covered(need)
            if missing > 0 and need.rfqs:
                self._ask(buyer, need, missing, without=without)

    # weather

    def _minute(self) -> None:
        weather, dice = self.weather, self.dice
        shop = self.shops[dice.randrange(len(self.shops))]
        buyer = self.buyers[dice.randrange(len(self.buyers))]
        if dice.random() < weather.cut:
            self.post.cut(shop.did, buyer.did, self.now_s)
        if dice.random() < weather.machine_down:
            machines = shop.plan.records.machines
            self.fail(shop, machines[dice.randrange(len(machines))].key)
        if dice.random() < weather.restart:
            shop.restart_plan()
        self.act(shop, lambda desk: desk.tick(shop.ctx()))
        self.act(buyer, lambda desk: desk.tick(buyer.ctx()))

    def digest(self) -> str:
        """A hash of everything that happened, to hold two runs of one seed against each other."""
        return hashlib.sha256(msgspec.json.encode(self.happened)).hexdigest()
