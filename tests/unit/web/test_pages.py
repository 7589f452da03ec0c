"""Every page, in both languages, without a browser."""

import re
from html.parser import HTMLParser

import pytest
from msgspec import structs
from tests.unit.web import samples as s
from tests.unit.web.addresses import PAGES
from tests.unit.web.visitors import HTML, admit

from hanse.web.drawing import words

VOID = {"meta", "link", "input", "img", "br", "hr"}
SHAPES = {"path", "rect", "circle"}


class Outline(HTMLParser):
    """Whether tags close in order, and the text that is seen."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.ids, self.text = [], [], [], []
        self.headings, self.bare = 0, []

    def handle_starttag(self, tag, attributes):
        self.ids += [value for name, value in attributes if name == "id"]
        self.headings += tag == "h1"
        self.check_label(tag, dict(attributes))
        if tag not in VOID:
            self.open.append(tag)

    def check_label(self, tag, given):
        if tag in {"input", "select", "textarea"} and given.get("type") != "hidden":
            named = "label" in self.open or "aria-label" in given
            self.bare += [] if named else [given]
        if tag == "img" and "alt" not in given:
            self.bare.append(given)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append((tag, self.getpos()))

    def handle_data(self, data):
        self.text.append(data)


def outline(html):
    parser = Outline()
    parser.feed(html)
    return parser


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_speaks_both_languages(reader, path):
    for language in ("en", "zh"):
        answer = reader.get(path, headers=HTML | {"accept-language": language})
        assert answer.status_code == 200, answer.text[:300]
        seen = outline(answer.text)
        assert (seen.wrong, seen.open) == ([], []), path
        assert seen.headings == 1, f"{path}: one heading of the first order"
        assert seen.bare == [], f"{path}: a field or picture without a name"
        assert len(seen.ids) == len(set(seen.ids)), f"{path}: an id stands twice"
        chinese = re.search(r"[\u4e00-\u9fff]{2,}", "".join(seen.text).replace("中文", ""))
        assert bool(chinese) == (language == "zh"), (path, chinese)


def test_a_machine_with_a_tag_in_its_name_is_shown_as_it_is_written(owner):
    async def rows():
        return (structs.replace(s.MACHINES[0], title="<script>alert(1)</script>"),)

    owner.ports.machines.rows = rows
    page = owner.get("/machines", headers=HTML).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_every_row_that_has_an_event_leads_to_its_causes(owner):
    for path in ("/", "/loops", "/alarms", "/trade", "/machines", "/plan"):
        assert 'href="/events/event-0' in owner.get(path, headers=HTML).text, path


def test_the_page_of_an_event_shows_its_chain_of_causes_to_the_root(owner):
    page = owner.get(f"/events/{s.EVENTS[7].id}", headers=HTML).text
    for event in (s.EVENTS[7], s.EVENTS[6], s.EVENTS[4], s.EVENTS[0]):
        assert event.text.en in page


def test_the_menu_shows_what_the_person_may_open(node):
    page = admit(node, "kiosk").get("/machines", headers=HTML).text
    assert 'href="/alarms"' in page
    assert 'href="/people"' not in page
    assert 'href="/trade"' not in page


def test_a_person_agrees_and_the_question_is_closed(owner):
    path = f"/approvals/{s.APPROVAL.id}"
    answer = owner.post(path, data={"choice": "shop_two"}, headers=HTML)
    assert "Agreed" in answer.text
    assert 'value="decline"' not in answer.text
    again = owner.post(path, data={"choice": "shop_two"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_a_move_in_the_plan_is_answered_with_the_repaired_plan(owner):
    form = {"work": "wo-2207|30", "machine": "lathe-2", "start": "2026-03-10T08:00"}
    part = owner.post("/plan/move", data=form, headers={"hx-request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "Version 19" in part.text
    assert "1 operation moved" in part.text


def test_one_order_is_found_in_the_plan_and_stays_shown_after_a_move(owner):
    found = owner.get("/plan?find=wo-2207&hours=168").text
    assert "find=wo-2207" in found
    assert " dim" in found
    assert " dim" not in owner.get("/plan").text
    look = "?hours=168&from=2026-03-10T06%3A00%3A00Z&find=wo-2207"
    tried = owner.post("/plan/move/try", data={
        "work": "wo-2207|20b|0", "machine": "lathe-1", "start": "2026-03-09T20:00", "hours": 168,
        "look": look,
    }).text  # fmt: skip
    assert 'value="wo-2207"' in tried
    assert "from=2026-03-10T06%3A00%3A00Z" in tried
    assert owner.get("/plan?from=yesterday&hours=x&late=1").status_code == 200


def test_a_move_is_shown_with_whom_it_harms_before_it_is_done(owner):
    form = {"work": "wo-2207|30|0", "machine": "lathe-2", "start": "2026-03-10T08:00"}
    part = owner.post("/plan/move/try", data=form, headers={"hx-request": "true"})
    assert part.status_code in {200, 201}
    assert "<html" not in part.text
    assert "wo-2215" in part.text
    assert 'action="/plan/move"' in part.text
    whole = owner.post("/plan/move/try", data=form, headers=HTML)
    assert "<html" in whole.text
    assert "Version 18" in whole.text
    begun = {**form, "work": "wo-2210|20"}
    answer = owner.post("/plan/move/try", data=begun, headers={"hx-request": "true"})
    assert answer.status_code == 409
    assert "it has started" in answer.text


def test_what_was_tried_is_adopted_with_what_it_was_shown_to_cost(owner, node):
    tried = owner.post("/plan/what-if", data={"machine": "lathe-1", "hours": "8"}, headers=HTML)
    assert 'name="cost_minor" value="4250"' in tried.text
    assert 'value="day|2026-03-' in tried.text
    form = {"machine": "lathe-1", "hours": "8.0", "cost_minor": "4250"}
    assert owner.post("/plan/what-if/adopt", data=form, follow_redirects=False).status_code == 303
    wish, cost_minor, by = node.ports.plans.adopted
    assert (wish.machine, wish.hours, cost_minor, by) == ("lathe-1", 8.0, 4250, "owner")


def test_a_date_is_held_confirmed_and_released(owner):
    curve = owner.post("/plan/promise", data={"item": "shaft-40", "quantity": "20"}, headers=HTML)
    assert "promise-curve" in curve.text
    assert curve.text.count('action="/plan/holds"') == 2
    form = {"item": "shaft-40", "quantity": "20", "hours": "24", "harmless": "1"}
    assert owner.post("/plan/holds", data=form, follow_redirects=False).status_code == 303
    assert "hold-1" in owner.get("/plan", headers=HTML).text
    for deed, more in (("confirm", {"order": "wo-9"}), ("release", {})):
        known, gone = {"hold": "hold-1", **more}, {"hold": "hold-9", **more}
        path = f"/plan/holds/{deed}"
        assert owner.post(path, data=known, follow_redirects=False).status_code == 303
        assert owner.post(path, data=gone).status_code == 404


def test_load_names_the_busiest_machine_and_what_would_relieve_it(owner):
    assert "lathe-1" in owner.get("/plan/load", headers=HTML).text
    assert "one more shift" in owner.get("/plan/load/lathe-1", headers=HTML).text


def test_a_move_that_cannot_be_done_is_answered_with_the_plan_as_it_is_and_why(owner):
    form = {"work": "wo-2210|20", "machine": "lathe-1", "start": "2026-03-10T08:00"}
    answer = owner.post("/plan/move", data=form, headers={"hx-request": "true"})
    assert answer.status_code == 409
    assert "Version 18" in answer.text
    assert "it has started" in answer.text


def test_a_file_is_looked_at_before_it_is_taken_in(owner):
    content = {"file": ("orders.csv", b"a,b\n1,2\n")}
    seen = owner.post("/import", files=content, follow_redirects=False)
    report = owner.get(seen.headers["location"], headers=HTML)
    assert "There is no such day" in report.text
    taken = owner.post(f"/import/{s.REPORT.id}", headers=HTML)
    assert "taken in" in taken.text


def test_a_form_without_a_file_says_so(owner):
    answer = owner.post("/import", files={"other": ("x", b"1")})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-input")


def test_ticked_variables_are_chosen_under_the_names_given(owner):
    form = {
        "pick": ["1"],
        "path-1": "ns=2;s=Lathe1.Spindle.Vibration",
        "group-1": "0",
        "asset-0": "lathe-1",
        "type-0": "machine_tool",
        "name-1": "vibration",
        "unit-1": "mm/s",
        "path-2": "ns=2;s=Lathe1.Door",
    }
    assert owner.post("/connections/plant/browse", data=form).status_code in {200, 201}
    (chosen,) = owner.ports.connections.chosen
    assert (chosen.asset, chosen.name, chosen.unit) == ("lathe-1", "vibration", "mm/s")
    assert chosen.asset_type == "machine_tool"


def test_an_address_that_is_none_is_said_on_the_page_and_kept_in_the_form(owner):
    answer = owner.post("/connect", data={"url": "plc-1"}, headers=HTML)
    assert answer.status_code == 400
    assert 'value="plc-1"' in answer.text
    good = owner.post("/connect", data={"url": "opc.tcp://plc:4840"}, follow_redirects=False)
    assert good.headers["location"] == "/connections/plant/browse"


def test_looking_round_shows_what_answers_and_refuses_networks_that_are_not_private(owner):
    found = owner.post("/connect/scan", data={"network": "192.168.1.0/24"}, headers=HTML)
    answering = "<code>opc.tcp://192.168.1.20:4840</code>"
    assert answering in found.text
    refused = owner.post("/connect/scan", data={"network": "8.8.8.0/24"}, headers=HTML)
    assert answering not in refused.text


def test_a_mapping_that_is_wrong_changes_nothing_and_comes_back(owner):
    answer = owner.post("/connections/plant/mapping", data={"text": "x = 1"}, headers=HTML)
    assert answer.status_code == 400
    assert "x = 1" in answer.text


def test_a_code_on_a_machine_opens_one_page_and_nothing_else(reader):
    reader.headers.pop("cookie", None)
    link = "/count/plant/good-token"
    kept = reader.post(link, data={"name": "parts_good", "add": "1"}, follow_redirects=False)
    assert (kept.status_code, kept.headers["location"]) == (303, f"{link}?kept=1")
    assert reader.ports.doors.entered[-1].add == 1
    assert reader.get("/count/plant/other").status_code == 403
    assert reader.get("/machines", follow_redirects=False).status_code in {302, 303, 401}


def test_pushed_values_need_the_token_of_their_door(reader):
    reader.headers.pop("cookie", None)
    answers = [
        reader.post("/push/v1/plant", json={"a": 1}, headers=headers)
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer good-token"})
    ]
    assert [a.status_code for a in answers] == [403, 403, 200]
    assert answers[2].json() == {"taken": 1, "rejected": []}


def test_nothing_ticked_is_refused_with_what_to_do(owner):
    answer = owner.post("/connections/plant/browse", data={"path-1": "x"})
    assert answer.status_code == 400
    assert "Tick at least one" in answer.json()["detail"]


def test_codes_that_differ_pin_no_partner(owner):
    answer = owner.post(f"/peers/{s.DID_SHOP}", data={"deed": "pin", "code": "000 000 000"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-input")


def test_a_ledger_file_is_kept_not_shown(owner):
    answer = owner.get("/ledger/pump/file")
    assert answer.headers["content-disposition"] == 'attachment; filename="ledger-pump.jsonl"'
    assert answer.headers["content-type"] == "application/octet-stream"


def test_a_link_for_a_phone_is_drawn_as_a_code(owner):
    page = owner.post("/people/owner/link", data={"kind": "phone"}, headers=HTML).text
    assert "/enrol/" in page
    assert 'class="qr"' in page


def test_the_last_owner_cannot_be_shut_out(owner):
    for form in ({"role": "owner"}, {"role": "planner", "enabled": "true"}):
        assert owner.post("/people/owner", data=form).status_code == 409


def test_a_token_is_shown_once_and_kept_as_a_hash(owner):
    form = {"title": "reports", "days": "30", "scope": ["loops.read"]}
    page = owner.post("/me/tokens", data=form, headers=HTML).text
    (secret,) = set(re.findall(r"hanse_[A-Za-z0-9_-]{43}", page))
    assert secret not in owner.get("/me", headers=HTML).text
    owner.headers.pop("cookie")
    assert owner.get("/loops", headers={"authorization": f"Bearer {secret}"}).status_code == 200


def test_a_persons_own_language_wins_on_every_device(owner):
    owner.post("/me/language", data={"language": "zh"})
    page = owner.get("/", headers=HTML | {"accept-language": "en"}).text
    assert words.catalogue("zh")["Today"] in page


def test_an_unknown_thing_is_a_page_that_says_so(owner):
    answer = owner.get("/loops/nowhere", headers=HTML)
    assert answer.status_code == 404
    assert "There is no such thing" in answer.text


def test_a_rule_comes_from_a_template_is_tried_and_then_armed(owner):
    form = {"kind": "lathe", "signal": "vibration", "template": "too-high", "high": "95"}
    tried = owner.post("/rules/new", data=form, headers=HTML)
    assert "alarms it would have raised" in tried.text
    assert 'class="band"' in tried.text
    assert "high = 95" in tried.text
    assert "Lathe 1: Load is too high" in tried.text, "people read names, not keys"
    draft = {"key": "lathe-load", "text": "x = 1", "hours": "24", "todo": "keep"}
    owner.post("/rules/edit", data=draft, headers=HTML)
    assert "lathe-load" in owner.get("/rules", headers=HTML).text


def test_an_error_in_a_rule_stands_beside_what_was_typed(owner):
    draft = {"key": "mine", "text": "hihg = 95", "hours": "24", "todo": "try"}
    answer = owner.post("/rules/edit", data=draft, headers=HTML)
    assert answer.status_code == 400
    assert "mine.toml:5" in answer.text
    assert "Did you mean &#39;high&#39;" in answer.text
    assert "hihg = 95" in answer.text


def test_a_rule_is_disarmed_and_the_audit_log_knows_who(owner):
    owner.post("/rules/arm", data={"rule": "lathe-vibration-high", "armed": "false"})
    rows = owner.get("/api/v1/rules").json()
    assert not next(r for r in rows if r["key"] == "lathe-vibration-high")["armed"]
    assert owner.ports.audit.entries[-1].what == "rule.disarmed"


def test_a_stop_is_explained_with_one_press_and_is_asked_no_more(owner):
    page = owner.get("/stops", headers=HTML).text
    assert "1 wait for a word" in page
    owner.post("/stops", data={"stop": "lathe-1@1773051273000000000", "reason": "spindle"})
    assert "Every stop has its reason" in owner.get("/stops", headers=HTML).text


def test_every_loss_leads_to_its_stops_in_hours_and_money(owner):
    page = owner.get("/oee", headers=HTML).text
    assert "stood, own cause: not explained" in page
    assert "8.00 EUR" in page
    assert 'href="/stops?machine=lathe-1' in page
    assert "0.49 kWh" in page or "0.49 <small>kWh" in page


def test_the_first_steps_stand_on_the_owners_page_until_they_are_hidden(owner):
    assert 'id="first-steps"' in owner.get("/", headers=HTML).text
    owner.post("/first-steps/hide", headers=HTML)
    assert 'id="first-steps"' not in owner.get("/", headers=HTML).text


def test_those_who_cannot_do_the_first_steps_are_not_shown_them(node):
    assert 'id="first-steps"' not in admit(node, "planner").get("/", headers=HTML).text
