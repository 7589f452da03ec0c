"""What was imported can be written down again, and reads back to the same values."""

import datetime as dt
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.links.imports import KINDS, Setting, loose_ends, read_file, to_csv
from hanse.model.ids import KEY_MAX
from hanse.model.order import Progress, WorkOrder
from hanse.model.plan import Outage, OutageKind, Pin
from hanse.model.plant import Calendar, DayOff, Machine, Person, Shift
from hanse.model.product import Alternative, Item, Routing, Step, Stock, Transport
from hanse.packs import load_shipped
from hanse.sim.chain import read_chain, records

NOW = dt.datetime(2026, 11, 23, 7, tzinfo=dt.UTC)
SETTING = Setting(now=NOW)

keys = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/#+-]{0,20}", fullmatch=True)
titles = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30
)
amounts = st.decimals(Decimal("0.000001"), 10**9, places=3).filter(lambda d: d > 0)
instants = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2040, 1, 1)).map(
    lambda d: d.replace(tzinfo=dt.UTC)
)
seconds = st.integers(0, 10**7)
items = st.builds(
    Item,
    key=keys,
    title=titles,
    make=st.booleans(),
    lead_time_s=seconds,
    price_minor=st.none() | st.integers(0, 10**9),
    lot_max=st.integers(0, 1000),
)
orders = st.builds(
    WorkOrder, key=keys, item=keys, quantity=amounts, due=instants, release=st.none() | instants
)
machines = st.builds(
    Machine,
    key=keys,
    title=titles,
    asset_type=keys,
    work_centre=keys,
    rate=st.floats(0.01, 100),
    attributes=st.dictionaries(st.sampled_from(["a", "b_c"]), st.floats(-1e6, 1e6), max_size=2),
)
stock = st.builds(
    Stock,
    item=keys,
    quantity=amounts,
    at_ns=st.none() | instants.map(lambda d: int(d.timestamp()) * 10**9),
)
people = st.builds(
    Person,
    key=keys,
    title=titles,
    skills=st.lists(st.sampled_from(["turning", "milling"]), unique=True).map(tuple),
)
steps = st.builds(
    Step,
    key=keys,
    title=titles,
    alternatives=st.lists(
        st.builds(Alternative, machine=keys, run_s=st.floats(0.1, 1e5), setup_s=seconds),
        min_size=1,
        max_size=3,
        unique_by=lambda a: a.machine,
    ).map(tuple),
    attended=st.floats(0, 1),
    queue_s=seconds,
)
routings = st.builds(
    Routing,
    item=keys,
    steps=st.lists(steps, min_size=1, max_size=4, unique_by=lambda s: s.key).map(tuple),
)
shifts = st.builds(
    Shift,
    days=st.sets(st.integers(0, 6), min_size=1).map(lambda d: tuple(sorted(d))),
    start_min=st.integers(0, 1_439),
    end_min=st.just(1_440),
)
calendars = st.builds(
    Calendar,
    key=keys,
    timezone=st.sampled_from(["UTC", "Asia/Shanghai"]),
    shifts=st.lists(shifts, min_size=1, max_size=3).map(tuple),
    days_off=st.lists(st.builds(DayOff, date=st.dates().map(str)), max_size=2).map(tuple),
)


def read_back(kind, text):
    imported = read_file(f"{kind}.csv", text.encode(), setting=SETTING, kind=kind)
    assert imported.problems == ()
    return imported.values(kind)


transports = st.builds(Transport, before=keys, after=keys, seconds=seconds)
outages = st.builds(
    Outage,
    resource=keys,
    start=instants,
    end=st.none() | st.just(dt.datetime(2041, 1, 1, tzinfo=dt.UTC)),
    kind=st.sampled_from(OutageKind),
    planned=st.booleans(),
    reason=titles,
)
pins = st.builds(Pin, order=keys, step=keys, machine=keys, start=st.none() | instants)
progress = st.builds(
    Progress,
    order=keys,
    step=keys,
    lot=st.integers(0, 9),
    started_at=instants,
    finished_at=st.none() | st.just(dt.datetime(2041, 1, 1, tzinfo=dt.UTC)),
    good=st.integers(0, 1000),
    scrap=st.integers(0, 9),
    paused=st.booleans(),
)


def named(value):
    for name in ("key", "item", "resource", "order", "before"):
        if hasattr(value, name):
            return getattr(value, name)
    raise AssertionError(value)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("items", items),
        ("orders", orders),
        ("machines", machines),
        ("stock", stock),
        ("people", people),
        ("routings", routings),
        ("calendars", calendars),
        ("transports", transports),
        ("outages", outages),
        ("pins", pins),
        ("progress", progress),
    ],
)
def test_whatever_is_written_reads_back_to_the_same_values(kind, values):
    @settings(max_examples=30, deadline=None)
    @given(
        st.lists(values, max_size=4, unique_by=named),
        st.sampled_from(["en", "zh"]),
    )
    def law(listed, language):
        text = to_csv(kind, listed, setting=SETTING, language=language)
        if listed:
            assert read_back(kind, text) == tuple(listed)

    law()


def test_the_samples_of_the_pack_and_the_chain_are_written_and_read_without_a_difference():
    chain = read_chain("pumps")
    books = [records(chain, firm, now=NOW) for firm in chain.firms]
    books.append(
        {
            name.removesuffix(".csv"): read_file(name, content, setting=SETTING).sheets[0].values
            for name, content in load_shipped("machining").samples.items()
            if name.endswith(".csv")
        }
    )
    for book in books:
        for kind, values in book.items():
            if values:
                assert read_back(kind, to_csv(kind, values, setting=SETTING)) == values


def test_a_column_in_which_nothing_is_said_is_left_out():
    text = to_csv("items", [Item(key="A", title="a")], setting=SETTING)
    assert text == "Item,Name\nA,a\n"


def test_the_samples_have_no_loose_ends():
    samples = load_shipped("machining").samples
    known = {
        kind: read_file(f"{kind}.csv", samples[f"{kind}.csv"], setting=SETTING).values(kind)
        for kind in KINDS
        if f"{kind}.csv" in samples
    }
    assert loose_ends(known) == ()


def test_what_one_sheet_names_and_no_sheet_has_is_told_once_with_what_to_do():
    step = Step(
        key="10", title="Turn", alternatives=(Alternative(machine="L9", run_s=1.0),), tool="F"
    )
    known = {
        "items": (Item(key="A", title="a"), Item(key="B", title="b")),
        "routings": (Routing(item="A", steps=(step, msgspec.structs.replace(step, key="20"))),),
        "people": (Person(key="P", title="p", calendar="nights"),),
        "orders": (WorkOrder(key="W", item="C", quantity=Decimal(1), due=NOW),),
    }
    said = [p.in_("en") for p in loose_ends(known)]
    assert len(said) == 5
    for word in ("'L9'", "'F'", "'nights'", "'C'", "'B'"):
        assert sum(word in line for line in said) == 1


def test_keys_of_the_longest_kind_survive():
    item = Item(key="K" * KEY_MAX, title="t")
    assert read_back("items", to_csv("items", [item], setting=SETTING)) == (item,)


def test_sites_orders_steps_and_machines_of_the_new_sheets_are_looked_up():
    step = Step(key="10", title="Turn", alternatives=(Alternative(machine="lathes", run_s=1.0),))
    lathe = Machine(key="L1", title="l", asset_type="lathe", work_centre="lathes")
    known = {
        "items": (Item(key="A", title="a"),),
        "routings": (Routing(item="A", steps=(step,)),),
        "machines": (lathe, msgspec.structs.replace(lathe, key="S1", work_centre="saws")),
        "orders": (WorkOrder(key="W/1", item="A", quantity=Decimal(1), due=NOW),),
        "transports": (Transport(before="main", after="hill", seconds=60),),
        "outages": (
            Outage(resource="L1", start=NOW),
            Outage(resource="ann", start=NOW, kind=OutageKind.PERSON),
        ),
        "pins": (Pin(order="W/1", step="10", machine="S1"),),
        "progress": (
            Progress(order="W/1", step="10", machine="L1", good=1),
            Progress(order="W/1/A", step="20", good=1),
            Progress(order="X", step="10", good=1),
        ),
    }
    said = [p.in_("en") for p in loose_ends(known)]
    assert len(said) == 5
    for word in ("'hill'", "'ann'", "'S1'", "'20'", "'X'"):
        assert sum(word in line for line in said) == 1
