"""Nodes find one another on the local network, and deal with nobody whose code was not compared."""

import asyncio
import contextlib

from tests.integration.dealing.houses import House

from hanse.node.dealing.nearby import Nearby
from hanse.node.pages.peers import HIDE, SHOW, RecordPeers, short_code


@contextlib.asynccontextmanager
async def looking(house):
    nearby = Nearby(house.context, house.port)
    task = asyncio.create_task(nearby.run())
    try:
        yield RecordPeers(house.context, nearby)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def seen(peers):
    async with asyncio.timeout(60):
        while not (found := await peers.nearby()):
            await asyncio.sleep(0.05)
        return found


async def test_a_node_that_is_switched_on_is_found_added_and_waits_for_its_code(tmp_path):
    a, b = House(tmp_path, "pump-works"), House(tmp_path, "turning-shop")
    async with a, b, looking(a) as ours, looking(b) as theirs:
        assert await ours.nearby() == ()
        await ours.act(a.did, SHOW.name, {}, by="owner")
        await theirs.act(b.did, SHOW.name, {}, by="owner")
        (found,) = await seen(ours)
        assert (found.did, found.name, found.address) == (b.did, "turning-shop", b.url)
        assert found.code == short_code(a.did, b.did)
        row = await ours.add(found.address, by="owner")
        assert (row.did, row.pinned) == (b.did, False)
        assert await ours.nearby() == ()
        assert [f.did for f in await seen(theirs)] == [a.did]
        await ours.act(a.did, HIDE.name, {}, by="owner")
        async with asyncio.timeout(60):
            while await theirs.nearby():
                await asyncio.sleep(0.05)
        assert HIDE.name not in {d.name for d in (await ours.peer(a.did)).deeds}
