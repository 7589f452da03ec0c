"""What collecting needs from the world, and what a connector is handed and hands over.

A connector never meets the record, the broker or the real clock: it gets a `World` and an
`Intake`, and everything it hears goes through the intake.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Protocol

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from hanse.collect.doors import Doors
from hanse.collect.secrets import without_secrets
from hanse.model.dice import Dice
from hanse.model.errors import BadConfig
from hanse.model.event import Draft
from hanse.model.plant import SignalKind
from hanse.model.sample import Frame, Gap, GapReason, Quality
from hanse.model.setting import PAYLOAD_MAX, Value
from hanse.model.text import Text
from hanse.model.time import Clock, Instant

ADDRESS_MAX = 1_000
MEMORY_TEXT_MAX = 1_000_000
POINTS_MAX = 50_000
"""Signals of one connection."""


NO_TIME: Final = -(2**63)
"""In a column of times: the source gave none."""


class Point(Struct, frozen=True, kw_only=True):
    """One thing to collect: where it is in the device, and the number values come under.

    ``slot`` counts from 0 within a connection. ``path`` picks a member of a structure or array
    (``field``, ``field.inner``, ``[2]``). ``type`` is the protocol's own word for how bytes are
    read, where the device does not say (``float32``, ``int16``, ``bit:3``). ``payload`` is what a
    message that sets it says, with ``{value}`` in it, where the protocol has messages.
    """

    slot: int
    address: str
    kind: SignalKind = SignalKind.ANALOG
    path: str = ""
    type: str = ""
    payload: Annotated[str, Meta(max_length=PAYLOAD_MAX)] = ""


class Certificate(Struct, frozen=True, kw_only=True):
    """What a device showed to prove who it is.

    ``fingerprint`` is SHA-256 of the DER bytes in hexadecimal; ``before`` is the one this
    connection trusted until now, empty if none.
    """

    connection: str
    fingerprint: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    subject: str
    not_after: Instant
    der: bytes
    before: str = ""


class Trust(Protocol):
    """Whether a device is who it says it is; asks a person once and keeps the answer."""

    def pinned(self, connection: str) -> str:
        """The fingerprint this connection trusts, or empty."""
        ...

    async def decide(self, shown: Certificate) -> bool:
        """Whether to go on with a certificate. False also while a person has yet to answer."""
        ...


class Memory(Protocol):
    """What a connector must still know after a restart: how far it has read, what it counted."""

    def get(self, key: str) -> str:
        """What was kept under a key, empty if nothing was."""
        ...

    def put(self, key: str, text: str) -> None:
        """Keep a text of at most MEMORY_TEXT_MAX characters under a key, for good."""
        ...


class MemoryOfProcess:
    """A `Memory` that ends with the process: for tests and for looking at a device."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def get(self, key: str) -> str:
        """What was kept."""
        return self._kept.get(key, "")

    def put(self, key: str, text: str) -> None:
        """Keep it as long as this lives."""
        self._kept[key] = text


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """What a connector may use: time, chance, trust, its own key pair, secrets, files."""

    clock: Clock
    dice: Dice
    trust: Trust
    keys: Path
    """Folder (0700) for the key pair this node shows to devices."""
    secret: Callable[[str], str]
    """The secret of a name. Raises NotFound."""
    connection: str = ""
    """The key of the connection in hand."""
    memory: Memory | None = None
    """What survives a restart; None keeps it in files beside the keys."""
    doors: Doors = dataclasses.field(default_factory=Doors)

    @property
    def remembered(self) -> Memory:
        """What survives a restart."""
        if self.memory is not None:
            return self.memory
        from hanse.collect.connectors.memory import MemoryInFolder

        return MemoryInFolder(self.keys.parent / "collect")

    def reveal(self, text: str) -> str:
        """A setting's value, looked up where it reads ``secret:NAME``."""
        return self.secret(text.removeprefix("secret:")) if text.startswith("secret:") else text


class Intake(Protocol):
    """Where a connector puts what it hears. Nothing here blocks, nothing here raises."""

    def take(
        self,
        slot: int,
        value: object,
        at_ns: int | None = None,
        quality: int = Quality.GOOD,
    ) -> None:
        """A value of a point. ``at_ns`` is the source's own time, None where it gives none."""
        ...

    def take_all(
        self,
        slots: Sequence[int],
        values: Sequence[object],
        at_ns: int | None = None,
        quality: int = Quality.GOOD,
    ) -> None:
        """Values of several points at one time, as one read brings them."""
        ...

    def take_columns(
        self,
        slots: NDArray[np.int64],
        values: NDArray[np.float64],
        at_ns: NDArray[np.int64],
        quality: NDArray[np.uint8],
    ) -> None:
        """Numbers of many points at once, each with its own time (or `NO_TIME`) and quality."""
        ...

    def up(self) -> None:
        """The device answers and every point that can be had is being had."""
        ...

    def alive(self) -> None:
        """The device was heard from, though nothing changed."""
        ...

    def reject(self, what: str, *, subject: str, remedy: str = "") -> None:
        """A row, value or point that cannot be used: counted and shown; the others go on."""
        ...

    def missed(
        self,
        reason: GapReason,
        *,
        detail: str,
        slots: Sequence[int] = (),
        since_ns: int | None = None,
    ) -> None:
        """Samples between the last one (or ``since_ns``) and now are lost; the line stands."""
        ...

    def happened(self, event: Draft) -> None:
        """An alarm, condition or birth the device itself announced."""
        ...

    def note(
        self,
        *,
        round_trip_s: float | None = None,
        certificate_until: Instant | None = None,
        device: str | None = None,
        started: Instant | None = None,
    ) -> None:
        """Something for the diagnostics page; ``started`` is when the device itself started."""
        ...

    async def settled(self) -> None:
        """Wait until all that was taken so far is kept by the sink."""
        ...

    async def room(self) -> None:
        """Wait while what was taken cannot be handed on. Polling connectors ask before a read."""
        ...


class Sink(Protocol):
    """Where frames, gaps and events of devices go: the spool, the broker, the record."""

    async def frame(self, frame: Frame, *, partition: int) -> None:
        """Keep a frame; returns when it is kept. May be called again with the same identity.

        Raises:
            Unreachable, TooMuch: not now; the caller tries again with the same frame.
        """
        ...

    async def gap(self, gap: Gap) -> None:
        """Record a gap; the same ``(connection, start_ns)`` again closes it."""
        ...

    async def event(self, event: Draft) -> None:
        """Record what a device announced."""
        ...


class Found(Struct, frozen=True, kw_only=True):
    """One thing a device has, as browsing saw it.

    ``address`` is what a mapping needs; ``trail`` the names from the root to it; ``value`` what
    it read just now, cut to what a page shows. ``low``/``high``/``unit`` come from the device.
    """

    address: Annotated[str, Meta(max_length=ADDRESS_MAX)]
    trail: tuple[str, ...]
    value: float | str | bool | None = None
    data_type: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    description: str = ""
    writable: bool = False
    path: str = ""
    type: str = ""

    @property
    def name(self) -> str:
        """The last word of its trail."""
        return self.trail[-1] if self.trail else self.address


Collect = Callable[[Any, Sequence[Point], Intake, World], Awaitable[None]]
"""One session with a device: connect, give values until it is lost (raise) or done (return)."""
Browse = Callable[[Any, World], Awaitable[Sequence[Found]]]
"""Everything a device has, bounded, with the values it has now."""
Write = Callable[[Any, World, Point, Value], Awaitable[None]]
"""Set one point, once. Raises Refused where it certainly was not set, Unreachable where nobody
knows. Only `collect.write` may call it."""
Read = Callable[[Any, World, Sequence[Point]], Awaitable[Sequence[object]]]
"""What points are now, in the order asked; None where the device has no good value."""


class Calling(Struct, frozen=True, kw_only=True):
    """A method of an object in a device, by their addresses, and what it is handed."""

    object: Annotated[str, Meta(max_length=ADDRESS_MAX)]
    method: Annotated[str, Meta(max_length=ADDRESS_MAX)]
    arguments: tuple[Value, ...] = ()


Call = Callable[[Any, World, Calling], Awaitable[None]]
"""Call a method. Raises Refused or Unreachable. Only `collect.jobs` may call it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Connector:
    """A protocol Hanse speaks, as its folder assembles it.

    ``collect`` runs one session; the collector starts the next one after a loss and records the
    gap, so that every protocol comes back in the same way. ``explain`` turns what a library
    raised into an error that says what to do.
    """

    name: str
    title: Text
    config: type[Struct]
    collect: Collect
    explain: Callable[[BaseException, Any], Exception]
    schemes: tuple[str, ...] = ()
    from_url: Callable[[str], Struct] | None = None
    browse: Browse | None = None
    read: Read | None = None
    write: Write | None = None
    call: Call | None = None
    once: bool = False
    """Whether ``collect`` returns when all is read (a file) instead of going on for ever."""

    def config_of_url(self, url: str) -> Struct:
        """The settings a URL stands for.

        Raises:
            BadConfig: this protocol has no URL, or the URL is wrong.
        """
        if self.from_url is None:
            raise BadConfig(
                f"{self.name} is not reached by a URL", remedy="Write its settings instead"
            )
        try:
            return self.from_url(url)
        except ValueError as error:
            raise BadConfig(
                "not an address",
                subject=without_secrets(url),
                remedy="Write protocol://host:port, names in [ ] only for IPv6",
            ) from error
