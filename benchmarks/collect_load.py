"""An OPC UA server that offers more than anyone takes: ``collect_load SIGNALS HZ SECONDS``.

Sessions, browsing and subscriptions are asyncua's. What is published is made as bytes by numpy, so
that the server is never the bottleneck: a value is a double with source and server time, the
number of the write as its value. Prints its port; begins at a line of input; then one JSON line:
how many were written, how late it was, its CPU seconds; ends at the next line.
"""

import asyncio
import json
import logging
import sys
import time

import numpy as np
from asyncua import Server, ua
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.monitored_item_service import MonitoredItemService

NAMESPACE = "urn:hanse:bench"
PARTS = 4
"""A step is written in so many parts, so that it is no burst."""
TICKS_1970 = 116_444_736_000_000_000
WAITING_MAX = 400
SHAPE = np.dtype(
    [
        ("handle", "<u4"),
        ("mask", "u1"),
        ("encoding", "u1"),
        ("value", "<f8"),
        ("source", "<i8"),
        ("server", "<i8"),
    ]
)
DATA_CHANGE = ua.NodeId(811, 0)


class Waiting:
    """What was written and not yet published, for one subscription."""

    def __init__(self, subscription):
        handles = HANDLES.get(subscription.monitored_item_srv, {})
        self.numbers = np.array(sorted(handles), np.int64)
        self.handles = np.array([handles[n] for n in self.numbers.tolist()], np.uint32)
        self.rows = []

    def write(self, step, part):
        mine = self.numbers % PARTS == part
        made = np.zeros(int(mine.sum()), SHAPE)
        made["handle"], made["mask"], made["encoding"] = self.handles[mine], 0x0D, 11
        made["value"] = step
        made["source"] = made["server"] = time.time_ns() // 100 + TICKS_1970
        self.rows.append(made)
        return made.size

    def take(self):
        rows, self.rows = np.concatenate(self.rows), []
        none = (-1).to_bytes(4, "little", signed=True)
        body = len(rows).to_bytes(4, "little") + rows.tobytes() + none
        return ua.ExtensionObject(DATA_CHANGE, body)


WAITING = {}
HANDLES = {}
"""Client handles by the number of the variable, for each subscription's items."""


def publish_bytes():
    """Have asyncua's subscriptions publish what waits as it is."""
    pop = InternalSubscription._pop_triggered_datachanges
    has = InternalSubscription.has_published_results
    create = MonitoredItemService.create_monitored_items

    async def create_and_note(self, params):
        known = HANDLES.setdefault(self, {})
        for item in params.ItemsToCreate:
            name = str(item.ItemToMonitor.NodeId.Identifier)
            if name.startswith("v"):
                known[int(name[1:])] = item.RequestedParameters.ClientHandle
        return await create(self, params)

    def pop_all(self, result):
        pop(self, result)
        mine = WAITING.get(self)
        if mine is not None and mine.rows:
            result.NotificationMessage.NotificationData.append(mine.take())

    def has_any(self):
        mine = WAITING.get(self)
        return bool(mine is not None and mine.rows) or has(self)

    MonitoredItemService.create_monitored_items = create_and_note
    InternalSubscription._pop_triggered_datachanges = pop_all
    InternalSubscription.has_published_results = has_any


def subscriptions(server):
    return list(server.iserver.subscription_service.subscriptions.values())


async def main(signals, hz, seconds):
    logging.disable(logging.CRITICAL)
    publish_bytes()
    server = Server()
    await server.init()
    server.set_endpoint("opc.tcp://127.0.0.1:0")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace(NAMESPACE)
    for i in range(signals):
        await server.nodes.objects.add_variable(ua.NodeId(f"v{i}", index), f"v{i}", 0.0)
    async with server:
        print(server.bserver.port, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        WAITING.update((s, Waiting(s)) for s in subscriptions(server))
        began, cpu_s, written, late = time.monotonic(), time.process_time(), 0, 0.0
        for step in range(1, round(seconds * hz) + 1):
            for part in range(PARTS):
                due = began + (step - 1 + part / PARTS) / hz
                late = max(late, time.monotonic() - due)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                written += sum(w.write(step, part) for w in WAITING.values())
        told = {"written": written, "late_s": late, "took_s": time.monotonic() - began}
        print(json.dumps(told | {"cpu_s": time.process_time() - cpu_s}), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


if __name__ == "__main__":
    import uvloop

    uvloop.install()
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
