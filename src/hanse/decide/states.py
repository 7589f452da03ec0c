"""Machine states: any vendor's words and numbers mapped into PackML, and stops from them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.errors import BadConfig
from hanse.model.ids import Key
from hanse.model.plant import PACKML_CODES, PackMLState

STATE_WORDS_MAX = 200

_USUAL: dict[str, PackMLState] = {
    "run": PackMLState.EXECUTE,
    "running": PackMLState.EXECUTE,
    "active": PackMLState.EXECUTE,
    "producing": PackMLState.EXECUTE,
    "auto": PackMLState.EXECUTE,
    "start": PackMLState.EXECUTE,
    "idle": PackMLState.IDLE,
    "ready": PackMLState.IDLE,
    "standby": PackMLState.IDLE,
    "waiting": PackMLState.SUSPENDED,
    "starved": PackMLState.SUSPENDED,
    "blocked": PackMLState.SUSPENDED,
    "feed_hold": PackMLState.HELD,
    "hold": PackMLState.HELD,
    "interrupted": PackMLState.HELD,
    "paused": PackMLState.HELD,
    "stop": PackMLState.STOPPED,
    "off": PackMLState.STOPPED,
    "unavailable": PackMLState.STOPPED,
    "alarm": PackMLState.ABORTED,
    "fault": PackMLState.ABORTED,
    "faulted": PackMLState.ABORTED,
    "error": PackMLState.ABORTED,
    "emergency": PackMLState.ABORTED,
    "estop": PackMLState.ABORTED,
}


class StateMap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an asset type says its state: the signal, and what each word or number means.

    Numbers are written as text (``"3"``). With ``packml_codes`` the numbers of ISA-TR88.00.02 hold
    for what is not listed. ``other`` is for anything else.
    """

    asset_type: Key
    signal: Annotated[str, Meta(max_length=80)]
    states: dict[str, PackMLState] = {}
    packml_codes: bool = False
    other: PackMLState | None = None

    def __post_init__(self) -> None:
        if len(self.states) > STATE_WORDS_MAX:
            raise ValueError(f"at most {STATE_WORDS_MAX} words")


def packml(said: str | float, mapping: StateMap) -> PackMLState | None:
    """The PackML state a device means, or None where nobody knows.

    What the map does not list is looked for among PackML's own names and the usual words
    (running, feed_hold, starved, fault ...), case and separators aside.
    """
    word = f"{said:g}" if isinstance(said, int | float) else said.strip()
    listed = mapping.states.get(word)
    if listed is not None:
        return listed
    plain = word.lower().replace(" ", "_").replace("-", "_")
    if mapping.packml_codes and plain.isdigit() and int(plain) in PACKML_CODES:
        return PACKML_CODES[int(plain)]
    if plain in PackMLState._value2member_map_:
        return PackMLState(plain)
    return _USUAL.get(plain, mapping.other)


def check_map(mapping: StateMap) -> StateMap:
    """The map, if it says anything.

    Raises:
        BadConfig: it lists no state and takes none of PackML's numbers.
    """
    if not mapping.states and not mapping.packml_codes and mapping.other is None:
        raise BadConfig(
            "the state map says nothing", subject=mapping.asset_type, remedy="List its states"
        )
    return mapping


class StateChange(Struct, frozen=True, kw_only=True):
    """A machine went from one PackML state to another; ``said`` is the device's own word."""

    asset: Key
    at_ns: int
    before: PackMLState | None
    after: PackMLState
    said: str


class StateTracker:
    """Holds the last state of each asset and tells only changes."""

    def __init__(self, last: dict[str, PackMLState] | None = None) -> None:
        self.last = dict(last or {})

    def take(
        self, asset: str, said: str | float, mapping: StateMap, *, at_ns: int
    ) -> StateChange | None:
        """The change, or None where the state is the same or cannot be known."""
        after = packml(said, mapping)
        before = self.last.get(asset)
        if after is None or after is before:
            return None
        self.last[asset] = after
        return StateChange(asset=asset, at_ns=at_ns, before=before, after=after, said=str(said))
