"""Collection is back by itself, whatever happened to the server; each gap is a record.

How long it takes is measured by ``./dev bench heal``; here it only has to come back.
"""

import pytest
from tests.faults.collect.scenarios import heal

from hanse.model.sample import GapReason

REASONS = {
    "restart": GapReason.RESTARTED,
    "freeze": GapReason.NO_NOTIFICATION,
    "cable": GapReason.NO_NOTIFICATION,
    "reset": GapReason.SESSION_LOST,
    "namespaces": GapReason.RESTARTED,
    "certificate": GapReason.RESTARTED,
}


@pytest.mark.parametrize("kind", ["freeze", "cable", "certificate"])
async def test_collection_is_back_and_the_gap_is_a_record(tmp_path, kind):
    healed = await heal(tmp_path, kind, signals=20, down_s=5.0)
    (gap,) = healed.gaps
    assert gap.reason is REASONS[kind]
    assert gap.start_ns < gap.end_ns
    assert gap.detail
    assert healed.rejected == 0
