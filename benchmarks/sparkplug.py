"""How many Sparkplug B messages and metrics a second a host decodes.

NDATA payloads by alias as an edge node sends them, of 1, 20 and 200 metrics (float, int, boolean
in turn). Keys per size: ``decode_metrics_s`` of the codec alone, ``host_metrics_s`` with
sequence, aliases and order, ``taken_metrics_s`` until samples are in frames, ``messages_s`` of
the last. Peer in the same run: a decoder in plain Python of the same wire format
(``python_metrics_s``), which is what the table of field numbers replaces.
"""

import argparse
import json
import statistics
import struct
import time

from tests.conformance.connectors.builders import RealClock

from hanse.collect import Bind, Mapping
from hanse.collect.connectors.sparkplug.codec import DataType, Said, decode, encode
from hanse.collect.connectors.sparkplug.config import SparkplugConfig
from hanse.collect.connectors.sparkplug.host import Heard, Host, Kind, Values
from hanse.collect.connectors.sparkplug.source import Session
from hanse.collect.gaps import GapBook
from hanse.collect.intake import Gathering
from hanse.collect.packing import Packer
from hanse.model.plant import Signal

KINDS = (DataType.DOUBLE, DataType.INT32, DataType.BOOLEAN)
NOW_MS = time.time_ns() // 1_000_000


def metrics(count, *, named):
    for n in range(count):
        kind = KINDS[n % 3]
        value = {0: n * 1.5, 1: n - 50, 2: n % 2 == 0}[n % 3]
        name = f"m{n}" if named else ""
        yield Said(name, n + 1, NOW_MS, kind, value, is_historical=False, quality=None)


def varint(data, at):
    shift = value = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def fields(data):
    at, end = 0, len(data)
    while at < end:
        tag, at = varint(data, at)
        wire = tag & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif wire == 5:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        else:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        yield tag >> 3, value


def plain_decode(data):
    """The peer: a decoder without a library."""
    return [dict(fields(value)) for number, value in fields(data) if number == 2]


class World:
    clock = RealClock()


def session(count):
    binds = tuple(
        Bind(signal=Signal(id=n, asset="m", name=f"s{n}"), address=f"g/n:m{n}")
        for n in range(count)
    )
    packer = Packer("bench", 1)
    gathering = Gathering(
        Mapping(binds=binds),
        packers={0: packer},
        partition=lambda _: 0,
        gaps=GapBook("bench", heard_ns=0),
        clock=World.clock,
    )
    return Session(
        SparkplugConfig(host="x"), Mapping(binds=binds).points(), gathering, World()
    ), packer


def timed(work, least_s=0.4):
    began, times = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < least_s:
        work()
        times += 1
    return times / took


def measure(count):
    payloads = [encode(list(metrics(count, named=False)), at_ms=NOW_MS, seq=n) for n in range(256)]
    birth = encode(list(metrics(count, named=True)), at_ms=NOW_MS, seq=0)
    data, host = Heard(Kind.NDATA, "g", "n", ""), Host()
    host.hear(Heard(Kind.NBIRTH, "g", "n", ""), birth, at_s=0.0, at_ns=0)
    taking, packer = session(count)
    seq = 0

    def hear():
        nonlocal seq
        seq = (seq + 1) % 256
        return host.hear(data, payloads[seq], at_s=0.0, at_ns=0)

    def take():
        for deed in hear():
            assert isinstance(deed, Values)
            taking._take(deed)
        if len(packer) > 5_000:
            packer.cut(0)

    one = payloads[7]
    return {
        "decode_metrics_s": timed(lambda: decode(one)) * count,
        "host_metrics_s": timed(hear) * count,
        "taken_metrics_s": (rate := timed(take)) * count,
        "messages_s": rate,
        "python_metrics_s": timed(lambda: plain_decode(one)) * count,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--data")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = {}
    for count in (1, 20, 200):
        rows = [measure(count) for _ in range(options.runs)]
        result[str(count)] = {k: round(statistics.median(r[k] for r in rows)) for k in rows[0]}
    if options.json:
        print(json.dumps({"metrics_per_message": result, "runs": options.runs}))
        return
    for count, row in result.items():
        print(f"{count:>4} metrics a message: " + ", ".join(f"{k} {v:,}" for k, v in row.items()))


if __name__ == "__main__":
    main()
