"""The record through power cuts and a really full disk; needs root for loop and tmpfs mounts."""

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import time

import pytest
from tests.faults.store.child import step
from tests.faults.store.test_faults import child
from tests.unit.store.records import fill, open_record

from hanse.model.errors import TooMuch
from hanse.store.verify import verify

CUTS = 2
EXT4_IOC_SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"{command[0]} is not to be had here: {done.stderr.decode().strip()}")


@pytest.fixture
def mounted(tmp_path):
    """Mounts things below the test's folder; unmounts them afterwards."""
    if os.getuid() != 0 or not shutil.which("mkfs.ext4"):
        pytest.skip("power cuts and small disks need root and mkfs.ext4")
    places = []

    def mount(*options, at):
        at.mkdir(exist_ok=True)
        run("mount", *options, at)
        places.append(at)
        return at

    yield mount
    for place in places:
        subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)


def cut_power(disk):
    """Drop everything that was not flushed, as if the plug were pulled."""
    handle = os.open(disk, os.O_RDONLY)
    try:
        fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
    except OSError as error:
        pytest.skip(f"this kernel cannot cut a file system off: {error}")
    finally:
        os.close(handle)


@pytest.mark.root
def test_what_was_acknowledged_is_there_after_a_power_cut(tmp_path, mounted):
    image, disk, acknowledged = tmp_path / "disk.img", tmp_path / "disk", []
    run("truncate", "-s", "64M", image)
    run("mkfs.ext4", "-q", "-F", image)
    for n in range(CUTS):
        mounted("-o", "loop", image, at=disk)
        writer = child(disk / "record.sqlite", f"w{n}")
        time.sleep(0.3)
        cut_power(disk)
        writer.kill()
        said = writer.communicate()[0]
        acknowledged += said[: said.rfind("\n") + 1].split()
        run("umount", disk)
        mounted("-o", "loop", image, at=disk)
        with open_record(disk / "record.sqlite") as store:
            ids = {e.id for _, e in store.read_sync(lambda tx: tx.events.after(0, limit=10**6))}
            assert set(acknowledged) <= ids
            assert verify(store).findings == ()
        run("umount", disk)
    assert acknowledged


@pytest.mark.root
def test_a_disk_that_is_full_and_has_room_again_goes_on_by_itself(tmp_path, mounted):
    disk = mounted("-t", "tmpfs", "-o", "size=3m", "none", at=tmp_path / "small")
    with open_record(disk / "record.sqlite") as store:
        fill(store)
        ballast = disk / "ballast"
        with contextlib.suppress(OSError):
            ballast.write_bytes(bytes(8_000_000))
        with pytest.raises(TooMuch, match="the disk is full"):
            write_on(store)
        written = store.read_sync(lambda tx: tx.events.count())
        ballast.unlink()
        store.write_sync(lambda tx: step(tx, "after", 0))
        assert store.read_sync(lambda tx: tx.events.count()) == written + 1
        assert verify(store).findings == ()


def write_on(store):
    for n in range(100_000):
        store.write_sync(lambda tx, n=n: step(tx, "filler", n))
