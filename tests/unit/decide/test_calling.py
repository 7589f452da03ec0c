"""Who is called, and who next, while nobody acknowledges an alarm."""

from msgspec.structs import replace
from tests.unit.decide.test_alarm import ID, RULE, S, book, transition

from hanse.decide import AlarmBook, CallOrder, acknowledge, parse_rules
from hanse.decide.rules import Escalation

MINUTE = 60 * S


def minutes(b, *at):
    return [(e.at_ns // MINUTE, e.role) for n in at for e in b.tick(n * MINUTE)]


def test_as_shipped_an_alarm_goes_from_the_technician_to_the_planner_to_the_owner():
    b = book()
    (raised,) = b.take([transition(0)])
    assert (raised.role, raised.annunciate) == ("technician", True)
    assert minutes(b, *range(1, 60)) == [(10, "planner"), (30, "owner")]
    assert b.get(ID).escalated == 2


def test_each_step_says_how_long_nobody_came_and_whose_turn_it_is_in_both_languages():
    b = book()
    b.take([transition(0)])
    (step,) = b.tick(10 * MINUTE)
    assert step.what == "escalated"
    assert step.text.en.endswith("nobody has seen it for 10 min, now for the planner")
    assert step.text.zh.endswith("已 10 分钟无人确认,升级至计划员")
    assert step.about["step"] == 1


def test_an_acknowledged_alarm_goes_no_further():
    b = book()
    b.take([transition(0)])
    b.tick(10 * MINUTE)
    b.act(ID, acknowledge, by="ann", at_ns=11 * MINUTE)
    assert b.tick(60 * MINUTE) == []


def test_an_alarm_below_the_level_or_with_no_order_stays_with_those_called_first():
    for calls in (CallOrder(at_least=3), CallOrder(enabled=False), CallOrder(steps=())):
        b = AlarmBook(parse_rules(RULE), calls=calls)
        b.take([transition(0)])
        assert b.tick(60 * MINUTE) == []
    everyone = AlarmBook(parse_rules(RULE), calls=CallOrder(first=None))
    assert everyone.take([transition(0)])[0].role == ""


def test_a_rules_own_order_stands_in_place_of_the_usual_one():
    (rule,) = parse_rules(RULE)
    own = replace(rule, escalate=(Escalation(after_s=60, role="buyer"),))
    b = AlarmBook([own])
    assert b.take([transition(0)])[0].role == ""
    assert minutes(b, *range(1, 60)) == [(1, "buyer")]


def test_a_book_that_was_loaded_again_goes_on_where_it_was():
    b = book()
    b.take([transition(0)])
    b.tick(10 * MINUTE)
    again = AlarmBook(parse_rules(RULE), b.alarms())
    assert minutes(again, 11, 30) == [(30, "owner")]
