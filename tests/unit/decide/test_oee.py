import pytest

from hanse.decide.oee import Produced, consumed, energy_per_piece_kwh, oee, roll_up
from hanse.decide.states import StateChange
from hanse.decide.stops import ReasonRule, explain, explain_by_rule, silence, stops
from hanse.model.errors import BadInput
from hanse.model.plant import PackMLState

S = 1_000_000_000
H = 3_600


def change(at_s, after, asset="m1"):
    return StateChange(asset=asset, at_ns=at_s * S, before=None, after=after, said=after.value)


DAY = [
    change(0, PackMLState.EXECUTE),
    change(2 * H, PackMLState.ABORTED),
    change(3 * H, PackMLState.EXECUTE),
    change(4 * H, PackMLState.SUSPENDED),
    change(5 * H, PackMLState.EXECUTE),
]


def test_stops_come_from_state_changes_with_their_cause():
    told = stops(DAY, asset="m1")
    assert [(s.start_ns // S, s.end_ns // S, s.cause) for s in told] == [
        (2 * H, 3 * H, "own"),
        (4 * H, 5 * H, "outside"),
    ]


def test_a_stop_that_lasts_is_open():
    assert stops(DAY[:2], asset="m1")[0].end_ns is None


def test_silence_is_downtime_that_nobody_can_qualify():
    told = silence("m1", [0, 10 * S, 2_000 * S], until_ns=2_100 * S, after_s=600)
    assert [(s.start_ns // S, s.end_ns // S, s.cause) for s in told] == [(610, 2_000, "unknown")]
    assert silence("m1", [0], until_ns=2_000 * S, after_s=600)[0].end_ns is None


def test_a_rule_gives_a_reason_and_a_person_has_the_last_word():
    stop = stops(DAY, asset="m1")[0]
    rule = ReasonRule(key="spindle", reason="spindle bearing", alarm_rule="hot")
    assert explain_by_rule(stop, [rule], frozenset()) == stop
    ruled = explain_by_rule(stop, [rule], frozenset({"hot"}))
    assert (ruled.reason, ruled.explained_by) == ("spindle bearing", "rule:spindle")
    said = explain(ruled, reason="tool broke", by="ann")
    assert (said.reason, said.explained_by) == ("tool broke", "ann")
    assert explain_by_rule(said, [rule], frozenset({"hot"})) == said
    with pytest.raises(BadInput):
        explain(stop, reason=" ", by="ann")


def shift():
    return oee(
        "m1",
        planned=[(0, 8 * H * S)],
        stops=[explain(s, reason=s.cause, by="ann") for s in stops(DAY, asset="m1")],
        produced=[Produced(product="p", pieces=500, good=450, run_s_per_piece=36)],
        cost_per_hour_minor=6_000,
    )


def test_oee_is_availability_times_effectiveness_times_quality():
    told = shift()
    assert told.availability == pytest.approx(6 / 8)
    assert told.effectiveness == pytest.approx(5 / 6)
    assert told.quality == pytest.approx(0.9)
    assert told.oee == pytest.approx(6 / 8 * 5 / 6 * 0.9)


def test_every_loss_names_its_stops_its_hours_and_its_money():
    losses = {loss.kind: loss for loss in shift().losses}
    assert losses["availability.own"].stops == (f"m1@{2 * H * S}",)
    assert losses["availability.own"].cost_minor == 6_000
    assert losses["speed"].seconds == pytest.approx(H)
    assert losses["quality"].seconds == pytest.approx(1_800)


def test_machines_roll_up_into_a_line():
    line = roll_up("line", [shift(), shift()])
    assert line.oee == pytest.approx(shift().oee)
    assert sum(loss.cost_minor for loss in line.losses) == 2 * sum(
        loss.cost_minor for loss in shift().losses
    )


def test_no_plan_and_no_pieces_give_no_figure():
    told = oee("m1", planned=[], stops=[], produced=[])
    assert (told.oee, told.availability, told.quality) == (None, None, None)


def test_a_meter_that_was_reset_is_not_a_refund():
    assert consumed([10, 12, 1, 3]) == 5
    assert energy_per_piece_kwh([10, 20], 4) == 2.5
    assert energy_per_piece_kwh([10, 20], 0) is None
