"""The story of a chain: something is needed, made, breaks, and is put right."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from hanse.flows import kinds
from hanse.model.errors import Unreachable
from hanse.model.event import Event
from hanse.model.time import Instant, parse_instant
from hanse.node.acts.buying import open_demand
from hanse.node.chain.equip import introduce, plant_in
from hanse.node.chain.lay import Laid, Wishes
from hanse.node.chain.replay import first_fault
from hanse.node.context import Context
from hanse.node.folder import Folder
from hanse.node.offline import offline
from hanse.node.world import RealClock
from hanse.sim.chain import Chain, Failure
from hanse.store import Tx

if TYPE_CHECKING:
    from asyncua import Client, Node

T = TypeVar("T")
STEP_S = 90.0
POLL_S = 0.05
CUT_FIRST = 3
CUT_SPEED_UP = 240.0
"""Set-up and pieces of many minutes pass in seconds, until the fault; from then on time is real."""


class Step(Struct, frozen=True, kw_only=True):
    """One step of the story: an event of one node, seconds after the story's beginning."""

    name: str
    node: str
    at_s: float
    cause: str | None
    text_en: str
    text_zh: str
    loop: str | None


class Cut(Struct, frozen=True, kw_only=True):
    """What the failing machine had really made, and what became of the rest.

    ``left`` is what the repaired plan still has to turn, ``kept`` and ``missing`` what the change
    that both signed says.
    """

    machine: str
    ordered: int
    good: int
    left: int
    kept: int
    missing: int


class Told(Struct, frozen=True, kw_only=True):
    """What came of a story: the steps, and how long the loop took."""

    steps: tuple[Step, ...]
    loop_s: float
    loop: str
    cut: Cut | None = None


async def play(chain: Chain, laid: Laid, wishes: Wishes) -> Told:
    """Play the story once on running nodes.

    Raises:
        Unreachable: a step did not happen within STEP_S; the subject names it.
    """
    story = chain.story
    with offline(Folder(Path(laid.folders[story.buyer]))) as buyer:
        began = buyer.clock.now()
        asked = ask(buyer, chain)
        await _happened(buyer, kinds.CUSTOMER_TOLD, asked.loop)
        await _working(laid, story.fails)
        if not wishes.replay:
            await cut_some(laid, story.fails)
        failed_at = await fail(laid, story.fails, wishes)
        told = await _told_again(buyer, since=failed_at)
        if not wishes.replay:
            await _taken_back(laid, story.fails)
    loop = told.loop or ""
    events = list(_events(laid, {asked.loop or "", loop}, since=began))
    return Told(
        steps=tuple(_step(node, event, began) for node, event in events),
        loop_s=(told.at - failed_at).total_seconds(),
        loop=loop,
        cut=None if wishes.replay else _cut(laid, story.fails, loop),
    )


def ask(buyer: Context, chain: Chain) -> Event:
    """The buyer needs the story's part: the event that says so, in a loop of its own."""
    story = chain.story
    due = buyer.clock.now().replace(microsecond=0) + dt.timedelta(seconds=story.due_s)
    return buyer.store.write_sync(
        lambda tx: open_demand(
            tx,
            buyer,
            item=story.item,
            quantity=Decimal(story.quantity),
            due=due,
            order=story.customer_order,
        )
    )


async def repair_machine(laid: Laid, firm: str, machine: str) -> None:
    """Make a simulated machine whole again."""
    async with _simulation(laid, firm) as plant:
        await plant.call("Repair", machine)


class _Plant:
    """The doors of a simulated plant that no real plant has."""

    def __init__(self, client: Client, namespace: int, door: Node) -> None:
        self._client = client
        self._namespace = namespace
        self._door = door

    async def call(self, method: str, *values: str | float) -> None:
        """Call a method of the simulation."""
        await self._door.call_method(f"{self._namespace}:{method}", *values)

    async def text(self, name: str) -> str:
        """The text of a variable; empty where it has none yet."""
        node = self._client.get_node(f"ns={self._namespace};s={name}")
        return str(await node.read_value() or "")


@contextlib.asynccontextmanager
async def _simulation(laid: Laid, firm: str) -> AsyncIterator[_Plant]:
    from asyncua import Client

    plant = plant_in(Path(laid.folders[firm]).parent, firm)
    client = Client(plant.url)
    await introduce(client, plant, RealClock())
    async with client:
        namespace = await client.get_namespace_index("urn:hanse:sim")
        door = await client.nodes.objects.get_child(f"{namespace}:Simulation")
        yield _Plant(client, namespace, door)


async def _happened(context: Context, kind: str, loop: str | None) -> Event:
    async def find() -> Event | None:
        found = await context.store.read(lambda tx: tx.events.find(kind=kind, loop=loop))
        return found[0] if found else None

    return await _until(find, f"{kind} in {loop}")


async def _told_again(buyer: Context, *, since: Instant) -> Event:
    async def find() -> Event | None:
        found = await buyer.store.read(
            lambda tx: tx.events.find(kind=kinds.CUSTOMER_TOLD, newest_first=True, limit=1)
        )
        return found[0] if found and found[0].at > since else None

    return await _until(find, "the customer told again")


async def _working(laid: Laid, fails: Failure) -> None:
    """Until the machine that is to fail has the order in its plan."""
    with offline(Folder(Path(laid.folders[fails.firm]))) as seller:

        async def find() -> Event | None:
            found = await seller.store.read(lambda tx: tx.events.find(kind=kinds.ORDER_PLANNED))
            return found[0] if found else None

        await _until(find, f"an order planned at {fails.firm}")


async def _taken_back(laid: Laid, fails: Failure) -> None:
    """Until the failed machine has lost its job: the loop does not wait for this."""
    with offline(Folder(Path(laid.folders[fails.firm]))) as seller:
        await _happened(seller, kinds.JOB_TAKEN_BACK, None)


async def cut_some(laid: Laid, fails: Failure) -> None:
    """Until the machine that is to fail has cut good pieces of the order and the plan knows it.

    The plant runs faster meanwhile, and at its own speed again before anything fails.
    """
    with offline(Folder(Path(laid.folders[fails.firm]))) as seller:

        def good(tx: Tx) -> int:
            planned = tx.events.find(kind=kinds.ORDER_PLANNED)
            ours = {event.subject for event in planned}
            told = tx.progress.all()
            return sum(p.good for p in told if p.order in ours and p.machine == fails.machine)

        async def find() -> bool | None:
            return await seller.store.read(good) >= CUT_FIRST or None

        async with _simulation(laid, fails.firm) as plant:
            await plant.call("SetSpeedUp", CUT_SPEED_UP)
            try:
                await _until(find, f"{CUT_FIRST} pieces cut by {fails.machine}")
            finally:
                await plant.call("SetSpeedUp", 1.0)


def _cut(laid: Laid, fails: Failure, loop: str) -> Cut | None:
    """What was made when the machine failed, off the seller's record."""

    def read(tx: Tx) -> Cut | None:
        broken = tx.events.find(kind=kinds.PROMISE_BROKEN, loop=loop)
        repaired = tx.events.get(broken[0].cause or "") if broken else None
        version = tx.plans.get(int(repaired.about["version"])) if repaired else None
        if version is None:
            return None
        about, order = broken[0].about, broken[0].subject
        first = tx.routings.need(tx.work_orders.need(order).item).steps[0].key
        made = [p for p in tx.progress.all() if (p.order, p.step) == (order, first)]
        todo = [a for a in version.assignments if (a.order, a.step) == (order, first)]
        return Cut(
            machine=fails.machine,
            ordered=int(about["kept"]) + int(about["missing"]),
            good=sum(p.good for p in made),
            left=sum(a.pieces for a in todo),
            kept=int(about["kept"]),
            missing=int(about["missing"]),
        )

    with offline(Folder(Path(laid.folders[fails.firm]))) as seller:
        return seller.store.read_sync(read)


async def fail(laid: Laid, fails: Failure, wishes: Wishes) -> Instant:
    """Let the machine fail: the simulated one by its fault, a recorded one by its recording."""
    if not wishes.replay:
        return await break_machine(laid, fails)
    return await first_fault(Path(laid.folders[fails.firm]))


async def break_machine(laid: Laid, fails: Failure) -> Instant:
    """Let the fault grow in the simulated machine; when its failing value was first written."""
    async with _simulation(laid, fails.firm) as plant:
        await plant.call("InjectFault", fails.machine, fails.fault, float(fails.over_s))

        async def find() -> Instant | None:
            value = await plant.text(f"{fails.machine}.Fault.TrippedAt")
            return parse_instant(value) if value else None

        return await _until(find, f"{fails.machine} tripped")


async def _until(find: Callable[[], Awaitable[T | None]], what: str) -> T:
    try:
        async with asyncio.timeout(STEP_S):
            while (found := await find()) is None:  # noqa: ASYNC110 (the other side is a process)
                await asyncio.sleep(POLL_S)
            return found
    except TimeoutError as error:
        raise Unreachable(
            "a step of the story did not happen", subject=what, remedy="See the nodes' logs"
        ) from error


def _events(laid: Laid, loops: Iterable[str], *, since: Instant) -> Iterable[tuple[str, Event]]:
    found = []
    for node, folder in laid.folders.items():
        with offline(Folder(Path(folder))) as context:
            for loop in loops:
                events = context.store.read_sync(lambda tx, name=loop: tx.events.find(loop=name))  # type: ignore[misc]
                found += [(node, event) for event in events if event.at >= since]
    return sorted(found, key=lambda pair: pair[1].at)


def _step(node: str, event: Event, began: Instant) -> Step:
    return Step(
        name=event.kind,
        node=node,
        at_s=round((event.at - began).total_seconds(), 3),
        cause=event.cause or event.about.get("caused_by"),
        text_en=event.text.en,
        text_zh=event.text.zh,
        loop=event.loop,
    )
