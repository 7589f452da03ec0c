"""What a device's tree probably means: names, units, kinds and the type of the asset. Pure.

A proposal is for a person to accept or change. It comes from the words in the names (English,
German and Chinese), from what the device itself says (unit, range, data type), and from the
values seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from hanse.collect.mapping import Line
from hanse.collect.ports import Found
from hanse.model.plant import SignalKind

NAME_MAX = 80
PROPOSED_MAX = 50_000
TELLING_WORDS = 4
"""Words of a type that make it sure."""


class Proposal(Struct, frozen=True, kw_only=True):
    """A line to accept, what it read just now, and whether it is worth choosing at first."""

    line: Line
    value: float | str | bool | None
    chosen: bool


class AssetProposal(Struct, frozen=True, kw_only=True):
    """One asset of a device with its probable type and signals."""

    key: str
    asset_type: str
    sure: float
    """0 to 1; 1 when TELLING_WORDS of the type were found."""
    signals: tuple[Proposal, ...]


class _Sense(Struct, frozen=True):
    """Words that tell a quantity, and the unit and kind it has if the device says none."""

    words: tuple[str, ...]
    unit: str
    kind: SignalKind = SignalKind.ANALOG


def _sense(words: str, unit: str = "", kind: SignalKind = SignalKind.ANALOG) -> _Sense:
    return _Sense(tuple(words.split()), unit, kind)


_SENSES: tuple[_Sense, ...] = (
    _sense("state status mode zustand betriebsart 状态 模式", kind=SignalKind.STATE),
    _sense(
        "count counter counters total parts pieces good scrap zähler stückzahl 计数 产量",
        kind=SignalKind.COUNTER,
    ),
    _sense("alarm fault error running ready enabled störung 报警 故障 运行", kind=SignalKind.FLAG),
    _sense("program order item serial name tool programm auftrag 程序 订单", kind=SignalKind.TEXT),
    _sense("temperature temp temperatur thermocouple 温度", "°C"),
    _sense("vibration accelerometer rms schwingung 振动", "mm/s"),
    _sense("speed rpm drehzahl 转速", "1/min"),
    _sense("feed feedrate vorschub 进给", "mm/min"),
    _sense("load override last auslastung 负载 倍率", "%"),
    _sense("pressure druck 压力", "bar"),
    _sense("power leistung 功率", "kW"),
    _sense("energy energie 能耗 电量", "kWh", SignalKind.COUNTER),
    _sense("current strom 电流", "A"),
    _sense("voltage spannung 电压", "V"),
    _sense("flow volumeflow durchfluss 流量", "l/min"),
    _sense("level füllstand 液位", "%"),
    _sense("torque drehmoment 扭矩", "Nm"),
    _sense("position pos 位置", "mm"),
    _sense("weight gewicht 重量", "kg"),
    _sense("humidity feuchte 湿度", "%"),
)

_TYPES: dict[str, tuple[str, ...]] = {
    name: tuple(words.split())
    for name, words in (
        ("machine_tool", "spindle feed axis axes tool program spindel achse 主轴 进给"),
        ("pump", "pump flow pressure suction discharge pumpe 泵 流量"),
        ("compressor", "compressor pressure dewpoint kompressor 压缩机"),
        ("injection_moulding", "mould mold clamp injection barrel 注塑 锁模"),
        ("robot", "robot joint tcp gripper roboter 机器人"),
        ("conveyor", "conveyor belt förderband 输送"),
        ("energy_meter", "energy voltage current cosphi frequency 电能"),
        ("furnace", "furnace oven zone ofen 炉"),
    )
}
_STATIC = frozenset(
    {"manufacturer", "model", "serial", "revision", "version", "uri", "hardware", "software"}
)
_ASKED = frozenset({"request", "command", "cmd", "setpoint", "cntrl", "sollwert"})
_CONTAINERS = frozenset(
    {"machines", "devices", "equipment", "plant", "stations", "lines", "objects", "maschinen"}
)
_NUMBERS = ("double", "float", "int", "byte", "decimal", "number", "real", "numeric")


def propose(found: Iterable[Found], *, asset: str = "") -> list[AssetProposal]:
    """Assets and signals of what browsing found, in the order it was found.

    ``asset`` puts everything under one key; without it every object that holds variables
    directly or by one level is an asset of its own.
    """
    groups: dict[str, list[tuple[Found, tuple[str, ...]]]] = {}
    every = [f for f, _ in zip(found, range(PROPOSED_MAX), strict=False)]
    shared = _shared_trail([f.trail for f in every])
    rests = [f.trail[len(shared) :] or f.trail[-1:] for f in every]
    containers = _containers(rests)
    for one, rest in zip(every, rests, strict=True):
        inner = rest[1:] if rest[0] in containers and len(rest) > 2 else rest
        key, trail = _split(inner, shared, asset)
        groups.setdefault(key, []).append((one, trail))
    return [_asset(key, members) for key, members in groups.items()]


def asset_types() -> tuple[str, ...]:
    """The types of assets that can be told by their words, and the one for all others."""
    return ("machine", *_TYPES)


def lines_of(assets: Iterable[AssetProposal], *, all_of_it: bool = False) -> list[Line]:
    """The mapping lines that are chosen, or all."""
    return [p.line for a in assets for p in a.signals if p.chosen or all_of_it]


def words_of(text: str) -> list[str]:
    """The words in a name: ``SpindleLoad_1`` gives spindle, load, 1."""
    spaced = re.sub(r"(?<=[a-z0-9äöüß])(?=[A-ZÄÖÜ])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    return [w.lower() for w in re.split(r"[^\w]+|_", spaced) if w]


def _asset(key: str, members: Sequence[tuple[Found, tuple[str, ...]]]) -> AssetProposal:
    used: Counter[str] = Counter()
    signals = []
    for found, trail in members:
        name = _name(trail)
        used[name] += 1
        unique = name if used[name] == 1 else f"{name[: NAME_MAX - 6]}_{used[name]}"
        signals.append(_signal(key, unique, found))
    words = [w for found, _ in members for part in found.trail for w in words_of(part)]
    asset_type, sure = type_of([*words, *words_of(key)])
    return AssetProposal(key=key, asset_type=asset_type, sure=sure, signals=tuple(signals))


def _signal(asset: str, name: str, found: Found) -> Proposal:
    words = [w for part in found.trail[-2:] for w in words_of(part)]
    sense = sense_of(words_of(found.description)[:6] + words)
    kind = SignalKind.STATE if _is_state(found, words) else _kind(found, sense)
    has_unit = kind in {SignalKind.ANALOG, SignalKind.COUNTER}
    unit = found.unit or (sense.unit if sense is not None and has_unit else "")
    line = Line(
        asset=asset,
        name=name,
        address=found.address,
        kind=kind,
        unit=unit[:16],
        low=found.low if kind is SignalKind.ANALOG else None,
        high=found.high if kind is SignalKind.ANALOG else None,
        path=found.path,
        type=found.type,
    )
    is_passed = any(w in _STATIC or w in _ASKED for w in words) or found.address.startswith("i=")
    return Proposal(line=line, value=found.value, chosen=not is_passed and found.value is not None)


def sense_of(words: Sequence[str]) -> _Sense | None:
    """The quantity that the last telling word names, None where none does."""
    for word in reversed(words):
        for sense in _SENSES:
            if any(_says(word, known) for known in sense.words):
                return sense
    return None


def _says(word: str, known: str) -> bool:
    """Whether a word is one that is known; Chinese ones may be a part of it."""
    return word == known or (not known.isascii() and known in word)


def type_of(words: Iterable[str]) -> tuple[str, float]:
    """The asset type of which most telling words are met, at least two; and how sure that is."""
    met = set(words)
    best, most = "machine", 1
    for name, telling in _TYPES.items():
        hits = sum(1 for known in telling if any(_says(word, known) for word in met))
        if hits > most:
            best, most = name, hits
    return best, min(1.0, most / TELLING_WORDS) if best != "machine" else 0.0


def _is_state(found: Found, words: Sequence[str]) -> bool:
    """A whole number whose name says state, whatever else it says (``StateCurrent``)."""
    is_whole = isinstance(found.value, int) and not isinstance(found.value, bool)
    return is_whole and any(_says(w, known) for w in words for known in _SENSES[0].words)


def _containers(trails: Sequence[tuple[str, ...]]) -> set[str]:
    """First words that hold assets rather than being one.

    By name, or because what is below each of their members looks the same.
    """
    below: dict[str, dict[str, set[tuple[str, ...]]]] = {}
    for trail in trails:
        if len(trail) > 2:
            below.setdefault(trail[0], {}).setdefault(trail[1], set()).add(trail[2:])
    return {
        name
        for name, members in below.items()
        if name.lower() in _CONTAINERS
        or (len(members) > 1 and len(set(map(frozenset, members.values()))) == 1)
    }


def _kind(found: Found, sense: _Sense | None) -> SignalKind:
    type_ = found.data_type.lower()
    value = found.value
    if isinstance(value, bool) or "bool" in type_:
        return SignalKind.FLAG
    is_number = isinstance(value, int | float) or any(n in type_ for n in _NUMBERS)
    if not is_number:
        is_state = sense is not None and sense.kind is SignalKind.STATE
        return SignalKind.STATE if is_state else SignalKind.TEXT
    if sense is None or sense.kind in {SignalKind.TEXT, SignalKind.FLAG}:
        return SignalKind.ANALOG
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if sense.kind is SignalKind.STATE and not whole:
        return SignalKind.ANALOG
    return sense.kind


def _name(trail: Sequence[str]) -> str:
    """A signal name of ours: small letters, digits and _ ; Chinese names become signal."""
    words = [w for part in trail for w in words_of(part) if w.isascii()]
    name = re.sub(r"[^a-z0-9_]", "", "_".join(words))[:NAME_MAX].strip("_") or "signal"
    return name if name[0].isalpha() else f"s_{name}"[:NAME_MAX]


def _split(
    trail: tuple[str, ...], shared: tuple[str, ...], asset: str
) -> tuple[str, tuple[str, ...]]:
    if asset:
        return asset, trail
    if len(trail) > 1:
        return _key(trail[0]), trail[1:]
    return _key(shared[-1] if shared else "device"), trail


def _key(text: str) -> str:
    cleaned = re.sub(r"[^A-Za-z0-9._:/#+-]+", "-", text).strip("-._:/#+")
    return cleaned[:120] or "device"


def _shared_trail(trails: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """What all trails begin with, but for their last two words."""
    if not trails:
        return ()
    shared = []
    for parts in zip(*(t[:-2] for t in trails), strict=False):
        if len(set(parts)) != 1:
            break
        shared.append(parts[0])
    return tuple(shared)
