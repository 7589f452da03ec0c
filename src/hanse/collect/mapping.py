"""Which signal comes from which address: the mapping of a connection, and its TOML form."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from hanse.collect.ports import ADDRESS_MAX, POINTS_MAX, Point
from hanse.collect.tomlout import write_tables
from hanse.model.errors import BadConfig
from hanse.model.ids import Key
from hanse.model.plant import Signal, SignalKind

MAPPING_BYTES_MAX = 20_000_000


class Bind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One signal and where it comes from: ``value = raw * scale + offset``."""

    signal: Signal
    address: Annotated[str, Meta(min_length=1, max_length=ADDRESS_MAX)]
    path: Annotated[str, Meta(max_length=200)] = ""
    type: Annotated[str, Meta(max_length=40)] = ""
    scale: float = 1.0
    offset: float = 0.0


class Mapping(Struct, frozen=True, kw_only=True):
    """All binds of one connection, in slot order.

    Raises:
        BadConfig: a signal is bound twice, or there are more than POINTS_MAX.
    """

    binds: tuple[Bind, ...] = ()

    def __post_init__(self) -> None:
        if len(self.binds) > POINTS_MAX:
            raise BadConfig(
                f"a connection has at most {POINTS_MAX} signals", remedy="Split it in two"
            )
        ids = [bind.signal.id for bind in self.binds]
        if len(set(ids)) != len(ids):
            twice = next(b.signal for b in self.binds if ids.count(b.signal.id) > 1)
            raise BadConfig(
                "a signal is bound twice",
                subject=f"{twice.asset}.{twice.name}",
                remedy="Keep one of the two lines",
            )

    def __len__(self) -> int:
        return len(self.binds)

    def points(self) -> tuple[Point, ...]:
        """What a connector is asked for, slot by slot."""
        return tuple(
            Point(slot=n, address=b.address, kind=b.signal.kind, path=b.path, type=b.type)
            for n, b in enumerate(self.binds)
        )


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bind as it is written in a TOML file: names instead of the node's numbers."""

    asset: Key
    name: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[a-z][a-z0-9_]*$")]
    address: Annotated[str, Meta(min_length=1, max_length=ADDRESS_MAX)]
    kind: SignalKind = SignalKind.ANALOG
    unit: Annotated[str, Meta(max_length=16)] = ""
    low: float | None = None
    high: float | None = None
    path: Annotated[str, Meta(max_length=200)] = ""
    type: Annotated[str, Meta(max_length=40)] = ""
    scale: float = 1.0
    offset: float = 0.0


Number = Callable[[str, str], int]
"""The node's number for ``(asset, signal name)``, given once and fixed for ever."""


def to_toml(lines: Sequence[Line]) -> str:
    """The mapping file of some lines: one ``[[signal]]`` table each, defaults left out."""
    return write_tables("signal", [msgspec.to_builtins(_without_defaults(x)) for x in lines])


def from_toml(text: str) -> tuple[list[Line], list[BadConfig]]:
    """The good lines of a mapping file, and what is wrong with each of the others.

    Raises:
        BadConfig: the file is not TOML, too large, or has no ``[[signal]]``.
    """
    tables = _tables(text)
    lines: list[Line] = []
    wrong: list[BadConfig] = []
    for n, table in enumerate(tables, 1):
        try:
            lines.append(msgspec.convert(table, Line, strict=False))
        except msgspec.ValidationError as error:
            wrong.append(BadConfig(str(error), subject=f"signal {n}", remedy="Correct this table"))
    return lines, wrong


def bind(lines: Sequence[Line], number: Number) -> Mapping:
    """The mapping of some lines, with the node's numbers.

    Raises:
        BadConfig: a signal is bound twice.
    """
    return Mapping(binds=tuple(_bind(line, number) for line in lines))


def lines_of(mapping: Mapping) -> list[Line]:
    """The lines a mapping is written as."""
    return [
        Line(
            asset=b.signal.asset,
            name=b.signal.name,
            address=b.address,
            kind=b.signal.kind,
            unit=b.signal.unit,
            low=b.signal.low,
            high=b.signal.high,
            path=b.path,
            type=b.type,
            scale=b.scale,
            offset=b.offset,
        )
        for b in mapping.binds
    ]


def _bind(line: Line, number: Number) -> Bind:
    signal = Signal(
        id=number(line.asset, line.name),
        asset=line.asset,
        name=line.name,
        kind=line.kind,
        unit=line.unit,
        low=line.low,
        high=line.high,
    )
    return Bind(
        signal=signal,
        address=line.address,
        path=line.path,
        type=line.type,
        scale=line.scale,
        offset=line.offset,
    )


def _without_defaults(line: Line) -> dict[str, Any]:
    defaults = {f.name: f.default for f in msgspec.structs.fields(Line) if not f.required}
    every = msgspec.structs.asdict(line)
    return {k: v for k, v in every.items() if k not in defaults or v != defaults[k]}


def _tables(text: str) -> list[Any]:
    if len(text) > MAPPING_BYTES_MAX:
        raise BadConfig(f"a mapping file has at most {MAPPING_BYTES_MAX} characters")
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadConfig(f"not TOML: {error}", remedy="Correct the line named") from error
    tables = document.get("signal")
    if not isinstance(tables, list):
        raise BadConfig("no [[signal]] in the mapping file", remedy="Add one table a signal")
    return tables
