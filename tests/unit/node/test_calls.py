"""Who is called: the form, and which channels take a call."""

import datetime as dt

import pytest

from hanse.decide import CallOrder
from hanse.decide.notify import Channel
from hanse.decide.rules import Escalation
from hanse.model.errors import BadInput
from hanse.model.event import Event
from hanse.model.text import Text
from hanse.model.time import UTC
from hanse.node.notices.book import Standing, call_order_said
from hanse.node.notices.calls import calls_form, calls_from
from hanse.node.notices.desk import called, meant_for


def test_what_the_form_shows_is_what_it_gives_back():
    for calls in (
        CallOrder(),
        CallOrder(first=None, steps=()),
        CallOrder(at_least=4, first="operator", steps=(Escalation(after_s=90, role="owner"),)),
    ):
        values = {f.name: f.value for f in calls_form(calls)}
        assert calls_from(values) == calls


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"minutes_1": "soon"}, "number of minutes"),
        ({"minutes_1": "40"}, "after the one above"),
        ({"minutes_1": "-3"}, "after_s"),
        ({"at_least": "9"}, "at_least"),
    ],
)
def test_an_order_that_cannot_be_followed_is_refused(changed, why):
    values = {f.name: f.value for f in calls_form(CallOrder())} | changed
    with pytest.raises(BadInput, match=why):
        calls_from(values)


def test_the_order_is_said_in_one_sentence():
    said = call_order_said(CallOrder())
    assert said.en == "Technician at once, after 10 min Planner, after 30 min Owner"
    assert said.zh == "立即通知技术员,10 分钟后计划员,30 分钟后所有者"


def channel(key, *roles, enabled=True):
    made = Channel(key=key, way="webhook", to="secret", roles=roles)
    return Standing(channel=made, address="a.sample", enabled=enabled)


def call(role):
    about = {"annunciate": True, "role": role, "severity": 600, "at_ns": 1, "identity": "x"}
    return called(
        Event(
            id="e",
            at=dt.datetime(2026, 3, 9, tzinfo=UTC),
            kind="decide.alarm_active",
            subject="hot/m1",
            text=Text("hot", "热"),
            by="node",
            about=about,
        )
    )


def test_a_call_for_a_role_goes_to_its_channels_and_to_those_of_everyone():
    shift, boss, page = channel("shift", "technician"), channel("boss", "owner"), channel("page")
    known = (shift, boss, page)
    assert meant_for(known, call("technician")) == [shift, page]
    assert meant_for(known, call("owner")) == [boss, page]
    assert meant_for(known, call("")) == [shift, boss, page]


def test_a_call_that_no_running_channel_is_for_goes_to_all():
    boss = channel("boss", "owner")
    assert meant_for((boss,), call("technician")) == [boss]
    asleep = channel("shift", "technician", enabled=False)
    assert meant_for((asleep, boss), call("technician")) == [asleep, boss]
