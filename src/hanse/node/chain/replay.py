"""Recordings of a real test bench in place of the machine that fails in the story."""

from __future__ import annotations

import asyncio
import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hanse.flows import kinds
from hanse.flows.react import MACHINE_DOWN
from hanse.model.errors import NotFound, Unreachable
from hanse.model.event import Event
from hanse.model.plant import Machine
from hanse.model.time import Instant, from_ns
from hanse.node.asking import with_broker
from hanse.node.connections import Setup, mapping_of, setups
from hanse.node.context import Context
from hanse.node.folder import Folder
from hanse.node.offline import offline
from hanse.node.ruling.book import RuleFile, rule_files
from hanse.packs.load import load_shipped
from hanse.sim.wiring import recording_lines
from hanse.store import Tx
from hanse.transmit.nats.requests import ask

CONNECTION = "recording"
BENCH = "pump-bench"
SPEED = 20.0
WAIT_S = 180.0
POLL_S = 0.05


def recording_in(folder: Path) -> Path:
    """The first recording in a folder: CSV, plain or gzip, the deepest folders' first.

    Raises:
        NotFound: there is none.
    """
    found = [p for p in sorted(folder.rglob("*.csv*")) if p.suffix in {".csv", ".gz"}]
    faulty = [p for p in found if "free" not in p.name]
    if not faulty:
        raise NotFound("there is no recording", subject=str(folder), remedy="Name a folder of CSV")
    return min(faulty, key=lambda p: (-len(p.parts), str(p)))


def columns_of(file: Path) -> Sequence[str]:
    """The headings of a recording."""
    opened = gzip.open(file, "rt") if file.suffix == ".gz" else file.open()  # noqa: SIM115 (below)
    with opened as lines:
        head = next(iter(lines)).strip()
    return next(csv.reader([head], delimiter=";" if ";" in head else ","))


def put_recording(tx: Tx, machine: Machine, folder: Path) -> None:
    """The machine becomes a bench that is heard through a recording; it starts when asked."""
    file = recording_in(folder)
    pack = load_shipped("machining")
    lines = recording_lines(pack, asset=machine.key, asset_type=BENCH, columns=columns_of(file))
    tx.machines.put(msgspec.structs.replace(machine, asset_type=BENCH))
    setup = Setup(
        key=CONNECTION,
        protocol="replay",
        settings={"file": str(file), "speed": SPEED},
        lines=lines,
        enabled=False,
    )
    setups(tx).put(setup.key, setup)
    mapping_of(tx, setup)
    rule = next(r for r in pack.rule_tables if r["key"] == "pump-bench-flow")
    fast = {**rule, "every_s": 1.0 / SPEED}
    text = msgspec.toml.encode({"rule": [fast]}).decode()
    rule_files(tx).put(CONNECTION, RuleFile(key=CONNECTION, text=text))


async def first_fault(laid_folder: Path) -> Instant:
    """Play the recording back; when the fault in it was seen.

    Raises:
        Unreachable: nothing was detected within WAIT_S.
    """
    home = Folder(laid_folder)
    with offline(home) as context:
        context.store.write_sync(_enable)
        await with_broker(home, lambda nats: ask(nats, "collect.reload", "", answer=bool))
        try:
            async with asyncio.timeout(WAIT_S):
                while (found := await _seen(context)) is None:  # noqa: ASYNC110 (another process)
                    await asyncio.sleep(POLL_S)
        except TimeoutError as error:
            raise Unreachable("nothing was detected in the recording", subject=BENCH) from error
    return from_ns(found.about["at_ns"])


def _enable(tx: Tx) -> None:
    setup = setups(tx).need(CONNECTION)
    setups(tx).put(CONNECTION, msgspec.structs.replace(setup, enabled=True))


async def _seen(context: Context) -> Event | None:
    found = await context.store.read(lambda tx: tx.events.find(kind=kinds.ALARM_ACTIVE))
    return next((e for e in found if e.about.get("effect") == MACHINE_DOWN), None)
