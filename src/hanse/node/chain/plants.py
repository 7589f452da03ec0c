"""``python -m hanse.node.chain.plants FILE``: the simulated plants of a chain, one process."""

from __future__ import annotations

import sys
from pathlib import Path

from hanse.node.world import RealClock
from hanse.sim.opcua_server import run

if __name__ == "__main__":
    run(Path(sys.argv[1]), RealClock())
