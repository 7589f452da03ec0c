"""How a node of a sample chain is wired to what it sees: the mapping of its connection.

A person makes the same choice with ``hanse connect``; here it is made from the same words, so that
the demo starts by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from hanse.collect.job_doors import JobDoor
from hanse.collect.jobs import doors_of
from hanse.collect.mapping import Line
from hanse.model.plant import SignalKind
from hanse.packs import Pack, SignalType
from hanse.sim.nodes import SHOWN
from hanse.sim.opcua_server import NAMESPACE


def opcua_lines(pack: Pack, machines: Iterable[tuple[str, str]]) -> tuple[Line, ...]:
    """The signals of simulated machines, given as (key, asset type), over OPC UA."""
    lines: list[Line] = []
    for machine, asset_type in machines:
        known = {s.name: s for s in pack.types[asset_type].signals}
        for shown in SHOWN:
            if shown.signal in known:
                address = f"nsu={NAMESPACE};s={machine}.{shown.path}"
                lines.append(_line(known[shown.signal], machine, address))
    return tuple(lines)


def job_doors(machines: Iterable[str], *, per_minute: int) -> tuple[JobDoor, ...]:
    """The doors through which simulated machines take jobs: their owner allowed it."""
    doors = doors_of(machines, f"nsu={NAMESPACE};s={{}}")
    return tuple(msgspec.structs.replace(door, per_minute=per_minute) for door in doors)


def recording_lines(
    pack: Pack, *, asset: str, asset_type: str, columns: Sequence[str]
) -> tuple[Line, ...]:
    """The signals of a recording whose columns a pack recognises by their headings.

    A column that two readings claim goes to the first; what nobody recognises is left out.
    """
    lines: dict[str, Line] = {}
    for column in columns:
        signal = pack.recognise(asset_type, column)
        if signal is not None and signal.name not in lines:
            lines[signal.name] = _line(signal, asset, column)
    return tuple(lines.values())


def _line(signal: SignalType, asset: str, address: str) -> Line:
    analog = signal.kind is SignalKind.ANALOG
    return Line(
        asset=asset,
        name=signal.name,
        address=address,
        kind=signal.kind,
        unit=signal.unit,
        low=signal.low if analog else None,
        high=signal.high if analog else None,
    )
