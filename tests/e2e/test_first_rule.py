"""From a fresh node to the alarm of a first rule, in a real browser, by pages alone."""

import pytest
from benchmarks.first_rule import walk_it
from tests.e2e.server import CHROMIUM

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="needs Debian's chromium: apt-get install chromium"
)


def test_a_machine_is_joined_and_a_rule_from_a_template_raises_its_alarm(tmp_path):
    done = walk_it(tmp_path / "node")
    assert "Power is too high: Power 0.6 kW, above 0.5 kW" in done["alarm"]
    assert done["clicks"] <= 12, "a first rule takes a dozen clicks"
