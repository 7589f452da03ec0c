"""Remaining life on pages: the planner's word on proposed maintenance, and asking for training."""

from tests.unit.web.lives import WINDOW
from tests.unit.web.visitors import HTML, admit


def test_a_proposed_window_stands_on_the_plan_and_goes_into_it_when_accepted(owner):
    assert 'id="windows"' in owner.get("/plan", headers=HTML).text
    form = {"approval": WINDOW.approval, "word": "accept", "since": "2026-03-10T08:00"}
    answer = owner.post("/plan/windows", data=form, headers=HTML)
    assert answer.status_code in {200, 201}
    window, since, _, accepted, by = owner.ports.lives.answered
    assert (window, accepted, by) == (WINDOW, True, "owner")
    assert since.isoformat().startswith("2026-03-10T")
    assert 'id="windows"' not in owner.get("/plan", headers=HTML).text


def test_a_window_is_declined_only_with_a_reason(owner):
    form = {"approval": WINDOW.approval, "word": "decline"}
    assert owner.post("/plan/windows", data=form).status_code == 400
    form["reason"] = "a new spindle came in yesterday"
    assert owner.post("/plan/windows", data=form).status_code in {200, 201}
    assert owner.ports.lives.answered[2] == form["reason"]


def test_a_technician_asks_for_training_but_does_not_change_the_plan(node):
    technician = admit(node, "technician")
    form = {"asset_type": "lathe", "machine": "lathe-1"}
    answer = technician.post("/life/train", data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/life/one?machine=lathe-1")
    assert technician.ports.lives.asked == [("lathe", "technician")]
    form = {"approval": WINDOW.approval, "word": "accept"}
    assert technician.post("/plan/windows", data=form).status_code == 403
