import pytest

from hanse.decide import StateMap, StateTracker, packml
from hanse.model.plant import PackMLState


def mapping(**how):
    return StateMap(asset_type="mill", signal="state", **how)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("EXECUTE", PackMLState.EXECUTE),
        ("Feed Hold", PackMLState.HELD),
        ("starved", PackMLState.SUSPENDED),
        ("FAULT", PackMLState.ABORTED),
        ("no such word", None),
    ],
)
def test_usual_words_need_no_map(said, state):
    assert packml(said, mapping()) == state


def test_a_map_wins_over_the_usual_words_and_knows_numbers():
    own = mapping(states={"3": PackMLState.EXECUTE, "idle": PackMLState.SUSPENDED})
    assert packml(3.0, own) is PackMLState.EXECUTE
    assert packml("idle", own) is PackMLState.SUSPENDED


def test_packml_numbers_are_read_where_the_map_says_so():
    assert packml(6, mapping(packml_codes=True)) is PackMLState.EXECUTE
    assert packml(6, mapping()) is None


def test_only_changes_are_told():
    tracker = StateTracker()
    first = tracker.take("m1", "run", mapping(), at_ns=1)
    assert (first.before, first.after) == (None, PackMLState.EXECUTE)
    assert tracker.take("m1", "running", mapping(), at_ns=2) is None
    assert tracker.take("m1", "???", mapping(), at_ns=3) is None
    assert tracker.take("m1", "stop", mapping(), at_ns=4).before is PackMLState.EXECUTE
