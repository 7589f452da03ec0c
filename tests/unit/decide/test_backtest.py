import numpy as np
from tests.unit.decide.builders import START, S, signals, spindle

from hanse.decide.backtest import History, backtest
from hanse.decide.rulefile import parse_rules

PLAIN = '[[rule]]\nkind="limit"\nkey="hot"\nasset_type="spindle"\nsignal="temperature_c"\nhigh=80\n'
BARE = PLAIN + "hysteresis=0\non_delay_s=0\noff_delay_s=0\n"


def noisy_plant(seconds=3_600):
    dice = np.random.default_rng(11)
    slow = 80 + 3 * np.sin(np.arange(seconds) / 300)
    return History(
        np.ones(seconds, np.int32),
        START + np.arange(seconds, dtype=np.int64) * S,
        slow + dice.normal(0, 1, seconds),
        np.zeros(seconds, np.uint8),
    )


def trial(toml, history=None):
    return backtest(
        parse_rules(toml), history or noisy_plant(), assets=[spindle()], signals=signals()
    )


def test_the_defaults_cut_chattering_alarms_tenfold_and_add_at_most_one_delay():
    plain, ours = trial(BARE), trial(PLAIN)
    assert plain.alarms >= 10 * ours.alarms > 0
    assert plain.chatter >= 10 * max(ours.chatter, 1)
    assert ours.delay_worst_s <= 1.0


def test_a_trial_counts_what_would_have_been_told():
    history = History(
        np.ones(3, np.int32),
        START + np.array([0, 10, 20]) * S,
        np.array([70.0, 90.0, 70.0]),
        np.zeros(3, np.uint8),
    )
    told = trial(BARE, history)
    assert (told.alarms, told.active_s, told.samples) == (1, 10.0, 3)
    assert told.alarms_by_asset == {"spindle-1": 1}
