"""Registers a second from a Modbus TCP server: coalesced reads against one read a register.

Both go the whole way of the connector: plan, read, decode, scale, samples, frames. The server is
pymodbus' own in a process of its own. Keys: ``one_by_one_s`` and ``coalesced_s`` in registers a
second (medians), ``ratio``, ``requests`` of one round each way, and ``raw_coalesced_s``, the same
blocks read without decoding, which shows what the server and the wire allow.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time

from tests.conformance.connectors.builders import RealClock, free_port

from hanse.collect import Bind, Mapping
from hanse.collect.connectors.modbus.blocks import gather
from hanse.collect.connectors.modbus.config import ModbusConfig
from hanse.collect.connectors.modbus.source import Reader, ask, clients, wants_of
from hanse.collect.gaps import GapBook
from hanse.collect.intake import Gathering
from hanse.collect.packing import Packer
from hanse.model.plant import Signal

REGISTERS = 1_000
SERVER = """
import asyncio, sys
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
async def main():
    data = SimData(0, count=2000, values=7, datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(1, simdata=[data]), address=("127.0.0.1", int(sys.argv[1])))
    await server.serve_forever(background=True)
    print("ready", flush=True)
    await asyncio.sleep(3600)
asyncio.run(main())
"""


def intake(count):
    binds = tuple(
        Bind(signal=Signal(id=n, asset="m", name=f"s{n}"), address=f"holding:{n}")
        for n in range(count)
    )
    packer, clock = Packer("bench", 1), RealClock()
    gathering = Gathering(
        Mapping(binds=binds),
        packers={0: packer},
        partition=lambda _: 0,
        gaps=GapBook("bench", heard_ns=0),
        clock=clock,
    )
    return gathering, packer, Mapping(binds=binds).points()


async def rate(config, *, width, hole, rounds):
    """Registers a second with blocks of at most ``width``; and requests a round."""
    taking, packer, points = intake(REGISTERS)
    plan = gather(wants_of(config, points, taking), width=width, hole=hole)
    async with clients(config) as lines:
        reader = Reader(config, lines, taking)
        await reader.read(plan)
        packer.cut(0)
        began = time.perf_counter()
        for _ in range(rounds):
            plan = await reader.read(plan)
            packer.cut(0)
        took = time.perf_counter() - began
    assert taking.troubles.count == 0
    return REGISTERS * rounds / took, len(plan)


async def raw_rate(config, rounds):
    taking, _, points = intake(REGISTERS)
    plan = gather(wants_of(config, points, taking), width=125, hole=20)
    async with clients(config) as (line, *_):
        began = time.perf_counter()
        for _ in range(rounds):
            for block in plan:
                await ask(line, block)
        return REGISTERS * rounds / (time.perf_counter() - began)


async def measure(port, runs):
    config = ModbusConfig(host="127.0.0.1", port=port)
    singles, together, raw, requests = [], [], [], (0, 0)
    for _ in range(runs):
        one, n_one = await rate(config, width=1, hole=0, rounds=2)
        many, n_many = await rate(config, width=125, hole=20, rounds=100)
        singles.append(one)
        together.append(many)
        raw.append(await raw_rate(config, 100))
        requests = (n_one, n_many)
    return {
        "registers": REGISTERS,
        "one_by_one_s": round(statistics.median(singles)),
        "coalesced_s": round(statistics.median(together)),
        "ratio": round(statistics.median(m / o for m, o in zip(together, singles, strict=True)), 1),
        "raw_coalesced_s": round(statistics.median(raw)),
        "requests": {"one_by_one": requests[0], "coalesced": requests[1]},
        "runs": runs,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--data")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], stdout=subprocess.PIPE)
    try:
        assert server.stdout.readline().strip() == b"ready"
        result = asyncio.run(measure(port, options.runs))
    finally:
        server.kill()
        server.wait()
    if options.json:
        print(json.dumps(result))
        return
    for key, value in result.items():
        print(f"{key:18} {value}")


if __name__ == "__main__":
    main()
