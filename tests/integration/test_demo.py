"""The main job: a chain of five firms, a spindle fails, the loop closes; every record holds."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hanse.node.chain.telling import EXPECTED

DEMO = [sys.executable, "-c", "from hanse.cli import main; main()", "demo"]


def run_demo(*more):
    done = subprocess.run(
        [*DEMO, "--once", "--json", *more], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.stdout, done.stderr[-2000:]
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    code, told = run_demo("--folder", str(tmp_path_factory.mktemp("chain")))
    assert code == 0, told.get("missing") or told.get("verify") or told
    return told


def test_every_step_of_the_story_happens_and_every_record_holds(told):
    assert {step["name"] for step in told["steps"]} >= set(EXPECTED)
    assert set(told["verify"].values()) == {"ok"}


def test_every_step_but_the_beginnings_has_a_cause(told):
    begins = {"flows.wanted", "decide.alarm_active"}
    loose = [s["name"] for s in told["steps"] if s["cause"] is None and s["name"] not in begins]
    assert loose == []


def test_every_step_is_told_in_both_languages(told):
    assert all(step["text_en"] and step["text_zh"] for step in told["steps"])


def test_the_whole_chain_fits_in_its_memory(told):
    assert told["rss_mb"] <= 2_500


def test_what_cannot_be_kept_is_placed_with_another_firm(told):
    broken = [s for s in told["steps"] if s["name"] == "allocate.promise_broken"]
    after = [s for s in told["steps"] if s["at_s"] > broken[0]["at_s"]]
    signed = [s["node"] for s in after if s["name"] == "match.ordered"]
    assert set(signed) == {"pump-works", next(n for n in signed if n != "pump-works")}
    assert broken[0]["node"] not in signed


def test_the_ordered_pieces_were_being_cut_and_the_rest_is_what_was_ordered_less_the_good_ones(
    told,
):
    cut = told["cut"]
    assert cut["good"] >= 3
    assert cut["left"] == cut["ordered"] - cut["good"]
    assert cut["kept"] + cut["missing"] == cut["ordered"] == 120
    assert cut["good"] <= cut["kept"] < 120


def test_a_job_is_given_for_the_order_and_taken_back_when_its_machine_fails(told):
    shop = [s for s in told["steps"] if s["node"] == "turning-shop"]
    names = [s["name"] for s in shop]
    assert names.index("allocate.order_planned") < names.index("flows.job_sent")
    assert names.index("flows.job_started") < names.index("decide.alarm_active")
    assert names.index("allocate.capacity_out") < names.index("flows.job_taken_back")


@pytest.mark.data
def test_a_fault_in_a_real_recording_sets_the_same_loop_going(tmp_path):
    data = Path(os.environ.get("HANSE_DATA", Path(__file__).parents[3] / "shared" / "data"))
    recordings = data / "signals" / "skab"
    if not recordings.is_dir():
        pytest.skip("the public recordings are not beside the project")
    code, told = run_demo("--folder", str(tmp_path / "chain"), "--replay", str(recordings))
    assert code == 0, told
    assert {step["name"] for step in told["steps"]} >= set(EXPECTED)


def test_ctrl_c_leaves_nothing_running(tmp_path):
    folder = tmp_path / "chain"
    process = subprocess.Popen([*DEMO, "--no-browser", "--folder", str(folder)])
    until = time.monotonic() + 60
    while time.monotonic() < until and not _processes_of(folder):
        time.sleep(0.2)
    time.sleep(3)
    assert _processes_of(folder)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0
    assert _processes_of(folder) == []


def _processes_of(folder):
    found = []
    for place in Path("/proc").iterdir():
        if not place.name.isdigit() or int(place.name) == os.getpid():
            continue
        try:
            words = (place / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words and "demo" not in words.split("\0")[-6:]:
            found.append(words)
    return [w for w in found if "hanse.node" in w or "nats-server" in w]
