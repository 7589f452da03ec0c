import asyncio

from hanse.node import ending


async def test_a_task_that_swallows_its_first_cancellation_is_ended_all_the_same(monkeypatch):
    monkeypatch.setattr(ending, "AGAIN_S", 0.01)
    ends = []

    async def deaf():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append("swallowed")
        await asyncio.Event().wait()

    tasks = [asyncio.create_task(deaf()), asyncio.create_task(asyncio.Event().wait())]
    await asyncio.sleep(0)
    await ending.end(*tasks)
    assert ends == ["swallowed"]
    assert all(task.cancelled() for task in tasks)
