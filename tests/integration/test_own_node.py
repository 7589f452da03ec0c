"""A real node of one's own: up in an empty folder, claimed, connected, filled, planned."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

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


@contextlib.contextmanager
def owner(port):
    """A browser of the owner, signed in as soon as the node answers."""
    origin = f"https://127.0.0.1:{port}"
    form = {"name": "owner", "password": "a long enough secret"}
    headers = {"Origin": origin}
    with httpx.Client(verify=False, base_url=origin, headers=headers, timeout=60) as client:
        until(lambda: client.post("/login", data=form).status_code in {200, 303})
        yield client


def until(found, timeout_s=90):
    """What is found as soon as it is there."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        with contextlib.suppress(AssertionError, httpx.HTTPError):
            if got := found():
                return got
        time.sleep(0.1)
    raise AssertionError("not there in time")


def connected(client, kind, name, mapping=""):
    """A connection of a kind with its signals; what its sheet says."""
    made = client.post(f"/connections/new/{kind}", data={"name": name})
    assert made.status_code == 303, made.text[-300:]
    if mapping:
        done = client.post(f"/connections/{name}/mapping", data={"text": mapping})
        assert done.status_code in {200, 201}, done.text[-300:]
    return client.get(f"/connections/{name}/sheet").text


SIGNAL = '[[signal]]\nasset = "meter-1"\nname = "power"\naddress = "power"\nunit = "kW"\n'


def test_a_sender_pushes_with_its_token_and_is_answered_when_it_is_kept(node):
    folder, port, _ = node
    with owner(port) as client:
        sheet = connected(client, "push", "meter", SIGNAL)
        token = re.search(r"Bearer ([\w-]{20,})", sheet).group(1)
        sender = {"url": f"https://127.0.0.1:{port}/push/v1/meter", "verify": False, "timeout": 60}

        def push(shown):
            headers = {"Authorization": f"Bearer {shown}"}
            return httpx.post(**sender, headers=headers, json={"power": 3.5, "other": 1})

        answer = until(lambda: (got := push(token)).status_code == 200 and got)
        assert answer.json() == {"taken": 1, "rejected": ["other"]}
        assert push("wrong").status_code == 403
        assert httpx.post(**sender, json={"power": 1}).status_code in {401, 403}
        assert (folder / "keys" / "secret-meter-token").read_text() == token
        until(lambda: "3.5" in client.get("/connections/meter").text)
        for path in (folder / "logs").iterdir():
            assert token not in path.read_text()


def test_what_is_collected_goes_out_and_comes_in_as_a_file(node, tmp_path):
    folder, _, _ = node
    told = hanse("mapping", "meter", "--folder", str(folder))
    file = tmp_path / "meter.toml"
    file.write_text(told["toml"] + SIGNAL.replace("power", "energy"))
    hanse("mapping", "meter", "--from", str(file), "--folder", str(folder))
    names = [s["name"] for s in hanse("mapping", "meter", "--folder", str(folder))["signals"]]
    assert names == ["power", "energy"]


def test_a_phone_counts_pieces_behind_the_code_on_a_machine(node):
    _, port, _ = node
    with owner(port) as client:
        connected(client, "manual", "saw")
        page = client.get("/connections/saw/browse").text
        rows = re.findall(r'name="path-(\w+)" value="(\w+)"', page)
        form = {"pick": [n for n, _ in rows], "asset-0": "saw-1", "type-0": "machine"}
        form |= {f"path-{n}": path for n, path in rows} | {f"group-{n}": "0" for n, _ in rows}
        assert client.post("/connections/saw/browse", data=form).status_code in {200, 201}
        sheet = client.get("/connections/saw/sheet").text
    link = re.search(r'href="(https://[^"]+/count/[^"]+)"', sheet).group(1)
    with httpx.Client(verify=False, timeout=60, headers={"accept-language": "zh"}) as phone:
        press = {"name": "parts_good", "add": "5", "id": "press-1"}

        def pressed(form):
            return phone.post(link, data=form).status_code == 303

        assert "合格品" in phone.get(link).text
        assert until(lambda: pressed(press))
        assert pressed(press), "sent twice, counted once"
        assert pressed({"name": "state", "value": "stopped", "id": "press-2"})
        assert pressed({"name": "stop_reason", "value": "no-order", "id": "press-3"})
        until(lambda: ">5 " in phone.get(link).text)
        assert phone.get(f"{link}x").status_code == 403
    with owner(port) as client:
        machines = client.get("/api/v1/machines", headers={"accept": "application/json"}).json()
        assert "saw-1" in str(machines)


def test_the_time_in_which_the_node_was_stopped_is_a_gap(node):
    folder, port, _ = node
    (core,) = (
        int(p.name)
        for p in Path("/proc").iterdir()
        if p.name.isdigit() and f"{folder}\0gate" in cmdline(p)
    )
    os.kill(core, signal.SIGKILL)
    with owner(port) as client:

        def gaps():
            found = client.get("/api/v1/connections/saw").json()["gaps"]
            return [g for g in found if g["reason"] == "node_stopped" and g["end_ns"]]

        assert until(gaps)


def cmdline(process):
    try:
        return (process / "cmdline").read_text()
    except OSError:
        return ""


def test_an_unreachable_device_says_what_to_do(node):
    folder, _, _ = node
    (port,) = free_ports(1)
    url = f"opc.tcp://127.0.0.1:{port}/nothing?insecure=1"
    told = hanse("connect", url, "--folder", str(folder), ok=3)
    assert told["remedy"]


def test_its_record_holds(node):
    folder, _, _ = node
    assert hanse("verify", "--folder", str(folder))["ok"]
