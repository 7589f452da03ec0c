"""The doors for values as the web server sees them: pushes, and what people enter by phone."""

from __future__ import annotations

import functools
import hmac

import msgspec

from hanse.collect.doors import Delivery
from hanse.collect.mapping import Line
from hanse.collect.registry import settings_of
from hanse.model.errors import NotAllowed
from hanse.model.plant import Signal, SignalKind
from hanse.model.text import Text
from hanse.node.collecting import wire
from hanse.node.collecting.secrets import revealed
from hanse.node.connections import Setup, setups, signal_of
from hanse.node.context import Context
from hanse.node.pages.live import LiveValues
from hanse.packs.load import load_shipped
from hanse.store import Tx
from hanse.web.views.common import Option
from hanse.web.views.entering import Asked, Entered, EntrySheet, Taken

PACK = "machining"
STATES = (
    Option("execute", Text("running", "运行")),
    Option("idle", Text("waiting", "待机")),
    Option("stopped", Text("stopped", "停机")),
    Option("held", Text("held", "暂停")),
    Option("aborted", Text("broken down", "故障")),
)
"""What an operator tells apart, as PackML states (ISA-TR88.00.02)."""


class RecordDoors:
    """A `hanse.web.ports.Doors`: checks the token, asks whoever collects."""

    def __init__(self, context: Context, live: LiveValues) -> None:
        self._context = context
        self._live = live

    async def push(self, name: str, body: bytes, *, content_type: str, token: str) -> Taken:
        """Hand a delivery to a connection."""
        delivery = Delivery(body=body, content_type=content_type, token=token)
        return _taken(await wire.deliver(self._context.nats, name, delivery))

    async def sheet(self, name: str, *, token: str) -> EntrySheet:
        """What may be entered at a machine."""

        def read(tx: Tx) -> tuple[Setup | None, list[Signal]]:
            setup = setups(tx).get(name)
            return setup, [signal_of(tx, line) for line in setup.lines] if setup else []

        setup, signals = await self._context.store.read(read)
        if setup is None or setup.protocol != "manual" or not self._shows(setup, token):
            raise NotAllowed("this code is not good", remedy="Scan the code on the machine again")
        asked = [self._asked(*pair) for pair in zip(setup.lines, signals, strict=True)]
        return EntrySheet(
            connection=name,
            machines=tuple(sorted({line.asset for line in setup.lines})),
            asked=tuple(asked),
            entry=self._context.ids.new("entry"),
        )

    async def enter(self, name: str, entered: Entered, *, token: str) -> Taken:
        """Keep one entry of a person; the same ``id`` again has no second effect."""
        await self.sheet(name, token=token)
        said: dict[str, str | float] = {"name": entered.name, "id": entered.id}
        said |= {"add": entered.add} if entered.add is not None else {"value": entered.value}
        delivery = Delivery(body=msgspec.json.encode(said), token=token)
        return _taken(await wire.deliver(self._context.nats, name, delivery))

    def _shows(self, setup: Setup, token: str) -> bool:
        settings = settings_of(setup.protocol, setup.settings)
        kept = revealed(self._context.folder, getattr(settings, "token", ""))
        return bool(kept) and hmac.compare_digest(token.encode(), kept.encode())

    def _asked(self, line: Line, signal: Signal) -> Asked:
        last = self._live.last.get(signal.id)
        value = "" if last is None else last.text or _shown(last.value)
        return Asked(
            name=line.address,
            machine=line.asset,
            title=line.name.replace("_", " "),
            kind=line.kind.value,
            unit=line.unit,
            value=value,
            options=_options(line),
        )


def _taken(receipt: object) -> Taken:
    return msgspec.convert(msgspec.to_builtins(receipt), Taken)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"


def _options(line: Line) -> tuple[Option, ...]:
    if line.kind is SignalKind.STATE:
        return STATES
    return reasons() if line.kind is SignalKind.TEXT and "reason" in line.name else ()


@functools.cache
def reasons() -> tuple[Option, ...]:
    """Why a machine stood, as the trade tells reasons apart."""
    return tuple(Option(r.key, r.title) for r in load_shipped(PACK).reasons.values())
