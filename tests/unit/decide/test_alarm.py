import pytest

from hanse.decide import (
    AlarmBook,
    Transition,
    acknowledge,
    confirm,
    draft,
    parse_rules,
    place_in_service,
    remove_from_service,
    reset,
    shelve,
    suppress,
    unsuppress,
)
from hanse.decide.alarm import part9
from hanse.model.errors import BadInput, Conflict, NotFound
from hanse.model.text import Text

S = 1_000_000_000
ID = "hot.high/m1"
RULE = """
[[rule]]
kind = "limit"
key = "hot"
asset_type = "spindle"
signal = "temperature_c"
high = 80
"""


def book(extra=""):
    return AlarmBook(parse_rules(RULE + extra))


def transition(at_s, *, active=True, asset="m1"):
    return Transition(
        rule="hot",
        asset=asset,
        side="high",
        at_ns=at_s * S,
        active=active,
        since_ns=at_s * S,
        severity=500,
        text=Text("hot", "热"),
        value=90.0,
        limit=80.0,
    )


def told(events):
    return [(e.what, e.at_ns // S, e.annunciate) for e in events]


def test_an_alarm_stands_until_it_has_ended_and_someone_has_seen_it():
    b = book()
    assert told(b.take([transition(1)])) == [("active", 1, True)]
    assert told(b.take([transition(5, active=False)])) == [("inactive", 5, False)]
    assert [a.id for a in b.standing()] == [ID]
    b.act(ID, acknowledge, by="ann", at_ns=6 * S)
    assert b.standing() == []


def test_taking_the_same_transitions_again_tells_nothing():
    b, steps = book(), [transition(1), transition(5, active=False), transition(9)]
    assert len(b.take(steps)) == 3
    assert b.take(steps) == []
    assert b.get(ID).occurrence == 2


def test_a_new_occurrence_must_be_acknowledged_anew():
    b = book()
    b.take([transition(1)])
    b.act(ID, acknowledge, by="ann", at_ns=2 * S)
    b.take([transition(5, active=False), transition(9)])
    assert not b.get(ID).acked


def test_confirmation_follows_acknowledgement():
    b = book("confirm = true")
    b.take([transition(1)])
    with pytest.raises(Conflict):
        b.act(ID, confirm, by="ann", at_ns=2 * S)
    b.act(ID, acknowledge, by="ann", at_ns=2 * S)
    b.act(ID, confirm, by="ann", at_ns=3 * S, note="bearing greased")
    assert b.get(ID).confirmed


def test_a_shelved_alarm_is_recorded_quietly_and_calls_when_the_time_is_up():
    b = book()
    b.take([transition(1), transition(2, active=False)])
    b.act(ID, shelve, by="ann", at_ns=3 * S, for_s=60)
    assert told(b.take([transition(10)])) == [("active", 10, False)]
    assert b.tick(62 * S) == []
    assert told(b.tick(63 * S)) == [("unshelved", 63, True)]


def test_a_one_shot_shelf_ends_with_the_alarm():
    b = book()
    b.take([transition(1)])
    b.act(ID, shelve, by="ann", at_ns=2 * S, for_s=None)
    b.take([transition(3, active=False)])
    assert told(b.take([transition(4)])) == [("active", 4, True)]


def test_nobody_shelves_for_longer_than_the_limit():
    b = book()
    b.take([transition(1)])
    with pytest.raises(BadInput):
        b.act(ID, shelve, by="ann", at_ns=2 * S, for_s=10**9)


def test_suppression_needs_a_reason_and_ends_with_a_call():
    b = book()
    b.take([transition(1)])
    with pytest.raises(BadInput):
        b.act(ID, suppress, reason=" ", by="node", at_ns=2 * S)
    b.act(ID, suppress, reason="line is being cleaned", by="node", at_ns=2 * S)
    assert told(b.act(ID, unsuppress, by="node", at_ns=3 * S)) == [("unsuppressed", 3, True)]


def test_out_of_service_is_quiet_until_it_is_back():
    b = book()
    b.take([transition(1), transition(2, active=False)])
    b.act(ID, remove_from_service, reason="sensor is replaced", by="ann", at_ns=3 * S)
    assert told(b.take([transition(4)])) == [("active", 4, False)]
    assert told(b.act(ID, place_in_service, by="ann", at_ns=5 * S)) == [("in_service", 5, True)]


def test_a_latched_alarm_stands_until_it_is_reset():
    b = book("latch = true\nacknowledge = false")
    b.take([transition(1)])
    with pytest.raises(Conflict):
        b.act(ID, reset, by="ann", at_ns=2 * S)
    b.take([transition(3, active=False)])
    assert [a.id for a in b.standing()] == [ID]
    b.act(ID, reset, by="ann", at_ns=4 * S)
    assert b.standing() == []


def test_an_unheard_alarm_calls_again_and_then_calls_the_next_role():
    escalate = 'escalate = [{ after_s = 60, role = "shift_lead", severity = 900 }]\n'
    b = book(escalate + "re_alarm_s = 30")
    b.take([transition(0)])
    assert told(b.tick(30 * S)) == [("re_alarmed", 30, True)]
    escalated = b.tick(60 * S)
    assert told(escalated) == [("escalated", 60, True)]
    assert (escalated[0].role, b.get(ID).severity) == ("shift_lead", 900)
    b.act(ID, acknowledge, by="ann", at_ns=61 * S)
    assert b.tick(1_000 * S) == []


def test_what_does_not_come_back_is_cleared_by_itself():
    b = book("quiet_clear_s = 600")
    b.take([transition(0), transition(10, active=False)])
    assert b.tick(609 * S) == []
    assert told(b.tick(610 * S)) == [("acknowledged", 610, False)]
    assert b.standing() == []


def test_the_first_of_a_group_is_told_apart():
    b = book('group = "cooling"')
    b.take([transition(1), transition(2, asset="m2")])
    assert [a.first_in_group for a in b.alarms()] == [True, True]


def test_a_saved_book_is_the_same_book():
    b = book()
    b.take([transition(1)])
    again = AlarmBook.load(parse_rules(RULE), b.save())
    assert again.alarms() == b.alarms()
    assert again.take([transition(1)]) == []


def test_a_step_becomes_an_event_with_its_numbers():
    event = draft(book().take([transition(1)])[0])
    assert event.kind == "decide.alarm_active"
    assert (event.about["value"], event.about["limit"]) == (90.0, 80.0)
    assert event.about["identity"] == f"{ID}@{S}:active"


def test_its_state_goes_out_under_the_names_of_opc_ua():
    b = book()
    b.take([transition(1)])
    b.act(ID, shelve, by="ann", at_ns=2 * S, for_s=60)
    names = part9(b.get(ID))
    assert (names["ActiveState"], names["AckedState"], names["Retain"]) == (True, False, True)
    assert (names["ShelvingState"], names["SuppressedOrShelved"]) == ("timed", True)


def test_an_alarm_that_is_not_there_is_not_found():
    with pytest.raises(NotFound):
        book().get("none")


def test_raising_what_is_active_is_no_new_occurrence():
    b = book()
    b.take([transition(1)])
    assert b.take([transition(5)]) == []
    assert b.get(ID).occurrence == 1


def test_an_alarm_whose_rule_is_gone_is_ended():
    b = book()
    b.take([transition(1)])
    again = AlarmBook([], b.alarms())
    assert told(again.end_without_rule(9 * S)) == [("inactive", 9, False)]
    assert again.end_without_rule(10 * S) == []


def test_what_the_engine_no_longer_holds_has_ended_and_what_it_holds_stays():
    one = book()
    one.take([transition(1), transition(1, asset="m2")])
    told = one.agree({ID}, at_ns=9 * S)
    assert [(e.alarm, e.what) for e in told] == [("hot.high/m2", "inactive")]
    assert one.agree({ID}, at_ns=10 * S) == []
    assert [e.what for e in one.take([transition(12, asset="m2")])] == ["active"]
