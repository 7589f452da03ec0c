"""An OPC UA server that only writes: ``python -m benchmarks.collect_load SIGNALS HZ SECONDS``.

Every write has its own source time and the number of the write as its value. Prints its port, then
at the end one JSON line: how many were written.
"""

import asyncio
import datetime as dt
import json
import logging
import sys
import time

from asyncua import Server, ua

NAMESPACE = "urn:hanse:bench"
WARM_S = 4.0


async def main(signals, hz, seconds):
    logging.disable(logging.CRITICAL)
    server = Server()
    await server.init()
    server.set_endpoint("opc.tcp://127.0.0.1:0")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace(NAMESPACE)
    nodes = [
        (await server.nodes.objects.add_variable(ua.NodeId(f"v{i}", index), f"v{i}", 0.0)).nodeid
        for i in range(signals)
    ]
    async with server:
        print(server.bserver.port, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        began, written, late = time.monotonic(), 0, 0.0
        for step in range(1, round(seconds * hz) + 1):
            for k in range(4):  # in four parts, so that a step is no burst
                due = began + (step - 1 + k / 4) / hz
                late = max(late, time.monotonic() - due)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
                value = ua.DataValue(
                    Value=ua.Variant(float(step), ua.VariantType.Double), SourceTimestamp=now
                )
                for node in nodes[k::4]:
                    await server.iserver.aspace.write_attribute_value(
                        node, ua.AttributeIds.Value, value
                    )
                    written += 1
        print(json.dumps({"written": written, "late_s": late, "at_s": time.monotonic() - began}))
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


if __name__ == "__main__":
    import uvloop

    uvloop.install()
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
