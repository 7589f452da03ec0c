"""What the simulated plants of the sample chain cost: CPU, memory, changes a second."""

import argparse
import asyncio
import datetime as dt
import json
import logging
import socket
import time
from collections import Counter

import psutil
from asyncua import Client

from hanse.sim.chain import plants, read_chain
from hanse.sim.nodes import SHOWN, node_id
from hanse.sim.opcua_server import NAMESPACE, SimulatedPlant
from hanse.sim.space import StandardNodes


class RealClock:
    def now(self):
        return dt.datetime.now(dt.UTC)

    def ns(self):
        return time.time_ns()

    def monotonic_s(self):
        return time.monotonic()


class Notes:
    """Counts notifications and how old each is when it comes."""

    def __init__(self):
        self.changes = Counter()
        self.age_ms = []

    def datachange_notification(self, _node, _value, data):
        self.changes["all"] += 1
        at = data.monitored_item.Value.SourceTimestamp
        if at is not None:
            now = dt.datetime.now(dt.UTC)
            self.age_ms.append((now - at.replace(tzinfo=dt.UTC)).total_seconds() * 1e3)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


async def subscribe(client, plant, notes):
    ns = await client.get_namespace_index(NAMESPACE)
    paths = [node_id(m, s.path, ns) for m in plant.specs for s in SHOWN]
    subscription = await client.create_subscription(100, notes)
    await subscription.subscribe_data_change([client.get_node(p) for p in paths])


async def measure(seconds, speed_up):
    chain = read_chain()
    shops = [key for key, firm in chain.firms.items() if firm.plant]
    config = plants(chain, {key: free_port() for key in shops}, speed_up=speed_up)
    process = psutil.Process()
    notes = Notes()
    standard = StandardNodes()
    shown = [SimulatedPlant(p, RealClock(), standard) for p in config.plants]
    began = time.perf_counter()
    for plant in shown:
        await plant.__aenter__()
    ready_s = time.perf_counter() - began
    moving = [asyncio.create_task(plant.run()) for plant in shown]
    clients = [Client(p.url) for p in config.plants]
    alone = await busy(process, seconds / 2)
    for client, plant in zip(clients, shown, strict=True):
        await client.connect()
        await subscribe(client, plant, notes)
    await asyncio.sleep(2)
    before, notes.age_ms = notes.changes["all"], []
    both = await busy(process, seconds)
    changes = (notes.changes["all"] - before) / seconds
    ages = sorted(notes.age_ms)
    figures = {
        "plants": len(shown),
        "machines": sum(len(p.specs) for p in shown),
        "speed_up": speed_up,
        "ready_s": round(ready_s, 2),
        "core_alone": round(alone, 3),
        "core_with_clients_in_process": round(both, 3),
        "changes_per_s": round(changes, 1),
        "age_p50_ms": round(ages[len(ages) // 2], 1),
        "age_p99_ms": round(ages[int(len(ages) * 0.99)], 1),
        "rss_mb": round(process.memory_info().rss / 1e6),
    }
    for client in clients:
        await client.disconnect()
    for task in moving:
        task.cancel()
    await asyncio.gather(*moving, return_exceptions=True)
    for plant in shown:
        await plant.__aexit__()
    return figures


async def busy(process, seconds):
    before = process.cpu_times()
    await asyncio.sleep(seconds)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--speed-up", type=float, default=1)
    parser.add_argument("--data", default=None, help="not needed")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    logging.disable(logging.ERROR)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(measure(args.seconds, args.speed_up))
    if args.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:30} {value}")


if __name__ == "__main__":
    main()
