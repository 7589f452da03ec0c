"""A real node of one's own: up in an empty folder, claimed, connected, filled, planned."""

import asyncio
import contextlib
import json
import re
import signal
import subprocess
import sys
import time

import httpx
import pytest

from hanse.node.chain.lay import free_ports
from hanse.node.world import RealClock
from hanse.sim.chain import plants, read_chain
from hanse.sim.opcua_server import SimulatedPlant

HANSE = [sys.executable, "-c", "from hanse.cli import main; main()"]


def hanse(*words, ok=0):
    done = subprocess.run(
        [*HANSE, *words, "--json"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == ok, (done.stdout, done.stderr)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "node"
    (port,) = free_ports(1)
    hanse("init", "--folder", str(folder), "--name", "Sample Shop", "--port", str(port))
    process = subprocess.Popen(
        [*HANSE, "up", "--folder", str(folder)], stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    yield folder, port, line
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0
    process.stdout.close()


def test_nothing_answers_before_the_node_is_claimed(node):
    _, port, _ = node
    with httpx.Client(verify=False, base_url=f"https://127.0.0.1:{port}") as client:
        assert client.get("/healthz").status_code == 200
        for path in ("/machines", "/api/v1/plan", "/readyz", "/.well-known/hanse-profile"):
            assert client.get(path).status_code in {302, 303, 401, 403}, path


def test_the_owner_claims_it_with_the_link_that_was_printed(node):
    _, port, line = node
    link = re.search(r"https://\S+/claim/\S+", line).group()
    origin = f"https://127.0.0.1:{port}"
    with httpx.Client(verify=False, headers={"Origin": origin}) as client:
        assert client.get(link).status_code == 200
        form = {"name": "owner", "title": "Owner", "password": "a long enough secret"}
        form |= {"again": form["password"], "repeat": form["password"]}
        claimed = client.post(link, data=form, follow_redirects=True)
        assert claimed.status_code == 200, claimed.text[:500]
        assert client.get(f"{origin}/machines").status_code == 200
        assert client.get(link).status_code >= 400, "the link works once"


def test_sample_files_are_taken_in_and_planned(node, tmp_path):
    folder, _, _ = node
    subprocess.run([sys.executable, "-m", "hanse.packs", "machining", str(tmp_path)], check=True)
    files = sorted(str(p) for p in tmp_path.rglob("*.csv"))
    assert files
    kept = hanse("import", *files, "--folder", str(folder))
    assert all(file["problems"] == [] for file in kept["files"])
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(AssertionError):
            if hanse("plan", "--folder", str(folder))["assignments"]:
                break
    assert hanse("plan", "--folder", str(folder))["assignments"]


def test_a_file_with_broken_rows_says_which_and_keeps_the_good_ones(node, tmp_path):
    folder, _, _ = node
    path = tmp_path / "items.csv"
    path.write_text("Item,Name,Unit code,Made here\nA-1,Good,C62,yes\nA-2,Bad,C62,perhaps\n")
    told = hanse("import", str(path), "--folder", str(folder), ok=1)
    assert told["files"][0]["kept"] == {"items": 1}
    assert "row 3" in told["files"][0]["problems"][0]


def test_a_device_is_looked_at_and_collected(node):
    folder, _, _ = node
    (port,) = free_ports(1)
    (config,) = plants(read_chain(), {"turning-shop": port}).plants

    async def run():
        async with SimulatedPlant(config, RealClock()) as plant:
            moving = asyncio.create_task(plant.run())
            url = f"{config.url}?insecure=1"
            try:
                return await asyncio.to_thread(hanse, "connect", url, "--folder", str(folder))
            finally:
                moving.cancel()

    found = asyncio.run(run())
    assert {s["asset"] for s in found["signals"]} >= {"L1", "L2", "G1"}
    assert any("vibration" in s["name"] for s in found["signals"])


RULE = """[[rule]]
key = "shop-load"
kind = "limit"
asset_type = "lathe"
signal = "spindle_load"
high = 95
"""


def rules_of(folder):
    return {r["key"]: r for r in hanse("rule", "list", "--folder", str(folder))["rules"]}


def test_rules_are_armed_from_a_file_from_the_folder_and_by_hand(node, tmp_path):
    folder, _, _ = node
    (folder / "rules" / "shop.toml").write_text(RULE)
    until = time.monotonic() + 60
    while time.monotonic() < until and "shop-load" not in rules_of(folder):
        time.sleep(0.5)
    assert rules_of(folder)["shop-load"]["armed"]
    told = hanse("rule", "disarm", "shop-load", "--folder", str(folder))
    assert told["taken_up"], "the running node counts without it from now on"
    assert not rules_of(folder)["shop-load"]["armed"]
    own = tmp_path / "own.toml"
    own.write_text(RULE.replace("high", "hihg"))
    wrong = hanse("rule", "add", str(own), "--folder", str(folder), ok=2)
    assert (wrong["subject"], wrong["error"]) == ("own.toml:6", "bad-config")
    own.write_text(RULE.replace("shop-load", "own-load"))
    assert hanse("rule", "add", str(own), "--folder", str(folder))["taken_up"]
    assert hanse("rule", "test", str(own), "--folder", str(folder), ok=3)["remedy"]


def test_an_unreachable_device_says_what_to_do(node):
    folder, _, _ = node
    (port,) = free_ports(1)
    url = f"opc.tcp://127.0.0.1:{port}/nothing?insecure=1"
    told = hanse("connect", url, "--folder", str(folder), ok=3)
    assert told["remedy"]


def test_its_record_holds(node):
    folder, _, _ = node
    assert hanse("verify", "--folder", str(folder))["ok"]
