"""All partitions that this process has: taken and let go by leases, ticked by one loop."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import socket
from collections.abc import Awaitable, Iterator

import structlog
from nats.aio.msg import Msg

from hanse.model.errors import Conflict, TooMuch
from hanse.node.context import Context
from hanse.node.deciding.desk import Desk
from hanse.node.ending import end
from hanse.node.watching import Floor, alarms_on_record, read_floor
from hanse.transmit.lease import Pace
from hanse.transmit.nats.images import Images
from hanse.transmit.nats.leases import Leases

TICK_S = 0.025
WATCH_S = 1.0
IMAGE_S = 5.0
RETRY_S = 0.2
BUCKET = "DECIDE"
CHANGED = "decide.changed"
"""Said to every decide role of the node: the plant or its rules are others now."""
PACE = Pace(lease_s=3.0, renew_s=0.75, stop_s=2.0)
"""Taken over at most 3.75 s after one died, and a little for the image."""
PLACES_MAX = 64
log = structlog.get_logger("decide")


class Hall:
    """The desks of one process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._images = Images(context.nats, BUCKET)
        self._desks: dict[int, Desk] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._partitions: frozenset[int] = frozenset()
        self._floor: Floor | None = None
        self._fed = asyncio.Event()
        self._again = asyncio.Event()
        self._settled = True

    @property
    def held(self) -> frozenset[int]:
        """The partitions it has."""
        return frozenset(self._desks)

    async def run(self) -> None:
        """Take part until cancelled."""
        heard = await self._context.nats.subscribe(CHANGED, cb=self._heard)
        with _place(self._context) as me:
            leases = Leases(
                self._context.nats,
                me=me,
                devices=lambda: [_name(n) for n in sorted(self._partitions)],
                clock=self._context.clock,
                on_gain=self._gain,
                on_loss=self._lose,
                bucket=BUCKET,
                pace=PACE,
            )
            try:
                await self._read()
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(leases.run())
                    tasks.create_task(self._tick())
                    tasks.create_task(self._look_after())
                    tasks.create_task(self._reload())
            finally:
                await heard.unsubscribe()

    async def changed(self) -> None:
        """The plant or its rules are others now: all decide roles begin anew."""
        await self._context.nats.publish(CHANGED)

    async def _heard(self, _message: Msg) -> None:
        self._again.set()

    async def _read(self) -> None:
        floor, alarms = await self._context.store.read(
            lambda tx: (read_floor(tx), alarms_on_record(tx))
        )
        self._floor, self._partitions = floor, floor.partitions(alarms)

    async def _reload(self) -> None:
        while True:
            await self._again.wait()
            self._again.clear()
            await self._read()
            for number in sorted(self._tasks):
                await self._lose(_name(number))
                await self._gain(_name(number))

    async def _gain(self, name: str) -> None:
        self._tasks[int(name)] = asyncio.create_task(self._serve(int(name)))

    async def _lose(self, name: str) -> None:
        task = self._tasks.pop(int(name), None)
        if task is not None:
            await end(task)

    async def _serve(self, number: int) -> None:
        """One partition, opened again where it broke, until it is let go."""
        while self._floor is not None:
            desk, pause_s = Desk(self._context, number, images=self._images), RETRY_S
            try:
                await desk.open(self._floor)
                self._desks[number], self._settled = desk, False
                log.info("partition taken", partition=number)
                await desk.follow(self._fed)
            except Conflict as error:
                log.warning("partition is another's", partition=number, why=str(error))
                pause_s = PACE.lease_s
            except Exception as error:
                log.warning("partition broke", partition=number, why=str(error), exc_info=error)
            finally:
                self._desks.pop(number, None)
                await desk.close()
            await asyncio.sleep(pause_s)

    async def _tick(self) -> None:
        while True:
            self._fed.clear()
            desks = [d for d in self._desks.values() if d.live and _sees_something(d)]
            if desks:
                await asyncio.gather(*(_guarded(d, d.tell()) for d in desks))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._fed.wait()

    async def _look_after(self) -> None:
        since_s = 0.0
        while True:
            await asyncio.sleep(WATCH_S)
            since_s += WATCH_S
            for desk in [d for d in self._desks.values() if d.live]:
                await _guarded(desk, desk.look_after(self._context.clock.ns()))
                if since_s >= IMAGE_S:
                    await _guarded(desk, desk.keep())
            since_s = 0.0 if since_s >= IMAGE_S else since_s
            self._settle()

    def _settle(self) -> None:
        """What stands is never looked at again by the garbage collector: no long pauses."""
        if not self._settled:
            self._settled = True
            gc.unfreeze()
            gc.collect()
            gc.freeze()


def _sees_something(desk: Desk) -> bool:
    try:
        return desk.look()
    except Exception as error:  # noqa: BLE001 (told to the desk)
        desk.break_off(error)
        return False


async def _guarded(desk: Desk, work: Awaitable[None]) -> None:
    """One desk that breaks is opened again; the others go on."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 (told to the desk)
        desk.break_off(error)


def _name(number: int) -> str:
    return f"{number:02d}"


@contextlib.contextmanager
def _place(context: Context) -> Iterator[str]:
    """A name that no other process has, and that one started again in its place has again."""
    for number in range(PLACES_MAX):
        path = context.folder.run_file(f"decide-{number}.lock")
        with path.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield f"{socket.gethostname()}:{context.folder.path}:{number}"
            return
    raise TooMuch(f"more than {PLACES_MAX} decide roles in one folder", subject="decide")
