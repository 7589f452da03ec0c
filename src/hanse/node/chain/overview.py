"""All firms of a chain on one page, for the visitor who owns them all.

Only pages see this: it reads the records of the other firms' folders beside it, which no firm of
the real world could. Nothing that a node decides comes from here.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import msgspec
from msgspec import Struct

from hanse.flows import kinds
from hanse.model.errors import BadInput
from hanse.model.event import Event
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.node.chain.lay import Laid
from hanse.node.chain.story import ask, break_machine, repair_machine
from hanse.node.context import Context
from hanse.node.folder import Folder
from hanse.node.offline import offline
from hanse.node.pages.alarms import standing_alarms
from hanse.node.pages.happenings import loop_state
from hanse.sim.chain import Chain, ChainFirm, read_chain
from hanse.store import Tx
from hanse.web.views.common import Deed, Done, Fact, Field, FieldKind, Option, State, Tone
from hanse.web.views.loops import ChainStep, ChainView, NodeCard

CAPACITY = frozenset({kinds.CAPACITY_OUT, kinds.CAPACITY_BACK})
STEPS_MAX = 60
SETTLED = dt.timedelta(seconds=5)
"""A loop whose end lies with another firm is over here when nothing more happens."""
LOOKED_BACK_MAX = 200
ASK, BREAK, REPAIR = "ask", "break", "repair"
ROLES = {
    "maker": Text("makes and sells a product", "制造并销售产品"),
    "shop": Text("machining shop", "机加工厂"),
    "stockholder": Text("stockholder", "材料商"),
}
TROUBLE = State("trouble", Text("a machine is down", "有设备停机"), Tone.BAD)
ORDER = State("order", Text("in order", "正常"), Tone.GOOD)


class _Firm(Struct, frozen=True, kw_only=True):
    """What a firm's record says now."""

    machines: int
    alarms: int
    orders: int
    events: tuple[Event, ...]
    """Newest first; letters that came are told by what they set off."""


class Overview:
    """A `hanse.web.ports.Chain` over the folders of a chain.

    Args:
        note: the ``chain.json`` that says where the firms' folders are.
    """

    def __init__(self, note: Path) -> None:
        self._laid = msgspec.json.decode(note.read_bytes(), type=Laid)
        self._open = ExitStack()

    @cached_property
    def _chain(self) -> Chain:
        return read_chain()

    @cached_property
    def _firms(self) -> dict[str, Context]:
        return {
            key: self._open.enter_context(offline(Folder(Path(folder))))
            for key, folder in self._laid.folders.items()
        }

    async def view(self) -> ChainView:
        """The firms and the newest loops' events of all of them, oldest first."""
        found = {key: await firm.store.read(_read) for key, firm in self._firms.items()}
        return ChainView(
            title=self._chain.title,
            nodes=tuple(self._card(key, firm) for key, firm in found.items()),
            links=tuple(
                (self._name(a), self._name(b))
                for a in found
                for b in self._chain.firms[a].partners
                if self._buys(a, b)
            ),
            steps=self._steps(found),
        )

    async def deeds(self) -> tuple[Deed, ...]:
        """Ask for the story's part again, break a machine, repair one."""
        machines = tuple(
            _machine(firm, one.spec.key)
            for firm in self._chain.firms.values()
            if firm.plant is not None
            for one in firm.plant.machines
        )
        which = Field(
            name="machine", label=Text("Machine", "设备"), kind=FieldKind.CHOICE, options=machines
        )
        return (
            Deed(name=ASK, label=Text("Ask for the part again", "再次询价"), main=True),
            Deed(
                name=BREAK,
                label=Text("Wear a spindle bearing", "让主轴轴承磨损"),
                fields=(which,),
                danger=True,
            ),
            Deed(name=REPAIR, label=Text("Repair a machine", "修复设备"), fields=(which,)),
        )

    async def act(self, deed: str, values: Mapping[str, str], *, by: str) -> Done:  # noqa: ARG002 (a port)
        """Do one of them.

        Raises:
            BadInput: no such deed or machine.
        """
        story = self._chain.story
        if deed == ASK:
            buyer = self._firms[story.buyer]
            asked = await asyncio.to_thread(ask, buyer, self._chain)
            return Done(text=asked.text, event=asked.id, href=f"/loops/{asked.loop}")
        firm, _, machine = values.get("machine", "").partition("/")
        if firm not in self._laid.plant_ports or deed not in {BREAK, REPAIR}:
            raise BadInput("no such deed or machine", subject=f"{deed} {firm}/{machine}"[:80])
        if deed == BREAK:
            fault = msgspec.structs.replace(story.fails, firm=firm, machine=machine)
            await break_machine(self._laid, fault)
            return Done(text=Text(f"{machine} fails", f"{machine} 发生故障"), href="/chain")
        await repair_machine(self._laid, firm, machine)
        return Done(text=Text(f"{machine} is repaired", f"{machine} 已修复"), href="/chain")

    def _name(self, key: str) -> str:
        return self._chain.firms[key].name.en

    def _buys(self, buyer: str, seller: str) -> bool:
        """Makers buy of shops, shops of stockholders."""
        order = list(ROLES)
        firms = self._chain.firms
        return order.index(firms[buyer].role) < order.index(firms[seller].role)

    def _card(self, key: str, firm: _Firm) -> NodeCard:
        told: ChainFirm = self._chain.firms[key]
        last = firm.events[0] if firm.events else None
        return NodeCard(
            name=told.name.en,
            did=self._firms[key].identity.did,
            url=f"https://127.0.0.1:{self._laid.web_ports[key]}/",
            role=ROLES[told.role],
            state=_state(firm, self._firms[key].clock.now()),
            facts=(
                _count(Text("Machines", "设备"), firm.machines),
                _count(Text("Standing alarms", "未消除报警"), firm.alarms),
                _count(Text("Orders in work", "在制订单"), firm.orders),
            ),
            last=last.text if last else Text("", ""),
            last_at=last.at if last else None,
        )

    def _steps(self, found: Mapping[str, _Firm]) -> tuple[ChainStep, ...]:
        told = [(key, e) for key, firm in found.items() for e in firm.events if e.loop]
        newest = sorted(told, key=lambda pair: pair[1].at)[-STEPS_MAX:]
        return tuple(self._step(key, event) for key, event in newest)

    def _step(self, key: str, event: Event) -> ChainStep:
        url = f"https://127.0.0.1:{self._laid.web_ports[key]}"
        return ChainStep(
            node=self._name(key),
            event=event.id,
            at=event.at,
            text=event.text,
            kind=event.kind,
            cause=event.cause or str(event.about.get("caused_by") or "") or None,
            href=f"{url}/loops/{event.loop}",
        )


def _machine(firm: ChainFirm, machine: str) -> Option:
    label = Text(f"{firm.name.en}: {machine}", f"{firm.name.zh}: {machine}")
    return Option(f"{firm.key}/{machine}", label)


def _read(tx: Tx) -> _Firm:
    return _Firm(
        machines=len(tx.machines.all()),
        alarms=len(standing_alarms(tx)),
        orders=len(tx.work_orders.all()),
        events=tuple(
            event
            for event in tx.events.find(newest_first=True, limit=LOOKED_BACK_MAX)
            if event.kind != kinds.MESSAGE_RECEIVED
        ),
    )


def _state(firm: _Firm, now: Instant) -> State:
    """How a firm stands: a machine out, the newest loop waiting or under way, or in order."""
    moved = next((e.kind for e in firm.events if e.kind in CAPACITY), "")
    if moved == kinds.CAPACITY_OUT:
        return TROUBLE
    newest = next((e for e in firm.events if e.loop), None)
    if newest is None:
        return ORDER
    state = loop_state([e for e in firm.events if e.loop == newest.loop])
    settled = state.tone is Tone.BUSY and now - newest.at > SETTLED
    return ORDER if settled or state.tone is Tone.GOOD else state


def _count(label: Text, count: int) -> Fact:
    return Fact(label, Text(str(count), str(count)))
