"""No feature sees a later row: cut the history anywhere and what came before is the same."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.decide.life.features import features, plan_features


@given(st.integers(0, 2**32 - 1), st.integers(1, 90))
@settings(max_examples=40, deadline=None)
def test_features_of_a_cut_history_are_the_first_features_of_the_whole(seed, cut):
    dice = np.random.default_rng(seed)
    history = dice.normal(size=(91, 4))
    history[:, 0] = dice.integers(0, 3, 91) * 10
    plan = plan_features([history], [0], 3)
    np.testing.assert_array_equal(features(history[:cut], plan), features(history, plan)[:cut])
