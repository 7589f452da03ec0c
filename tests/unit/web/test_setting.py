"""Setting signals on pages and over the API: asked with a reason, by those who may, once."""

import re

from tests.unit.web.setting import WAITING
from tests.unit.web.visitors import HTML, admit, token_for


def test_a_machines_page_shows_what_may_be_set_with_bounds_and_asks_for_a_reason(owner):
    text = owner.get("/machines/lathe-1", headers=HTML).text
    assert 'id="setnow"' in text
    assert "in steps of 50" in text
    assert text.count('name="reason" required') == 2
    ids = re.findall(r'name="id" value="([^"]+)"', text)
    assert len(set(ids)) == len(ids) == 3
    assert ids[1:] != re.findall(
        r'name="id" value="([^"]+)"', owner.get("/machines/lathe-1", headers=HTML).text
    )[1:]  # fmt: skip


def test_only_those_whose_role_the_owner_named_see_a_form(node):
    technician = admit(node, "technician")
    text = technician.get("/machines/lathe-1", headers=HTML).text
    assert text.count('name="reason" required') == 1
    buyer = admit(node, "buyer")
    assert 'name="reason" required' not in buyer.get("/machines/lathe-1", headers=HTML).text
    form = {"machine": "lathe-1", "name": "mode", "value": "1", "reason": "x", "id": "12345678"}
    assert buyer.post("/set", data=form).status_code == 403


def test_a_value_is_set_with_the_persons_own_name_and_the_forms_own_id(owner):
    form = {
        "machine": "lathe-1", "name": "speed_set", "value": "1250", "reason": "a harder steel",
        "id": "a-form-that-is-sent-twice",
    }  # fmt: skip
    answer = owner.post("/set", data=form, headers=HTML)
    assert "set and read back" in answer.text
    expected = ("lathe-1", "speed_set", "1250", "a harder steel", "owner", form["id"])
    assert owner.ports.setting.asked[-1] == expected
    assert owner.post("/set", data={**form, "reason": ""}).status_code == 400


def test_another_person_agrees_on_the_page_of_the_machine(node):
    owner = admit(node, "owner")
    assert "to change the tool" in owner.get("/machines/lathe-1", headers=HTML).text
    answer = owner.post("/set/word", data={"id": WAITING.id, "word": "agree"}, headers=HTML)
    assert answer.status_code in {200, 201}
    assert owner.ports.setting.words[-1] == (WAITING.id, True, "owner")


def test_only_the_owner_says_what_may_be_written(node):
    technician = admit(node, "technician")
    assert technician.get("/connections/plant/writing", headers=HTML).status_code == 403
    assert technician.post("/connections/plant/writing", data={"deed": "allow"}).status_code == 403
    owner = admit(node, "owner")
    assert "step 50" in owner.get("/connections/plant/writing", headers=HTML).text
    form = {"deed": "allow", "signal": "lathe-1 mode", "low": "0"}
    assert owner.post("/connections/plant/writing", data=form).status_code in {200, 201}


def test_a_program_sets_a_value_with_a_token_of_that_scope_alone(node):
    path = "/api/v1/machines/lathe-1/signals/speed_set/value"
    body = {"value": "1250", "reason": "a harder steel", "id": "mine-1"}
    narrow = token_for(node, "owner", "machines.read")
    assert node.post(path, json=body, headers=narrow).status_code == 403
    right = token_for(node, "technician", "signals.set")
    answer = node.post(path, json=body, headers=right)
    assert (answer.status_code, answer.json()["state"]["name"]) == (200, "written")
    expected = ("1250", "a harder steel", "technician", "mine-1")
    assert node.ports.setting.asked[-1][2:] == expected
    assert node.post(path, json={"value": "1"}, headers=right).status_code == 400
