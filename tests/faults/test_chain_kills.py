"""Any one process of the chain is killed while the story plays: it still ends, nothing twice.

A short seeded sample by default; all processes with ``HANSE_FULL=1``.
"""

import asyncio
import collections
import os
import signal
from pathlib import Path

import pytest

from hanse.flows import kinds
from hanse.node.chain.lay import Wishes, lay
from hanse.node.chain.owners import sign_in_links
from hanse.node.chain.running import RunningChain
from hanse.node.chain.story import play
from hanse.node.folder import Folder
from hanse.node.offline import offline
from hanse.node.world import RealClock
from hanse.sim.chain import read_chain
from hanse.store.verify import verify

EVERY = [
    ("turning-shop", "gate,collect,decide,flow"),
    ("turning-shop", "process .* plan"),
    ("turning-shop", "nats-server"),
    ("turning-shop", "hanse.node.up"),
    ("pump-works", "gate,collect,decide,flow"),
    ("pump-works", "process .* plan"),
    ("precision-shop", "gate,collect,decide,flow"),
    ("precision-shop", "nats-server"),
]
SAMPLE = EVERY if os.environ.get("HANSE_FULL") else [EVERY[0]]


def pids_of(folder, part):
    words = part.split(" .* ")
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            line = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"{folder}" in line and all(w in line for w in words):
            if part.endswith("plan") and not line.rstrip().endswith(" plan"):
                continue
            yield int(place.name)


async def kill_when_the_machine_has_failed(laid, victim):
    node, part = victim
    shop = Folder(Path(laid.folders["turning-shop"]))
    with offline(shop) as context:
        while not await context.store.read(lambda tx: tx.events.find(kind=kinds.ALARM_ACTIVE)):
            await asyncio.sleep(0.01)
    killed = list(pids_of(laid.folders[node], part))
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    return killed


@pytest.mark.parametrize("victim", SAMPLE, ids=lambda v: f"{v[0]} {v[1].split()[-1]}")
async def test_the_story_ends_though_a_process_is_killed(tmp_path, victim):
    folder, clock, chain = tmp_path / "chain", RealClock(), read_chain()
    laid = lay(chain, folder, clock, Wishes())
    await asyncio.to_thread(sign_in_links, laid)
    async with RunningChain(folder, laid, clock) as running:
        await running.ready()
        killing = asyncio.create_task(kill_when_the_machine_has_failed(laid, victim))
        told = await play(chain, laid, Wishes())
        assert await killing, "nothing was killed"
    once = {kinds.ORDERED, kinds.CHANGED, kinds.CAPACITY_OUT, kinds.CUSTOMER_TOLD, kinds.CHOSEN}
    seen = collections.Counter(
        (s.node, s.name, s.loop, s.text_en) for s in told.steps if s.name in once
    )
    assert [step for step, times in seen.items() if times > 1] == []
    for path in laid.folders.values():
        with offline(Folder(Path(path))) as context:
            report = await asyncio.to_thread(verify, context.store)
            assert report.ok, report.findings[:3]
