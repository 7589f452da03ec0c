"""Several decide roles around one broker and one record, one of them killed at its work."""

import asyncio
import collections
import contextlib
import itertools
import signal
import time

import msgspec
import numpy as np
from nats.js.errors import Error as JetStreamError

from hanse.model.ids import Happening
from hanse.model.plant import Machine, Signal
from hanse.model.sample import frame
from hanse.node.broker import USER, BrokerNote
from hanse.node.deciding.hall import BUCKET
from hanse.node.folder import Folder
from hanse.node.identity import load_identity
from hanse.node.ruling.book import RuleFile, rule_files
from hanse.node.supervisor import role_command
from hanse.node.watching import read_floor
from hanse.node.world import RandomIds, RealClock
from hanse.store import Store
from hanse.transmit import codec
from hanse.transmit.nats import connect, server, streams
from hanse.transmit.nats import feed as feeds
from hanse.transmit.partition import partition, subject

TICK_NS = 25_000_000
MACHINES = tuple(f"press-{n}" for n in range(6))
RULES = """
[[rule]]
kind = "limit"
key = "hot"
asset_type = "press"
signal = "oil_c"
high = 80
hysteresis = 2
on_delay_s = 2
off_delay_s = 0

[[rule]]
kind = "stale"
key = "silent"
asset_type = "press"
signal = "oil_c"
after_s = 2.5
"""
SHAPE = [90] * 2 + [20] * 3 + [90] * 13 + [20] * 4
"""Fifths of a second: too short for an alarm, a pause, long enough for one, a pause."""


class House:
    """A folder, a broker, a record with presses; decide roles as processes of their own."""

    def __init__(self, path):
        self.folder = Folder(path)
        self.folder.make()
        self.identity = load_identity(self.folder, clock=RealClock(), hosts=("127.0.0.1",))
        self.store = Store.open(self.folder.record_url, clock=RealClock(), ids=RandomIds())
        self.store.write_sync(self._furnish)
        self.roles = []

    def _furnish(self, tx):
        for number, key in enumerate(MACHINES):
            tx.machines.put(Machine(key=key, title=key, asset_type="press", work_centre="hall"))
            tx.signals.put(Signal(id=number + 1, asset=key, name="oil_c", unit="Cel"))
        rule_files(tx).put("own", RuleFile(key="own", text=RULES))

    async def start_role(self):
        command = role_command(self.folder.path, ("decide",))
        role = await asyncio.create_subprocess_exec(*command)
        self.roles.append(role)
        return role

    async def stop(self):
        for role in self.roles:
            with contextlib.suppress(ProcessLookupError):
                role.kill()
            await role.wait()
        self.store.close()

    async def steps(self):
        found = await self.store.read(lambda tx: tx.events.find(kind="decide.*"))
        return [(e.subject, e.kind, e.about["at_ns"]) for e in found]


@contextlib.asynccontextmanager
async def house(path):
    made = House(path)
    password = made.identity.broker_password
    config = server.BrokerConfig(folder=made.folder / "nats", user=USER, password=password)
    broker = await server.start(msgspec.structs.replace(config, store_bytes=4 * 10**9))
    note = msgspec.json.encode(BrokerNote(broker.url, broker.pid))
    made.folder.run_file("broker.json").write_bytes(note)
    nats = await connect.connect(broker.url, user=USER, password=password, name="test")
    limits = streams.StreamLimits(telemetry_bytes=2 * 10**9, events_bytes=5 * 10**8)
    await streams.ensure(nats.jetstream(), limits)
    try:
        yield made, nats
    finally:
        await made.stop()
        await connect.close(nats)
        await broker.stop()


class Plant:
    """Presses whose oil warms and cools by the clock."""

    def __init__(self, js):
        self._js = js
        self._numbers = itertools.count()

    async def send(self, oil_c):
        """One reading of each press, and a fifth of a second."""
        number = next(self._numbers)
        for place, (key, value) in enumerate(zip(MACHINES, oil_c, strict=True)):
            made = frame(
                Happening(f"plant/{key}", 1, number),
                signal=np.array([place + 1], np.int32),
                at_ns=np.array([time.time_ns()], np.int64),
                value=np.array([value], np.float64),
            )
            await self._js.publish(subject(partition(key)), codec.pack(made))
        await asyncio.sleep(0.2)

    async def idle_until(self, condition):
        """Cold presses: no rule has anything to say, and none is silent."""
        async with asyncio.timeout(120):
            while not await condition():
                await self.send([20] * len(MACHINES))

    async def run(self, steps):
        for step in range(steps):
            await self.send([SHAPE[(step + 3 * n) % len(SHAPE)] for n in range(len(MACHINES))])


async def undisturbed(floor, js):
    """What desks tell that never die and never wait: every frame when the broker had it."""
    told, last_ns = [], 0
    for number in {partition(key) for key in MACHINES}:
        watch, now_ns = floor.watch(number, ()), 0
        feed = await feeds.frames(js, name=f"undisturbed-{number}", partitions=[number])
        while deliveries := await feed.take():
            for delivery in deliveries:
                for then_ns in range(now_ns or delivery.received_ns, delivery.received_ns, TICK_NS):
                    told += watch.book.take(watch.engine.tick(then_ns))
                now_ns, last_ns = delivery.received_ns, int(delivery.what.at_ns[-1])
                watch.engine.feed(delivery.what)
                told += watch.book.take(watch.engine.tick(now_ns))
        await feed.close()
    return [(e.alarm, f"decide.alarm_{e.what}", e.at_ns) for e in told], last_ns


async def until(condition, timeout_s=120):
    async with asyncio.timeout(timeout_s):
        while not await condition():
            await asyncio.sleep(0.05)


async def holders(js):
    """How many partitions each role has a lease on."""
    try:
        bucket = await js.key_value(BUCKET)
        keys = [k for k in await bucket.keys() if k.startswith("lease.")]
        return collections.Counter([(await bucket.get(k)).value.decode() for k in keys])
    except JetStreamError:
        return collections.Counter()


async def test_a_killed_decide_role_is_taken_over_with_the_same_alarms_none_twice(tmp_path):
    async with house(tmp_path) as (home, nats):
        js, plant = nats.jetstream(), Plant(nats.jetstream())
        first, second = await asyncio.gather(home.start_role(), home.start_role())
        await plant.idle_until(lambda: shared_by(js, roles=2))
        running = asyncio.create_task(plant.run(len(SHAPE) * 5 // 2))
        await asyncio.sleep(0.2 * len(SHAPE) / 2)
        first.kill()
        await until(lambda: shared_by(js, roles=1))
        second.send_signal(signal.SIGSTOP)  # it stands still for longer than silence is
        await asyncio.sleep(3.2)
        second.send_signal(signal.SIGCONT)
        await running
        floor = await home.store.read(read_floor)
        expected, end_ns = await undisturbed(floor, js)
        await until(lambda: silent(home, after_ns=end_ns))
        told = await home.steps()
    expected = sorted(s for s in expected if s[2] < end_ns)
    assert {kind for _, kind, _ in expected} == {"decide.alarm_active", "decide.alarm_inactive"}
    assert sorted(s for s in told if s[2] < end_ns) == expected


async def shared_by(js, *, roles):
    """Whether so many roles have all partitions among them."""
    found = await holders(js)
    return len(found) == roles and found.total() == len({partition(m) for m in MACHINES})


async def silent(home, *, after_ns):
    """Whether every press has been found silent after the end."""
    told = {subject for subject, _, at_ns in await home.steps() if at_ns > after_ns}
    return {f"silent/{key}" for key in MACHINES} <= told
