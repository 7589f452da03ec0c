"""Files of a firm become values of the model, and what is wrong with them is said."""

import contextlib
import csv
import datetime as dt
import io
import zipfile
from decimal import Decimal
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.links.imports import KINDS, Setting, read_file, to_csv
from hanse.links.imports.cells import instant, number, seconds
from hanse.links.imports.problems import WrongCell
from hanse.links.imports.text import decode
from hanse.model.errors import BadInput, TooMuch
from hanse.model.product import Item

NOW = dt.datetime(2026, 3, 9, 6, tzinfo=dt.UTC)
SETTING = Setting(now=NOW)
ITEMS = "Item,Name,Price\nSHAFT,Pump shaft 轴,48.50\nBAR,Steel bar,12\n"


def read(text, name="items.csv", *, setting=SETTING, encoding="utf-8", **kw):
    return read_file(name, text.encode(encoding), setting=setting, **kw)


def one_problem(imported):
    (problem,) = imported.problems
    return problem


def workbook(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb18030"]
)
def test_a_file_reads_the_same_in_every_usual_encoding(encoding):
    items = read(ITEMS, encoding=encoding).values("items")
    assert [i.title for i in items] == ["Pump shaft 轴", "Steel bar"]
    assert items[0].price_minor == 4850


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_found(mark):
    assert len(read(ITEMS.replace(",", mark)).values("items")) == 2


def test_chinese_headings_are_understood():
    (item,) = read("物料编码,物料名称,单价,提前期\nBAR,圆钢,12.5,3天\n", encoding="gbk").values(
        "items"
    )
    assert item == Item(key="BAR", title="圆钢", price_minor=1250, lead_time_s=3 * 86_400)


def test_a_decimal_comma_is_understood_where_the_file_uses_it():
    items = read("Item;Name;Price\nA;a;1.234,50\nB;b;2.500\n").values("items")
    assert [i.price_minor for i in items] == [123_450, 250_000]


def test_a_number_that_can_be_read_two_ways_is_refused_not_guessed():
    problem = one_problem(read("Item;Name;Price\nA;a;1,234\nB;b;5\n"))
    assert (problem.row, problem.column) == (2, "Price")
    assert "1234" in problem.what.en
    assert "1.234" in problem.what.en


def test_good_rows_go_on_and_each_bad_one_is_named_with_row_column_and_remedy():
    imported = read("Item,Name,Price\nA,a,1\nB,b,cheap\n,c,3\nD,d,4\n")
    assert [i.key for i in imported.values("items")] == ["A", "D"]
    assert [(p.row, p.column) for p in imported.problems] == [(3, "Price"), (4, "Item")]
    assert "cheap" in imported.problems[0].in_("en")
    assert "第 3 行" in imported.problems[0].in_("zh")
    assert all(p.remedy.en and p.remedy.zh for p in imported.problems)


def test_a_code_that_comes_twice_is_reported_at_its_second_row():
    problem = one_problem(read("Item,Name\nA,a\nB,b\nA,again\n"))
    assert problem.row == 4
    assert "row 2" in problem.what.en


def test_a_value_out_of_the_models_bounds_is_reported_at_its_row():
    problem = one_problem(read("Item,Name,Unit code\nA,a,pieces please\n"))
    assert (problem.row, problem.column) == (2, "Unit code")


def test_a_heading_that_lacks_a_column_says_which():
    problem = one_problem(read("Item,Price\nA,1\n", kind="items"))
    assert (problem.row, problem.column) == (1, "Name")


def test_headings_that_fit_no_kind_are_refused_with_the_kinds_there_are():
    with pytest.raises(BadInput, match="routings"):
        read("colour,smell\nred,rose\n", name="x.csv")


def test_headings_that_mean_nothing_are_told():
    (sheet,) = read("Item,Name,Colour\nA,a,red\n").sheets
    assert sheet.ignored == ("Colour",)


def test_rows_of_a_routing_become_steps_with_alternatives():
    text = (
        "Item,Step,Operation name,Machine,Run time a piece (s),Setup (min),Setup family\n"
        "SHAFT,10,Turn,L1,120,30,d40\nSHAFT,10,,L2,150,30,\nSHAFT,20,Grind,G1,1.5 min,20,\n"
    )
    (routing,) = read(text, "routings.csv").values("routings")
    assert [s.key for s in routing.steps] == ["10", "20"]
    turn, grind = routing.steps
    assert [(a.machine, a.run_s, a.setup_s) for a in turn.alternatives] == [
        ("L1", 120.0, 1800),
        ("L2", 150.0, 1800),
    ]
    assert (turn.title, turn.family, grind.alternatives[0].run_s) == ("Turn", "d40", 90.0)


def test_the_unit_in_a_heading_counts():
    text = "Item,Step,Machine,Run time a piece (min),Setup (h)\nA,10,M,2,1\n"
    (routing,) = read(text, "routings.csv").values("routings")
    (alternative,) = routing.steps[0].alternatives
    assert (alternative.run_s, alternative.setup_s) == (120.0, 3600)


def test_calendars_have_shifts_that_may_pass_midnight_and_closed_days():
    text = (
        "Calendar,Days,From,Until,Time zone,Closed on\n"
        "two,mon-fri,06:00,22:00,Asia/Shanghai,\ntwo,sat,22:00,06:00,,\ntwo,,,,,2026-10-01\n"
    )
    (calendar,) = read(text, "calendars.csv").values("calendars")
    assert [(s.days, s.start_min, s.end_min) for s in calendar.shifts] == [
        ((0, 1, 2, 3, 4), 360, 1320),
        ((5,), 1320, 1800),
    ]
    assert calendar.days_off[0].date == "2026-10-01"
    assert calendar.timezone == "Asia/Shanghai"


def test_a_shift_without_an_end_is_a_bad_row_and_not_a_crash():
    problem = one_problem(read("Calendar,Days,From,Until\nc,mon,06:00,\n", "calendars.csv"))
    assert problem.column == "Until"


def test_a_due_date_means_the_end_of_that_day_in_the_firms_time_zone():
    setting = Setting(now=NOW, timezone=ZoneInfo("Asia/Shanghai"))
    text = "Order,Item,Quantity,Due\nWO-1,SHAFT,120,2026-03-20\nWO-2,SHAFT,5,+36h\n"
    first, second = read(text, "orders.csv", setting=setting).values("orders")
    assert first.due == dt.datetime(2026, 3, 20, 16, tzinfo=dt.UTC)
    assert second.due == NOW + dt.timedelta(hours=36)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-03-20", 20),
        ("20.03.2026", 20),
        ("2026/3/20", 20),
        ("2026年3月20日", 20),
        ("20/03/2026", 20),
        ("03/20/2026", 20),
        ("20260320", 20),
        (dt.date(2026, 3, 20), 20),
        (dt.datetime(2026, 3, 20, 12), 20),
    ],
)
def test_dates_are_read_as_they_are_written_in_different_places(cell, day):
    assert instant(cell, SETTING).day == day


def test_a_date_whose_day_and_month_can_be_exchanged_is_refused():
    with pytest.raises(WrongCell, match="day first or month first"):
        instant("03/04/2026", SETTING)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("90", 90), ("1.5 h", 5400), ("2分钟", 120), ("1:30", 5400), ("0:00:20", 20), ("1,5 h", 5400)],
)
def test_durations_are_read(cell, expected):
    assert seconds(cell, SETTING) == expected


@given(st.decimals(-(10**9), 10**9, places=3), st.booleans())
def test_every_number_written_plainly_is_read_back(value, comma):
    setting = Setting(now=NOW, comma_decimal=comma)
    words = str(value).replace(".", ",") if comma else str(value)
    assert number(words, setting) == value


@given(st.binary(max_size=400))
def test_any_bytes_give_values_or_a_clear_refusal(content):
    with contextlib.suppress(BadInput):
        read_file("items.csv", content, setting=SETTING)


@given(st.lists(st.tuples(*[st.text(max_size=20)] * 3), min_size=1, max_size=10))
def test_every_row_that_is_not_empty_is_either_taken_or_named(rows):
    lines = io.StringIO()
    csv.writer(lines).writerows([("Item", "Name", "Price"), *rows])
    if "\x00" in lines.getvalue():
        return
    (sheet,) = read_file(
        "items.csv", lines.getvalue().encode(errors="ignore"), setting=SETTING
    ).sheets
    assert len(sheet.values) + len(sheet.problems) == sheet.rows


@pytest.mark.parametrize("cell", ["0", "-3", "1e40", "0.1234567", "nan", "many"])
def test_an_order_for_nothing_or_for_too_much_is_refused(cell):
    text = f"Order,Item,Quantity,Due\nWO-1,SHAFT,{cell},+1d\n"
    assert one_problem(read(text, "orders.csv")).column == "Quantity"


def test_an_unclosed_quote_names_the_line():
    with pytest.raises(BadInput, match="quotes"):
        read('Item,Name\nA,"open\nB,b\n')


def test_a_workbook_reads_as_its_sheets_do():
    content = workbook(
        Items=[["Item", "Name", "Price"], ["SHAFT", "Pump shaft", 48.5], [4711, "Bar", 12]],
        工单=[["Order", "Item", "Quantity", "Due"],
              ["WO-1", "SHAFT", 120, dt.datetime(2026, 3, 20, 14, 30)]],
        Notes=[["anything", "goes"], ["here", 1]],
    )  # fmt: skip
    imported = read_file("plant.xlsx", content, setting=SETTING)
    assert [i.key for i in imported.values("items")] == ["SHAFT", "4711"]
    (order,) = imported.values("orders")
    assert order.quantity == Decimal(120)
    assert order.due == dt.datetime(2026, 3, 20, 14, 30, tzinfo=dt.UTC)
    assert one_problem(imported).file == "plant.xlsx[Notes]"


def test_a_bad_row_of_a_workbook_is_named_as_the_spreadsheet_numbers_it():
    content = workbook(items=[[], ["Item", "Name", "Price"], ["A", "a", 1], [], ["B", "b", "dear"]])
    problem = one_problem(read_file("plant.xlsx", content, setting=SETTING))
    assert problem.row == 5


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b"0" * 20_000_000)
    with pytest.raises(TooMuch, match="zip bomb"):
        read_file("bomb.xlsx", packed.getvalue(), setting=SETTING)


def test_a_damaged_workbook_and_a_zip_that_is_none_are_refused():
    good = workbook(items=[["Item", "Name"], ["A", "a"]])
    with pytest.raises(BadInput):
        read_file("cut.xlsx", good[: len(good) // 2], setting=SETTING)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as other:
        other.writestr("hello.txt", "hello")
    with pytest.raises(BadInput, match="no workbook"):
        read_file("other.xlsx", packed.getvalue(), setting=SETTING)


def test_a_zip_with_a_broken_workbook_inside_is_refused_by_the_child():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as broken:
        broken.writestr("xl/workbook.xml", "<workbook><nonsense")
    with pytest.raises(BadInput, match="cannot be opened"):
        read_file("broken.xlsx", packed.getvalue(), setting=SETTING)


def test_a_file_over_the_limit_is_refused():
    with pytest.raises(TooMuch):
        decode(bytes(50_000_001), name="big.csv")


def test_every_kind_has_headings_in_both_languages_that_lead_to_one_column():
    for kind in KINDS.values():
        names = [h for c in kind.columns for h in {c.headings()[1], c.headings()[2]}]
        assert len(names) == len(set(names)), kind.name
        assert kind.required


def test_what_is_bought_out_and_what_overtime_costs_is_read_and_written_again():
    routing = (
        "Item,Step,Machine,Run time a piece (s),Bought out,Back after (d),Cost a piece\n"
        "SHAFT,10,lathes,90,,,\nSHAFT,20,galvanic,1,yes,3,2.50\n"
    )
    calendar = (
        "Calendar,Days,From,Until,Overtime cost an hour\nday,mon-fri,06:00,14:00,\n"
        "day,sat,06:00,10:00,120\n"
    )
    (made,) = read(routing, "routings.csv").values("routings")
    (bought,) = made.steps[1].alternatives
    assert (bought.subcontract, bought.lead_s, bought.cost_minor) == (True, 3 * 86_400, 250)
    (hours,) = read(calendar, "calendars.csv").values("calendars")
    assert [s.overtime_minor_per_h for s in hours.shifts] == [0, 12_000]
    for kind, value in (("routings", made), ("calendars", hours)):
        text = to_csv(kind, (value,), setting=SETTING)
        assert read(text, f"{kind}.csv").values(kind) == (value,)


def test_a_shop_is_brought_over_in_the_middle_of_its_work():
    book = workbook(
        Transport=[["From site", "To site", "Travel (min)"], ["main", "hill", 20]],
        Maintenance=[
            ["Machine", "From", "Until", "Is a", "Reason"],
            ["L1", "2026-03-10 08:00", "2026-03-10 12:00", "", "spindle"],
            ["JIG", "2026-03-10", "2026-03-11", "tool", ""],
        ],
        Absences=[["Person", "From", "Until"], ["ann", "2026-03-12", "2026-03-13"]],
        WIP=[
            ["Order", "Step", "Machine", "Started", "Finished", "Good pieces", "Paused"],
            ["W1", 10, "L1", "2026-03-08 07:00", "2026-03-08 09:00", 20, ""],
            ["W1", 20, "M1", "2026-03-09 06:00", "", 7, ""],
        ],
    )
    found = read_file("shop.xlsx", book, setting=SETTING)
    assert found.problems == ()
    assert [s.kind for s in found.sheets] == ["transports", "outages", "absences", "progress"]
    lathe, jig = found.values("outages")
    assert (lathe.kind, lathe.planned, jig.kind) == ("machine", True, "tool")
    (away,) = found.values("absences")
    assert away.kind == "person"
    assert away.end == dt.datetime(2026, 3, 14, tzinfo=dt.UTC)
    done, begun = found.values("progress")
    assert (done.good, done.finished_at.hour, begun.good, begun.finished_at) == (20, 9, 7, None)


@pytest.mark.parametrize(
    ("kind", "text", "column", "what"),
    [
        ("progress", "Order,Step,Finished\nW,10,2026-03-08\n", "Good pieces", "empty"),
        (
            "outages",
            "Machine,From,Until\nL1,2026-03-09 08:00,2026-03-09 07:00\n",
            "Until",
            "ends before it begins",
        ),
        ("outages", "Machine,From,Is a\nL1,2026-03-09,robot\n", "Is a", "no machine, person or"),
    ],
)
def test_what_cannot_be_in_a_sheet_of_the_plant_is_named(kind, text, column, what):
    problem = one_problem(read(text, f"{kind}.csv"))
    assert (problem.row, problem.column) == (2, column)
    assert what in problem.what.en
