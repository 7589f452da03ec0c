"""Worlds of many firms from one seed: whatever the weather, the laws between firms hold.

A short sample runs here; `./dev bench world --seeds 500` runs a long campaign.
"""

import msgspec
import pytest

from hanse.match.contract import Running
from hanse.model.errors import Conflict
from hanse.sim.world import Weather, World, broken_laws
from hanse.sim.world.house import quantity_of
from hanse.sim.world.post import CALM

HOUR = 3_600.0
STORM = Weather(
    machine_down=0.3, cut=0.2, twice=0.3, restart=0.05, delay_s=5.0, cut_s=300.0, repair_s=4 * HOUR
)


def traded(seed, *, weather=None, hours=2, **firms):
    """A world in which every buyer needs something, after it has come to rest."""
    world = World(seed, weather=weather, **firms).run(60, weather=False)
    for buyer in world.buyers:
        world.need(
            buyer, 40 + world.dice.randrange(160), within_s=(6 + world.dice.randrange(8)) * HOUR
        )
    return world.run(hours * HOUR)


def kinds(world):
    return {h.event.kind for h in world.happened}


@pytest.mark.parametrize("seed", range(12))
def test_in_common_weather_every_law_holds(seed):
    assert broken_laws(traded(seed)) == []


@pytest.mark.parametrize("seed", range(100, 108))
def test_in_a_storm_every_law_holds(seed):
    world = traded(seed, weather=STORM, shops=2 + seed % 4, buyers=1 + seed % 2)
    assert broken_laws(world) == []


def test_in_calm_weather_every_need_that_can_be_met_is_met():
    world = traded(7, weather=CALM, shops=6)
    for buyer in world.buyers:
        for need in buyer.needs.values():
            assert buyer.covered(need) == need.wanted


def test_one_seed_gives_one_history_and_another_seed_another():
    assert traded(5).digest() == traded(5).digest()
    assert traded(5).digest() != traded(6).digest()


def test_a_machine_that_fails_moves_what_cannot_be_kept_to_another_shop():
    """The story of the demo, without a process: the loop between firms in a few milliseconds."""
    calm_but_slow_repairs = msgspec.structs.replace(CALM, repair_s=24 * HOUR)
    world = World(3, shops=3, buyers=1, weather=calm_but_slow_repairs).run(60, weather=False)
    (buyer,) = world.buyers
    need = world.need(buyer, 60, within_s=9 * HOUR)
    world.run(600, weather=False)
    assert buyer.covered(need) == 60
    (first, *_) = [s for s in world.shops if s.sales]
    before = dict(need.orders)
    for machine in first.plan.records.machines:
        world.fail(first, machine.key)
    world.run(600, weather=False)
    assert "match.changed" in kinds(world)
    assert set(need.orders) > set(before)
    assert buyer.covered(need) == 60
    assert broken_laws(world) == []


@pytest.fixture
def at_rest():
    return traded(1, weather=CALM, hours=1)


def a_sale(world):
    for shop in world.shops:
        for order, buyer in shop.sales.items():
            contract = shop.desk().contract(buyer, order)
            if isinstance(contract, Running) and quantity_of(contract):
                return shop, world.houses[buyer], order
    raise AssertionError("nothing was sold")


def test_a_plan_that_makes_other_than_was_signed_is_found(at_rest):
    shop, _, order = a_sale(at_rest)
    shop.plan.cancel(order)
    assert any("plans other than it signed" in law for law in broken_laws(at_rest))


def test_a_ledger_that_lost_its_last_entry_is_found(at_rest):
    shop, buyer, _ = a_sale(at_rest)
    chain = shop.desk().books.ledger(buyer.did).chain.id
    shop.shelf.chains[chain].pop()
    assert any("different chains" in law for law in broken_laws(at_rest))


def test_a_need_that_was_bought_twice_is_found(at_rest):
    buyer = next(b for b in at_rest.buyers for n in b.needs.values() if n.orders)
    need = next(n for n in buyer.needs.values() if n.orders)
    need.wanted -= 1
    assert any("for a need of" in law for law in broken_laws(at_rest))


def test_a_world_has_a_limit():
    with pytest.raises(Conflict):
        World(1, shops=150, buyers=100)
