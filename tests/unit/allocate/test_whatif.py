from pathlib import Path

import msgspec
import pytest
from tests.unit.allocate.builders import (
    H,
    at,
    day_shift,
    live,
    machine,
    order,
    person,
    routing,
    step,
)

from hanse.allocate.files import read_records
from hanse.allocate.whatif import loads
from hanse.model.errors import BadInput


def test_a_scenario_is_compared_with_the_live_plan_and_can_be_adopted():
    plan, _ = live(orders=(order("a", pieces=8, due=8), order("b", pieces=8, due=8)))
    before = plan.version()

    def second_mill(records):
        return msgspec.structs.replace(records, machines=(*records.machines, machine("mill-2")))

    tried = plan.scenario(second_mill)
    assert (tried.late_before, tried.late_after) == (1, 0)
    assert tried.cost_after_minor < tried.cost_before_minor
    assert [(c.order, c.before, c.after) for c in tried.changes] == [("b", at(16), at(8))]
    assert plan.version() == before
    assert plan.adopt(tried.records).late == {}


def test_a_scenario_keeps_what_has_started():
    plan, clock = live(orders=(order("a", pieces=8, due=8), order("b", pieces=2, due=4)))
    clock.advance(H)
    tried = plan.scenario(lambda records: records)
    assert tried.changes == ()


def test_loads_name_the_busiest_machine_first():
    plan, _ = live(
        machines=(machine(), machine("saw-1", work_centre="saws")),
        routings=(routing(step("10"), step("20", on="saws", run_s=H / 2)),),
        orders=(order(pieces=4, due=24),),
    )
    assert [x.machine for x in loads(plan.shop, plan.current)] == ["mill-1", "saw-1"]


def test_what_relieves_a_machine_is_found_by_trying():
    plan, _ = live(
        machines=(machine(calendar="day"),),
        calendars=(day_shift(),),
        people=(person("ann", "mill"),),
        routings=(routing(step("10", skill="mill", attended=0.1)),),
        orders=tuple(order(f"o{k}", pieces=4, due=20) for k in range(6)),
    )
    found = plan.reliefs("mill-1")
    assert found[0].saves_minor > 0
    assert found[0].text.en in {"one more shift on mill-1", "one more machine like mill-1"}
    assert found[0].text.zh


def test_records_are_read_from_a_folder_of_tables(tmp_path: Path):
    (tmp_path / "machines.csv").write_text(
        "key,title,asset_type,work_centre\nmill-1,Mill,mill,mills\n"
    )
    (tmp_path / "people.csv").write_text("key,title,skills\nann,Ann,mill; set\n")
    (tmp_path / "items.csv").write_text("key,title\nshaft,Shaft\n")
    (tmp_path / "routings.csv").write_text(
        "item,step,machine,run_s,skill\nshaft,10,mills,60,mill\nshaft,20,mill-1,30,\n"
    )
    (tmp_path / "orders.csv").write_text("key,item,quantity,due\no1,shaft,4,2026-01-09T12:00:00Z\n")
    read = read_records(tmp_path)
    assert read.people[0].skills == ("mill", "set")
    assert [s.key for s in read.routings[0].steps] == ["10", "20"]
    plan, _ = live(**{k: getattr(read, k) for k in ("machines", "people", "items", "routings")})
    assert plan.promise("shaft", 4, express=False).curve[0].ready_at == at(0.1)


def test_records_are_read_from_toml(tmp_path: Path):
    path = tmp_path / "plant.toml"
    path.write_text(
        '[[machines]]\nkey = "m"\ntitle = "M"\nasset_type = "mill"\nwork_centre = "c"\n'
    )
    assert read_records(path).machines[0].key == "m"
    path.write_text("[[machines]]\nkey = 3\n")
    with pytest.raises(BadInput, match=r"plant\.toml"):
        read_records(path)


def test_a_workbook_has_a_sheet_for_each_part(tmp_path: Path):
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "machines"
    sheet.append(["key", "title", "asset_type", "work_centre", "capacity"])
    sheet.append(["m", "M", "mill", "c", 2])
    book.save(tmp_path / "plant.xlsx")
    book.close()
    assert read_records(tmp_path / "plant.xlsx").machines[0].capacity == 2


def test_a_table_of_an_unknown_part_is_named(tmp_path: Path):
    (tmp_path / "machnies.csv").write_text("key\nm\n")
    with pytest.raises(BadInput, match="machnies"):
        read_records(tmp_path)


def test_a_folder_of_tables_says_all_that_a_plan_must_know(tmp_path):
    tables = {
        "machines": "key,title,asset_type,work_centre,calendar\nmill-1,Mill,mill,mills,day\n",
        "calendars": (
            "key,timezone,days,start,end,overtime_minor_per_h\n"
            "day,UTC,0;1;2;3;4,06:00,14:00,\nday,UTC,5,06:00,10:00,1000\n"
        ),
        "days_off": "calendar,date,title\nday,2026-01-06,a holiday\n",
        "items": "key,title\nshaft,Shaft\n",
        "routings": (
            "item,step,title,machine,run_s,setup_s,subcontract,lead_s,cost_minor,family,may_pause\n"
            "shaft,10,Turn,mills,3600,600,,,,f1,true\n"
            "shaft,20,Plate,galvanic,60,,true,86400,250,,\n"
        ),
        "orders": "key,item,quantity,due\no1,shaft,4,2026-01-09T12:00:00Z\n",
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text)
    records = read_records(tmp_path)
    (calendar,) = records.calendars
    assert [s.overtime_minor_per_h for s in calendar.shifts] == [0, 1_000]
    assert calendar.days_off[0].date == "2026-01-06"
    turn, plate = records.routings[0].steps
    assert (turn.title, turn.alternatives[0].setup_s, turn.family) == ("Turn", 600, "f1")
    assert plate.alternatives[0].subcontract
    assert (plate.alternatives[0].lead_s, plate.alternatives[0].cost_minor) == (86_400, 250)
    plan, _ = live()
    made = plan.adopt(records)
    assert len(made.assignments) == 2
    assert len(plan.offered()) == 5


def test_a_column_that_nobody_knows_is_an_error_not_lost(tmp_path):
    (tmp_path / "people.csv").write_text("key,title,skils\nann,Ann,mill\n")
    with pytest.raises(BadInput, match="skils"):
        read_records(tmp_path)
    (tmp_path / "people.csv").unlink()
    (tmp_path / "calendars.csv").write_text("key,start,end\nday,six,14:00\n")
    with pytest.raises(BadInput, match="time of day"):
        read_records(tmp_path)
