"""What a device has, in the words of the trade: types and signals that shipped rules know. Pure.

A proposal for a person to accept or change, like what it is made from. In: what looking at a device
found. Out: the same with the type of each asset and the names of its signals as a pack has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import msgspec

from hanse.collect.inspect import Look
from hanse.collect.propose import NAME_MAX, AssetProposal, Proposal, words_of
from hanse.model.plant import SignalKind
from hanse.model.text import Text
from hanse.packs.pack import Pack, SignalType

NAMELESS = "device"
"""The key of an asset whose device says no name for it."""
PLAIN = "machine"
_NUMBERS = frozenset({SignalKind.ANALOG, SignalKind.COUNTER})
PATH_PARTS = 3
ALIKE_SHARE = 0.3
TELLING_SIGNALS = 2
"""So many signals that only a type has make an asset one of it."""


def recognised(found: Look, pack: Pack, *, device: str) -> Look:
    """Assets and signals by the names of a pack; ``device`` names an asset that has no name."""
    whole = _joined(found.assets)
    if not _are_machines(whole):
        whole = [_one(whole, device)]
    assets = tuple(_asset(asset, pack, device) for asset in whole)
    return msgspec.structs.replace(found, assets=assets)


def type_choices(pack: Pack, others: Iterable[str]) -> tuple[tuple[str, Text], ...]:
    """The types to choose from with what they are called: a pack's, then the plain words."""
    own = {key: kind.title for key, kind in pack.types.items()}
    plain = {k: Text(k.replace("_", " "), k.replace("_", " ")) for k in others}
    known = {k.replace("-", "_") for k in own}
    more = {k: title for k, title in plain.items() if k not in known}
    return (*own.items(), *more.items())


def _joined(assets: tuple[AssetProposal, ...]) -> list[AssetProposal]:
    """Parts of an asset with the asset: ``L1.Fault`` belongs to ``L1``."""
    keys = {a.key for a in assets}
    parts: dict[str, list[Proposal]] = {}
    for asset in assets:
        owner, _, part = asset.key.rpartition(".")
        if owner in keys:
            parts.setdefault(owner, []).extend(_part(one, owner, part) for one in asset.signals)
    return [
        msgspec.structs.replace(a, signals=(*a.signals, *_apart(a.signals, parts.get(a.key, []))))
        for a in assets
        if a.key.rpartition(".")[0] not in keys
    ]


def _are_machines(assets: list[AssetProposal]) -> bool:
    """Whether these are machines beside one another, not the parts of a single one.

    Machines are of a known type each, or have much in common with another; parts have not.
    """
    told = [a for a in assets if any(s.chosen for s in a.signals)]
    if len(told) < 2 or sum(a.asset_type != PLAIN for a in told) > 1:
        return True
    names = [{s.line.name for s in a.signals} for a in told]
    return any(
        len(one & other) >= ALIKE_SHARE * min(len(one), len(other))
        for one, other in combinations(names, 2)
    )


def _one(assets: list[AssetProposal], device: str) -> AssetProposal:
    """All of a device as one machine under the name of its connection."""
    signals: list[Proposal] = []
    for asset in assets:
        parts = [_part(one, device, asset.key) for one in asset.signals]
        signals += _apart(tuple(signals), parts)
    kind = next((a.asset_type for a in assets if a.asset_type != PLAIN), PLAIN)
    sure = max((a.sure for a in assets), default=0.0)
    return AssetProposal(key=device, asset_type=kind, sure=sure, signals=tuple(signals))


def _part(one: Proposal, owner: str, part: str) -> Proposal:
    name = "_".join([*(w for w in words_of(part) if w.isascii()), one.line.name])[:NAME_MAX]
    named = name if name[:1].isalpha() else one.line.name
    line = msgspec.structs.replace(one.line, asset=owner, name=named)
    return msgspec.structs.replace(one, line=line)


def _apart(own: tuple[Proposal, ...], parts: list[Proposal]) -> list[Proposal]:
    """Those whose names the asset does not have already."""
    taken = {one.line.name for one in own}
    return [one for one in parts if one.line.name not in taken]


def _asset(asset: AssetProposal, pack: Pack, device: str) -> AssetProposal:
    kind = _type_of(asset, pack)
    key = device if asset.key == NAMELESS else asset.key
    names = _names(asset.signals, pack, kind)
    signals = tuple(_signal(one, key, names.get(n)) for n, one in enumerate(asset.signals))
    return msgspec.structs.replace(asset, key=key, asset_type=kind, signals=signals)


def _type_of(asset: AssetProposal, pack: Pack) -> str:
    """A type that the device's words name, else the proposed, else the one its signals are of."""
    spoken = set(words_of(asset.key))
    for one in asset.signals:
        spoken.update(words_of(_words(one)))
        spoken.update(words_of(one.value) if isinstance(one.value, str) else ())
    for key, kind in pack.types.items():
        if spoken & set(kind.hints):
            return key
    spelled = asset.asset_type.replace("_", "-")
    if asset.asset_type != PLAIN:
        return spelled if spelled in pack.types else asset.asset_type
    own = {key: len(_names(asset.signals, pack, key)) for key in pack.types}
    best = max(own, key=lambda key: own[key])
    return best if own[best] >= own[PLAIN] + TELLING_SIGNALS else PLAIN


def _names(signals: tuple[Proposal, ...], pack: Pack, kind: str) -> dict[int, SignalType]:
    """Which signal of the type each proposal is; no two are the same."""
    known = kind if kind in pack.types else PLAIN
    claims: dict[str, list[tuple[tuple[bool, bool, int], int, SignalType]]] = {}
    for n, one in enumerate(signals):
        meant = pack.recognise(known, _words(one))
        if meant is not None and _fits(one.line.kind, meant.kind):
            rank = (not one.chosen, one.line.kind is not meant.kind, len(one.line.path))
            claims.setdefault(meant.name, []).append((rank, n, meant))
    best = (min(found, key=lambda claim: claim[:2]) for found in claims.values())
    return {n: meant for _, n, meant in best}


def _words(one: Proposal) -> str:
    parts = [p for p in one.line.path.replace(".", "/").split("/") if p][-PATH_PARTS:]
    return " ".join([*parts, one.line.name])


def _fits(is_: SignalKind, meant: SignalKind) -> bool:
    return is_ is meant or (is_ in _NUMBERS and meant in _NUMBERS)


def _signal(one: Proposal, asset: str, meant: SignalType | None) -> Proposal:
    line = msgspec.structs.replace(one.line, asset=asset)
    if meant is None:
        return msgspec.structs.replace(one, line=line)
    named = msgspec.structs.replace(
        line,
        name=meant.name,
        kind=meant.kind,
        unit=line.unit or meant.unit,
        low=meant.low if line.low is None else line.low,
        high=meant.high if line.high is None else line.high,
    )
    return msgspec.structs.replace(one, line=named)
