import json
from email import message_from_bytes, policy

import pytest

from hanse.decide.alarm import AlarmEvent
from hanse.decide.figures import FloodGuard, alarm_figures
from hanse.decide.notify import Channel, Pace, letter, trial_letter, wait_s, wanted
from hanse.model.text import Text

S = 1_000_000_000


def event(at_s=0, *, alarm="hot/m1", severity=600, role="", annunciate=True):
    return AlarmEvent(
        id=f"{alarm}@{at_s}:active",
        alarm=alarm,
        what="active",
        at_ns=1_767_600_000 * S + at_s * S,
        text=Text("m1: hot\r\nBcc: x@y", "m1:过热 <b>"),
        severity=severity,
        annunciate=annunciate,
        role=role,
    )


def channel(way, **how):
    return Channel(key="c", way=way, to="https://example.invalid/hook", **how)


@pytest.mark.parametrize(
    ("way", "path"),
    [
        ("wecom", ("text", "content")),
        ("dingtalk", ("text", "content")),
        ("feishu", ("content", "text")),
        ("slack", ("text",)),
    ],
)
def test_each_messenger_gets_its_own_form_in_its_language(way, path):
    body = json.loads(letter(channel(way, language="zh"), event(), link="https://n/a").body)
    for step in path:
        body = body[step]
    assert body.startswith("[高] m1:过热")
    assert body.endswith("https://n/a")


def test_teams_gets_an_adaptive_card_and_a_webhook_the_fields():
    card = json.loads(letter(channel("teams"), event()).body)["attachments"][0]["content"]
    assert card["type"] == "AdaptiveCard"
    assert json.loads(letter(channel("webhook"), event()).body)["alarm"] == "hot/m1"


def test_a_mail_cannot_be_given_more_headers_by_a_sentence():
    mail = Channel(key="c", way="smtp", to="shift@example.invalid")
    message = message_from_bytes(letter(mail, event()).body, policy=policy.default)
    assert message["Bcc"] is None
    assert message["Subject"].startswith("[HIGH] m1: hot")


def test_a_letter_has_one_identity_and_the_test_button_another():
    assert letter(channel("slack"), event()).id == letter(channel("slack"), event()).id
    assert trial_letter(channel("slack"), at_ns=5).id == "test@c:5>c"


def test_a_channel_takes_what_calls_is_severe_enough_and_meant_for_it():
    assert wanted(channel("slack"), event())
    assert not wanted(channel("slack"), event(annunciate=False))
    assert not wanted(channel("slack", at_least=4), event())
    assert not wanted(channel("slack", roles=("owner",)), event(role="shift_lead"))


def test_tries_wait_longer_each_time_and_end():
    waits = [wait_s(n) for n in range(1, 9)]
    assert waits[:3] == [2.0, 4.0, 8.0]
    assert waits[-1] is None


def test_a_channel_is_not_flooded():
    pace = Pace(per_minute=2)
    for at in (0, 1):
        assert pace.free_at("c", at * S) == at * S
        pace.sent("c", at * S)
    assert pace.free_at("c", 2 * S) == 60 * S
    assert pace.free_at("d", 2 * S) == 2 * S
    assert pace.free_at("c", 61 * S) == 61 * S


def test_in_a_flood_only_the_worst_still_call_and_its_end_is_told():
    guard = FloodGuard()
    admitted = [guard.admit(event(n, severity=300)) for n in range(15)]
    assert admitted == [True] * 10 + [False] * 5
    assert guard.admit(event(15, severity=900))
    end = 1_767_600_000 * S + 700 * S
    assert "5 alarms" in guard.tick(end).en
    assert guard.tick(end) is None


def test_the_figures_of_the_alarms_themselves():
    hour = [event(n, alarm="a/m1") for n in (0, 10, 20)] + [
        event(1_800, alarm="b/m1", severity=900)
    ]
    told = alarm_figures(hour, [], start_ns=1_767_600_000 * S, end_ns=(1_767_600_000 + 3_600) * S)
    assert (told.called, told.peak_in_10_min, told.per_hour) == (4, 3, 4.0)
    assert told.chattering == ("a/m1",)
    assert told.shares["critical"] == 0.25
    assert told.worst[0] == ("a/m1", 3)
