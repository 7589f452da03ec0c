"""How long collection takes to be back after an OPC UA server was lost in six ways.

Keys per way: ``back_s`` median and ``worst_s`` from the device being back to a value of its last
signal, ``promise_s`` what was promised (sampling time + 5 s), ``gaps`` recorded.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
from pathlib import Path

from tests.faults.collect.scenarios import KINDS, heal

SAMPLING_S = 0.1


async def measure(kind, signals, runs):
    times, gaps = [], 0
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            healed = await heal(Path(folder), kind, signals=signals, down_s=6.0)
        times.append(healed.back_s)
        gaps += len(healed.gaps)
    return {
        "back_s": round(statistics.median(times), 2),
        "worst_s": round(max(times), 2),
        "promise_s": SAMPLING_S + 5,
        "gaps": gaps,
        "runs": runs,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signals", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--data")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = {
        kind: asyncio.run(measure(kind, options.signals, options.runs)) for kind in options.kinds
    }
    if options.json:
        print(json.dumps({"signals": options.signals, "ways": result}))
        return
    for kind, row in result.items():
        print(f"{kind:12} back {row['back_s']:6.2f} s, worst {row['worst_s']:6.2f} s", row["gaps"])


if __name__ == "__main__":
    main()
