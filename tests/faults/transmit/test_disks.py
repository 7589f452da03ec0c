"""A disk that is full, and a disk whose power is cut. Both need root; skipped loudly elsewhere."""

import asyncio
import contextlib
import fcntl
import os
import random
import shutil
import struct
import subprocess

import pytest
from tests.faults.transmit.house import House, until

from hanse.transmit.nats import watch

EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2
FULL = range(20) if os.environ.get("HANSE_FULL") else range(1)
CUTS = range(20) if os.environ.get("HANSE_FULL") else range(1)


def run(*argv):
    return subprocess.run(list(map(str, argv)), check=True, capture_output=True)


def may_mount(tmp_path):
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        return False
    probe = tmp_path / "probe"
    probe.mkdir()
    try:
        run("mount", "-t", "tmpfs", "-o", "size=1m", "none", probe)
        run("umount", probe)
    except subprocess.CalledProcessError:
        return False
    return True


@pytest.fixture
def _root(tmp_path):
    if not may_mount(tmp_path):
        pytest.skip("NOT TESTED HERE: full disks and power cuts need root and loop mounts")


@pytest.mark.root
@pytest.mark.usefixtures("_root")
@pytest.mark.parametrize("seed", FULL)
async def test_a_full_disk_stops_and_when_there_is_room_again_all_goes_on(
    tmp_path, seed, monkeypatch
):
    monkeypatch.setattr(watch, "PULSE_WAIT_S", 2.0)
    disk, dice = tmp_path / "disk", random.Random(seed)
    disk.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=24m", "none", disk)
    house = House(disk / "node", tmp_path / "acked")
    try:
        await house.start()
        await house.until_acked(100)
        free = shutil.disk_usage(disk).free
        with (disk / "filler").open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, free - dice.randrange(100_000, 600_000))
        await until(lambda: shutil.disk_usage(disk).free < 10_000)
        await asyncio.sleep(dice.random() * 3)
        assert house.collector.poll() is None
        await house.keeper.check()
        run("mount", "-o", "remount,size=200m", disk)
        await house.until_well()
        before = len(house.acked())
        await house.until_acked(before + 50)
        assert house.historian.poll() is None
        await house.settle()
        found = house.check()
    finally:
        await house.stop()
        run("umount", "-l", disk)
    assert found["acked"] > 100
    assert found == {"acked": found["acked"], "lost": 0, "doubled": 0, "torn": 0}


@pytest.mark.root
@pytest.mark.usefixtures("_root")
@pytest.mark.parametrize("seed", CUTS)
async def test_a_power_cut_loses_nothing_that_was_acknowledged(tmp_path, seed):
    disk, image = tmp_path / "disk", tmp_path / "disk.img"
    disk.mkdir()
    run("truncate", "-s", "96M", image)
    run("mkfs.ext4", "-q", "-F", image)
    try:
        run("mount", "-o", "loop", image, disk)
    except subprocess.CalledProcessError:
        pytest.skip("NOT TESTED HERE: power cuts need loop mounts")
    house = House(disk / "node", tmp_path / "acked")
    try:
        await house.start()
        await house.until_acked(150)
        await asyncio.sleep(random.Random(seed).random())
        house.freeze()
        handle = os.open(disk, os.O_RDONLY)
        fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        os.close(handle)
        await house.keeper.broker.kill()
        await house.stop()
        run("umount", disk)
        run("mount", "-o", "loop", image, disk)
        await house.until_well()
        await house.settle()
        found = house.check()
    finally:
        await house.stop()
        with contextlib.suppress(subprocess.CalledProcessError):
            run("umount", "-l", disk)
    assert found["acked"] >= 150
    assert found == {"acked": found["acked"], "lost": 0, "doubled": 0, "torn": 0}
