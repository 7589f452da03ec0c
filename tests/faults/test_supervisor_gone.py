"""A supervisor that is killed takes its processes with it: nobody else would end them."""

import subprocess
import sys
import time
from pathlib import Path

from hanse.node.folder import Folder
from hanse.node.settings import Settings, WebSettings, write_settings

WAIT_S = 120


def processes_of(folder):
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.startswith(str(folder).encode()) for word in words):
            found.append(int(entry.parent.name))
    return found


def until(condition):
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.1)


def test_roles_and_broker_end_when_their_supervisor_is_killed(tmp_path):
    folder = Folder(tmp_path / "node")
    folder.make()
    write_settings(folder.path, Settings(web=WebSettings(port=0)))
    up = subprocess.Popen(
        [sys.executable, "-m", "hanse.node.up", str(folder.path), "gate,collect,flow"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(folder.run_file("web.json").exists)
    until((folder / "history" / "samples").exists)
    assert len(processes_of(folder.path)) == 3
    up.kill()
    up.wait()
    until(lambda: not processes_of(folder.path))
