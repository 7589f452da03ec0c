"""The sample chain: its files can be read, and its story can happen at any hour of the day."""

import datetime as dt
import shutil
from decimal import Decimal
from importlib import resources

import pytest

from hanse.allocate.live import LivePlan
from hanse.allocate.records import Records
from hanse.collect.mapping import bind
from hanse.links.imports import KINDS
from hanse.model.errors import BadConfig, NotFound
from hanse.model.ids import Counter
from hanse.model.order import WorkOrder
from hanse.model.time import StillClock
from hanse.packs import load_shipped
from hanse.sim.chain import plants, read_chain, records
from hanse.sim.config import read_plants, write_plants
from hanse.sim.wiring import opcua_lines, recording_lines

CHAIN = read_chain("pumps")
STORY = CHAIN.story
HOURS = (0, 7, 13, 23)
SHOPS = [key for key, firm in CHAIN.firms.items() if firm.role == "shop"]


def live(firm, *, hour=7, weekday=0):
    clock = StillClock(dt.datetime(2026, 3, 2 + weekday, hour, 17, tzinfo=dt.UTC))
    plan = LivePlan(clock, Counter())
    plan.adopt(Records(**records(CHAIN, firm, now=clock.now())))
    return plan, clock


@pytest.mark.parametrize("firm", CHAIN.firms)
def test_every_file_of_a_firm_reads_without_a_problem_and_makes_a_plan(firm):
    plan, _ = live(firm)
    assert plan.version().assignments


def test_every_kind_of_asset_in_the_chain_is_in_its_pack():
    for key, firm in CHAIN.firms.items():
        _, clock = live(key)
        types = load_shipped(firm.pack).types
        machines = records(CHAIN, key, now=clock.now())["machines"]
        assert {m.asset_type for m in machines} <= set(types)


def test_every_simulated_machine_is_one_of_its_firms_and_does_work_of_its_orders():
    for key, firm in CHAIN.firms.items():
        if firm.plant is None:
            continue
        _, clock = live(key)
        known = records(CHAIN, key, now=clock.now())
        machines = {m.key for m in known["machines"]}
        orders = {o.key: o for o in known["orders"]}
        assert {m.spec.key for m in firm.plant.machines} == machines
        for job in (j for m in firm.plant.machines for j in m.jobs):
            assert job.item == orders[job.order].item
            assert Decimal(job.quantity) == orders[job.order].quantity


@pytest.mark.parametrize("hour", HOURS)
@pytest.mark.parametrize("weekday", [0, 5])
def test_the_failing_shop_can_promise_the_order_and_then_cannot_keep_a_part_of_it(hour, weekday):
    plan, clock = live(STORY.fails.firm, hour=hour, weekday=weekday)
    due = clock.now() + dt.timedelta(seconds=STORY.due_s)
    promise = plan.promise(STORY.item, STORY.quantity, express=False)
    assert promise.curve[0].ready_at + dt.timedelta(minutes=10) < due
    plan.insert(
        WorkOrder(
            key="WO-STORY",
            item=STORY.item,
            quantity=Decimal(STORY.quantity),
            due=due,
            promised=due,
            weight_minor_per_h=2_000,
        )
    )
    clock.advance(60)
    plan.machine_down(STORY.fails.machine, clock.now(), clock.now() + dt.timedelta(hours=8))
    (short,) = [s for s in plan.unkept() if s.order == "WO-STORY"]
    assert 20 <= short.kept <= 110
    others = [key for key in SHOPS if key != STORY.fails.firm]
    can = [live(key, hour=hour)[0].promised_by(STORY.item, STORY.quantity, due) for key in others]
    assert max(can) >= short.missing
    assert min(can) >= 20


def test_the_cheapest_shop_is_the_one_that_fails():
    def cost(firm):
        _, clock = live(firm)
        known = records(CHAIN, firm, now=clock.now())
        rates = {m.key: m.cost_per_hour_minor for m in known["machines"]}
        (routing,) = [r for r in known["routings"] if r.item == STORY.item]
        work = sum(
            min(rates[a.machine] * a.run_s / 3600 for a in step.alternatives)
            for step in routing.steps
        )
        return work * (1 + CHAIN.firms[firm].margin)

    assert min(SHOPS, key=cost) == STORY.fails.firm


def test_machines_begin_with_nothing_in_hand_because_the_plan_gives_them_their_work():
    plants = [firm.plant for firm in CHAIN.firms.values() if firm.plant is not None]
    assert all(m.jobs == () and not m.repeat for plant in plants for m in plant.machines)


def test_the_plants_of_all_shops_fit_one_file_that_reads_back(tmp_path):
    config = plants(CHAIN, {key: 48_400 + n for n, key in enumerate(SHOPS)}, speed_up=10.0)
    path = tmp_path / "plants.json"
    path.write_text(write_plants(config))
    assert read_plants(path) == config
    assert len({p.url for p in config.plants}) == 3


def test_a_machine_is_wired_by_the_names_of_its_pack():
    lines = opcua_lines(load_shipped("machining"), [("L1", "lathe"), ("SAW", "saw")])
    names = {(line.asset, line.name) for line in lines}
    assert ("L1", "vibration") in names
    assert ("SAW", "vibration") not in names
    assert all(line.address.startswith("nsu=urn:hanse:sim;s=") for line in lines)
    bind(lines, lambda asset, name: sorted(names).index((asset, name)))


def test_the_columns_of_a_recording_are_recognised_by_their_headings():
    columns = ["datetime", "Volume Flow RateRMS", "Pressure", "Flow", "weather"]
    lines = recording_lines(
        load_shipped("machining"), asset="B1", asset_type="pump-bench", columns=columns
    )
    assert {line.name: line.address for line in lines} == {
        "flow": "Volume Flow RateRMS",
        "pressure": "Pressure",
    }


def test_every_kind_of_sheet_but_those_for_people_and_tools_is_in_the_chain():
    used = {name.removesuffix(".csv") for files in CHAIN.files.values() for name in files}
    later = {"transports", "outages", "absences", "pins", "progress"}
    assert set(KINDS) - used == {"people", "tools", "calendars"} | later


def test_a_chain_of_ones_own_is_checked(tmp_path):
    with resources.as_file(resources.files("hanse.sim") / "chains" / "pumps") as source:
        shutil.copytree(source, tmp_path / "mine")
    path = tmp_path / "mine" / "chain.toml"
    good = path.read_text()
    for before, after, said in (
        ('machine = "L1"', 'machine = "L9"', "L9"),
        ('buyer = "pump-works"', 'buyer = "nobody"', "nobody"),
        ("margin = 0.12", "margim = 0.12", "margim"),
    ):
        path.write_text(good.replace(before, after))
        with pytest.raises(BadConfig, match=said):
            read_chain(tmp_path / "mine")
    with pytest.raises(NotFound, match="pumps"):
        read_chain("cakes")
