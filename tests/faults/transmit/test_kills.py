"""Processes killed at seeded moments; the whole campaign with ``HANSE_FULL=1``."""

import asyncio
import os
import random

import pytest
from tests.faults.transmit.house import House

SEEDS = range(100) if os.environ.get("HANSE_FULL") else range(3)
KILLS = 3


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_is_killed_nothing_acknowledged_is_lost_or_doubled(tmp_path, seed):
    dice = random.Random(seed)
    house = House(tmp_path / "node", tmp_path / "acked")
    try:
        await house.start()
        for _ in range(KILLS):
            await house.until_acked(len(house.acked()) + dice.randrange(20, 150))
            await asyncio.sleep(dice.random() * 0.2)
            await house.kill(dice.choice(["broker", "collector", "historian"]))
        await house.settle()
    finally:
        await house.stop()
    found = house.check()
    assert found["acked"] > 60
    assert found == {"acked": found["acked"], "lost": 0, "doubled": 0, "torn": 0}


async def test_an_hour_without_a_broker_fits_on_disk_and_all_of_it_arrives(tmp_path):
    house = House(tmp_path / "node", tmp_path / "acked", pause_s=0.0)
    try:
        await house.start()
        await house.until_acked(50)
        await house.kill("broker", back=False)
        await house.until_acked(600)
        await house.kill("collector")
        await house.until_well()
        await house.settle()
    finally:
        await house.stop()
    found = house.check()
    assert found == {"acked": found["acked"], "lost": 0, "doubled": 0, "torn": 0}
