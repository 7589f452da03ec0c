"""A request of several lines is typed without losing a word, with script or without."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.web.visitors import HTML

from hanse.model.errors import BadInput, TooMuch
from hanse.web.asking import (
    TABLE_CHARS_MAX,
    Typed,
    TypedLine,
    form_from,
    rows_of,
    typed_from,
    with_line,
    with_rows,
    without_line,
)
from hanse.web.views.trading import LINES_ASKED_MAX

SHAFT = {"item": "SHAFT", "quantity": "40", "due": "2026-12-01T12:00"}
TWO = SHAFT | {"lines": "2", "item_2": "GEAR", "quantity_2": "8", "due_2": "2026-12-02T12:00"}


def line(**more):
    return TypedLine(**SHAFT | more)


def test_the_fields_of_a_form_are_its_lines_the_first_without_a_number():
    typed = typed_from({name: [value] for name, value in TWO.items()} | {"firms": ["a", "b"]})
    assert [(n.item, n.quantity) for n in typed.lines] == [("SHAFT", "40"), ("GEAR", "8")]
    assert typed.firms == ("a", "b")


def test_a_process_taken_from_the_whole_list_stands_above_the_candidates():
    typed = typed_from({"words": ["worn seat"], "code": ["turning"], "other": ["spraying"]})
    assert typed.lines[0].code == "spraying"
    assert typed_from({"code": ["turning"], "other": [""]}).lines[0].code == "turning"


def test_lines_are_added_and_taken_out_and_one_is_always_left():
    two = with_line(Typed(lines=(line(),)))
    assert [n.item for n in two.lines] == ["SHAFT", ""]
    assert two.lines[1].due == SHAFT["due"]
    assert without_line(two, 1).lines == (two.lines[1],)
    assert without_line(Typed(), 1).lines == (TypedLine(),)


def test_more_lines_than_a_request_may_have_are_refused():
    full = Typed(lines=(line(),) * LINES_ASKED_MAX)
    with pytest.raises(TooMuch):
        with_line(full)
    with pytest.raises(TooMuch):
        with_rows(full, (line(),))
    with pytest.raises(TooMuch):
        typed_from({"lines": [str(LINES_ASKED_MAX + 1)]})
    with pytest.raises(TooMuch):
        rows_of("x\n" * (LINES_ASKED_MAX + 1))
    with pytest.raises(TooMuch):
        rows_of("x" * (TABLE_CHARS_MAX + 1))


def test_what_is_sent_is_every_line_that_says_something():
    typed = Typed(lines=(TypedLine(), line(), line(item="", words="gear", code="hobbing")))
    form = form_from(typed, timezone="Asia/Shanghai")
    assert (form.item, form.quantity, form.due) == (
        "SHAFT",
        "40",
        dt.datetime(2026, 12, 1, 4, tzinfo=dt.UTC),
    )
    assert [(n.words, n.code) for n in form.lines] == [("gear", "hobbing")]


@pytest.mark.parametrize("wrong", [{"quantity": "many"}, {"due": ""}, {"tolerance_um": "fine"}])
def test_a_line_that_cannot_be_used_is_named(wrong):
    with pytest.raises(BadInput, match=f"line 2: this cannot be used as {next(iter(wrong))}"):
        form_from(Typed(lines=(line(), line(**wrong))), timezone="UTC")
    with pytest.raises(BadInput):
        form_from(Typed(), timezone="UTC")


@pytest.mark.parametrize(
    "table",
    [
        "SHAFT\t40\t2026-12-01T12:00\nGEAR\t8\t2026-12-02",
        "item;quantity;due\nSHAFT;40;2026-12-01 12:00\nGEAR;8;2026-12-02\n",
        "数量,物料,交期\n40,SHAFT,2026-12-01T12:00\n8,GEAR,2026/12/02",
        "\ufeffDue,Pieces,Part\n2026-12-01T12:00,40,SHAFT\n\n2026.12.02,8,GEAR\n",
    ],
)
def test_rows_of_a_spreadsheet_are_lines_whatever_their_columns(table):
    rows = rows_of(table)
    assert [(r.item, r.quantity, r.due) for r in rows] == [
        ("SHAFT", "40", "2026-12-01T12:00"),
        ("GEAR", "8", "2026-12-02T23:59"),
    ]


@given(st.text(max_size=400))
def test_whatever_is_pasted_gives_lines_or_a_clear_no(text):
    try:
        rows = rows_of(text)
    except BadInput:
        return
    assert len(rows) <= LINES_ASKED_MAX


def send(owner, **fields):
    return owner.post("/trade/ask", data=fields, headers=HTML)


def test_a_form_that_grows_keeps_what_was_typed_and_sends_nothing(owner):
    page = send(owner, **TWO, do="add").text
    for shown in ('value="SHAFT"', 'value="GEAR"', 'name="quantity_3"', 'value="3"'):
        assert shown in page
    page = send(owner, **TWO, do="remove-1").text
    assert 'value="GEAR"' in page
    assert 'value="SHAFT"' not in page
    page = send(owner, **TWO, do="rows", table="NUT\t9\t2026-12-03").text
    assert page.count('<fieldset class="card form"') == 3
    assert not hasattr(owner.ports.trade, "asked")


def test_a_request_of_two_lines_is_sent(owner):
    assert send(owner, **TWO).status_code == 200
    form = owner.ports.trade.asked
    assert [form.item, *(n.item for n in form.lines)] == ["SHAFT", "GEAR"]


def test_a_drawing_goes_with_its_own_line(owner):
    file = {"file_2": ("gear.pdf", b"%PDF", "application/pdf")}
    page = owner.post("/trade/ask", data=TWO | {"do": "find"}, files=file, headers=HTML).text
    assert 'name="drawing_2" value="sha-256:' in page
    assert owner.post("/trade/ask", data=TWO, files=file, headers=HTML).status_code == 200
    form = owner.ports.trade.asked
    assert (form.drawing, bool(form.lines[0].drawing)) == ("", True)


def test_a_csv_file_in_another_writing_is_read(owner):
    for language, encoding, words in (("zh", "gb18030", "齿轮"), ("en", "cp1252", "Zahnräder")):
        table = f"words,quantity,due\n{words},8,2026-12-02\n".encode(encoding)
        headers = HTML | {"accept-language": language}
        file = {"table_file": ("rows.csv", table, "text/csv")}
        page = owner.post("/trade/ask", data={"do": "rows"}, files=file, headers=headers).text
        assert f">{words}</textarea>" in page


def test_words_are_not_sent_before_somebody_said_what_they_mean(owner):
    fields = {"words": "turned shaft", "quantity": "4", "due": "2026-12-01T12:00"}
    page = send(owner, **fields).text
    assert 'name="code" value="turning"' in page
    assert not hasattr(owner.ports.trade, "asked")
    send(owner, **fields, code="turning")
    assert owner.ports.trade.asked.code == "turning"


def test_a_wrong_line_costs_no_typing(owner):
    answer = send(owner, **TWO | {"quantity_2": "many"})
    assert answer.status_code == 400
    assert "line 2" in answer.text
    assert 'value="SHAFT"' in answer.text
