"""Partners: who they are, what waits for them, and the map of ties."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from hanse.model.errors import BadInput
from hanse.model.text import Text
from hanse.node.context import Context
from hanse.node.dealing.introducing import fetch_card
from hanse.node.dealing.partners import Partner, need, partners
from hanse.node.gate_url import base_url
from hanse.store import Tx, peer_lane
from hanse.web.views.common import Deed, Done, Fact, State, Tone
from hanse.web.views.trading import MapLink, MapNode, NetworkView, OwnCard, PeerRow, PeerView

ACTIVE = State("active", Text("dealing", "往来中"), Tone.GOOD)
PAUSED = State("paused", Text("paused", "已暂停"), Tone.QUIET)
WAITING = State("waiting", Text("letters wait", "有待发信件"), Tone.WARN)
CODE_DIGITS = 12


def short_code(*dids: str) -> str:
    """Three groups of four digits that two people compare by voice; the same on both sides."""
    digest = hashlib.sha256("\n".join(sorted(dids)).encode()).digest()
    number = int.from_bytes(digest[:8], "big") % 10**CODE_DIGITS
    digits = f"{number:0{CODE_DIGITS}d}"
    return " ".join(digits[n : n + 4] for n in range(0, CODE_DIGITS, 4))


class RecordPeers:
    """A `hanse.web.ports.Peers`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def own(self) -> OwnCard:
        """What another firm needs to add this one."""
        identity, settings = self._context.identity, self._context.settings
        return OwnCard(
            name=settings.firm.name,
            did=identity.did,
            address=base_url(settings, settings.web.port),
            code=short_code(identity.did),
        )

    async def rows(self) -> tuple[PeerRow, ...]:
        """All known firms."""
        return await self._context.store.read(
            lambda tx: tuple(self._row(tx, p) for p in partners(tx).all())
        )

    async def peer(self, did: str) -> PeerView:
        """One firm."""

        def read(tx: Tx) -> PeerView:
            partner = need(tx, did)
            facts = (
                Fact(Text("Address", "地址"), Text(partner.url, partner.url)),
                Fact(Text("Certificate", "证书指纹"), Text(partner.pin, partner.pin)),
                Fact(
                    Text("Can do", "能力"),
                    Text(", ".join(partner.capabilities), "、".join(partner.capabilities)),
                ),
            )
            return PeerView(row=self._row(tx, partner), facts=facts, deeds=_deeds(partner))

        return await self._context.store.read(read)

    async def add(self, address: str, *, by: str) -> PeerRow:
        """Fetch the card at an address; the firm stays paused until the codes are compared."""
        del by
        card = await fetch_card(address)
        partner = msgspec.structs.replace(card, active=False)
        await self._context.store.write(lambda tx: partners(tx).put(partner.did, partner))
        return await self._context.store.read(lambda tx: self._row(tx, partner))

    async def act(self, did: str, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Pin or resume (both begin dealing), pause, remove."""
        del values, by
        if deed not in {"pin", "resume", "pause"}:
            raise BadInput("there is no such deed", subject=deed)
        from hanse.node.dealing.introducing import begin

        def write(tx: Tx) -> None:
            partner = need(tx, did)
            active = deed != "pause"
            partners(tx).put(did, msgspec.structs.replace(partner, active=active))
            if active:
                begin(tx, self._context, did)

        await self._context.store.write(write)
        return Done(text=Text("done", "已完成"), href=f"/peers/{did}")

    async def network(self) -> NetworkView:
        """The map of firms and ties."""
        found = await self.rows()
        me = self._context.identity.did
        own = MapNode(did=me, name=self._context.settings.firm.name, state=ACTIVE)
        others = tuple(
            MapNode(did=p.did, name=p.name, state=p.state, tier=1, href=f"/peers/{p.did}")
            for p in found
        )
        links = tuple(MapLink(a=me, b=p.did, state=p.state) for p in found)
        return NetworkView(nodes=(own, *others), links=links)

    def _row(self, tx: Tx, partner: Partner) -> PeerRow:
        waiting = tx.outbox.waiting(peer_lane(partner.did))
        state = PAUSED if not partner.active else (WAITING if waiting else ACTIVE)
        return PeerRow(
            did=partner.did,
            name=partner.name,
            address=partner.url,
            state=state,
            code=short_code(self._context.identity.did, partner.did),
            pinned=partner.active,
            waiting=waiting,
        )


def _deeds(partner: Partner) -> tuple[Deed, ...]:
    if partner.active:
        return (Deed(name="pause", label=Text("Pause dealing", "暂停往来"), danger=True),)
    return (
        Deed(
            name="pin",
            label=Text("The codes are the same: begin", "代码一致:开始往来"),
            confirm=Text("Did you compare the code by voice?", "是否已口头核对代码?"),
            main=True,
        ),
    )
