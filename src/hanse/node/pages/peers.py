"""Partners: who they are, what waits for them, and the map of ties."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from hanse.flows import kinds
from hanse.match.books import Books
from hanse.match.capability.naming import title_of
from hanse.match.capability.search import catalogue
from hanse.match.grants import Grants
from hanse.match.profile import HOPS_MAX, Known
from hanse.model.errors import BadInput
from hanse.model.event import Draft, Event
from hanse.model.text import Text
from hanse.node.context import Context
from hanse.node.dealing import nearby as local
from hanse.node.dealing.choosing import learn
from hanse.node.dealing.desk import at_desk
from hanse.node.dealing.finding import meet
from hanse.node.dealing.introducing import begin, keep_profile
from hanse.node.dealing.nearby import Nearby
from hanse.node.dealing.partners import Partner, name_of, need, partners
from hanse.node.dealing.profiles import (
    change_own,
    introduced,
    own_profile,
    profile_of,
    tell_profile,
)
from hanse.node.dealing.publishing import names_of, publishing_facts
from hanse.node.gate_url import base_url
from hanse.node.pages import firms, mirrors
from hanse.node.pages.network import network_of
from hanse.store import Tx, peer_lane
from hanse.web.views.common import Deed, Done, Fact, Field, FieldKind, Option, State, Tone
from hanse.web.views.trading import (
    DoubtRow,
    IntroducedRow,
    NetworkView,
    OwnCard,
    PeerRow,
    PeerView,
)

ACTIVE = State("active", Text("dealing", "往来中"), Tone.GOOD)
PAUSED = State("paused", Text("paused", "已暂停"), Tone.QUIET)
WAITING = State("waiting", Text("letters wait", "有待发信件"), Tone.WARN)
OURS = State("own", Text("this firm", "本企业"), Tone.GOOD)
CODE_DIGITS = 12
SHOW = Deed(
    name="show_nearby",
    label=Text("Show on the local network", "在局域网中可见"),
    confirm=Text(
        "Name, identity and address are shown to everybody on this network. Show them?",
        "名称、身份和地址将对本网络中所有人可见,是否继续?",
    ),
)
HIDE = Deed(name="hide_nearby", label=Text("Hide on the local network", "在局域网中隐藏"))
_SHOWN = Text("this node is shown on the local network", "本节点在局域网中可见")
_HIDDEN = Text("this node is hidden on the local network", "本节点在局域网中隐藏")
EVENTS_MAX = 50
_WORDS = {
    "pin": Text("the codes are the same, dealing begins", "代码一致,开始往来"),
    "resume": Text("dealing goes on", "恢复往来"),
    "pause": Text("dealing is paused", "暂停往来"),
    "limits": Text("limits were set", "已设定限制"),
    "introduce": Text("a firm was introduced to it", "已向其介绍一家企业"),
}


def short_code(*dids: str) -> str:
    """Three groups of four digits that two people compare by voice; the same on both sides."""
    digest = hashlib.sha256("\n".join(sorted(dids)).encode()).digest()
    number = int.from_bytes(digest[:8], "big") % 10**CODE_DIGITS
    digits = f"{number:0{CODE_DIGITS}d}"
    return " ".join(digits[n : n + 4] for n in range(0, CODE_DIGITS, 4))


class RecordPeers:
    """A `hanse.web.ports.Peers`."""

    def __init__(self, context: Context, nearby: Nearby | None = None) -> None:
        self._context = context
        self._nearby = nearby

    async def own(self) -> OwnCard:
        """What another firm needs to add this one."""
        return self._card()

    def _card(self) -> OwnCard:
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

    async def introduced(self) -> tuple[IntroducedRow, ...]:
        """Firms that partners vouch for."""
        return await self._context.store.read(
            lambda tx: tuple(_introduced(tx, known) for known in introduced(tx))
        )

    async def nearby(self) -> tuple[IntroducedRow, ...]:
        """Nodes on the local network; nothing unless the owner switched it on."""
        found = self._nearby.found() if self._nearby else ()
        known = set(await self._context.store.read(lambda tx: partners(tx).keys()))
        me = self._context.identity.did
        return tuple(
            IntroducedRow(
                did=f.did,
                name=f.name,
                address=f.address,
                by="",
                can_do=Text("", ""),
                hops=0,
                code=short_code(me, f.did),
            )
            for f in found
            if f.did not in known
        )

    async def peer(self, did: str) -> PeerView:
        """One firm; our own page by our own DID."""
        if did == self._context.identity.did:
            return await self._context.store.read(self._own)
        return await self._context.store.read(lambda tx: self._peer(tx, need(tx, did)))

    def _own(self, tx: Tx) -> PeerView:
        card, profile = self._card(), own_profile(tx, self._context)
        row = PeerRow(
            did=card.did, name=card.name, address=card.address, state=OURS, code=card.code
        )
        found_by = publishing_facts(self._context.settings, card.did)
        facts = (*firms.profile_facts(profile), *found_by, *mirrors.mirror_facts(tx))
        events = tuple(tx.events.find(subject=card.did, newest_first=True, limit=EVENTS_MAX))
        shown = local.is_on(tx, self._context)
        deeds = (*firms.own_deeds(profile), HIDE if shown else SHOW, *mirrors.mirror_deeds(tx))
        return PeerView(row=row, facts=facts, deeds=deeds, events=events, own=True)

    def _peer(self, tx: Tx, partner: Partner) -> PeerView:
        profile, grants = profile_of(tx, partner.did), Books(tx.desk).grants(partner.did)
        said = firms.profile_facts(profile) if profile else _said(partner)
        dealt = firms.record_facts(tx, partner.did, at=self._context.clock.now())
        return PeerView(
            row=self._row(tx, partner),
            facts=(*said, *dealt),
            limits=firms.limits_shown(grants),
            deeds=(*_deeds(partner), *_more(tx, partner, grants)),
            events=tuple(tx.events.find(subject=partner.did, newest_first=True, limit=EVENTS_MAX)),
        )

    async def mirrored(self) -> tuple[IntroducedRow, ...]:
        """Firms that mirrors show."""
        return await self._context.store.read(lambda tx: mirrors.mirrored_rows(tx, self._context))

    async def doubtful(self) -> tuple[DoubtRow, ...]:
        """Firms that signed two different profiles under one number."""
        return await self._context.store.read(mirrors.doubtful_rows)

    async def add(
        self, address: str, *, by: str, private: bool = False, named: str = ""
    ) -> PeerRow:
        """Fetch the card at an address or domain; paused until the codes are compared."""
        del by
        names = names_of(self._context.settings)
        met = (await meet(address, names=names, private=private, named=named)).met
        partner = msgspec.structs.replace(met.partner, active=False)

        def write(tx: Tx) -> None:
            old = partners(tx).get(partner.did)
            active = old is not None and old.active and old.pin == partner.pin
            partners(tx).put(partner.did, msgspec.structs.replace(partner, active=active))
            keep_profile(tx, met, at=self._context.clock.now())

        await self._context.store.write(write)
        return await self._context.store.read(lambda tx: self._row(tx, need(tx, partner.did)))

    async def act(self, did: str, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Begin, pause, set limits, introduce; on our own page change our profile."""
        if did == self._context.identity.did and deed in mirrors.DEEDS:
            return await mirrors.act(self._context, deed, values, by=by)
        if did == self._context.identity.did:
            event = await self._context.store.write(
                lambda tx: self._change_own(tx, deed, values, by)
            )
            if self._nearby and deed in {SHOW.name, HIDE.name}:
                self._nearby.switched()
            return Done(text=event.text, event=event.id, href=f"/peers/{did}")
        if deed not in _WORDS:
            raise BadInput("there is no such deed", subject=deed)
        event = await self._context.store.write(lambda tx: self._act(tx, did, deed, (values, by)))
        return Done(text=event.text, event=event.id, href=f"/peers/{did}")

    def _act(self, tx: Tx, did: str, deed: str, told: tuple[Mapping[str, str], str]) -> Event:
        (values, by), partner, words = told, need(tx, did), _WORDS[deed]
        text = Text(f"{by}: {words.en} ({partner.name})", f"{by}:{words.zh}({partner.name})")
        draft = Draft(kind=kinds.ACTED, subject=did, text=text, by=by, about={"deed": deed})
        event = tx.events.append(draft)
        match deed:
            case "limits":
                Books(tx.desk).put_grants(did, firms.granted(values))
            case "introduce":
                firm = values.get("firm", "")
                at_desk(tx, self._context, event, lambda d, s: d.introduce(did, firm, s))
            case _:
                active = deed != "pause"
                partners(tx).put(did, msgspec.structs.replace(partner, active=active))
                if active:
                    begin(tx, self._context, did)
        return event

    def _change_own(self, tx: Tx, deed: str, values: Mapping[str, str], by: str) -> Event:
        context = self._context
        if deed in {SHOW.name, HIDE.name}:
            return self._show(tx, deed, by)
        if deed == "offer":
            values = _picked(tx, values)
        change_own(tx, context, lambda old: firms.changed(old, deed, values))
        text = Text(f"{by} changed what we say we can do", f"{by} 更新了我方能力说明")
        draft = Draft(kind=kinds.ACTED, subject=context.identity.did, text=text, by=by)
        event = tx.events.append(msgspec.structs.replace(draft, about={"deed": deed}))
        at_desk(tx, context, event, lambda desk, step: tell_profile(tx, context, desk, step))
        return event

    def _show(self, tx: Tx, deed: str, by: str) -> Event:
        on, me = deed == SHOW.name, self._context.identity.did
        tx.settings.put(local.SWITCH, on)
        words = _SHOWN if on else _HIDDEN
        text = Text(f"{by}: {words.en}", f"{by}:{words.zh}")
        draft = Draft(kind=kinds.ACTED, subject=me, text=text, by=by, about={"deed": deed})
        return tx.events.append(draft)

    async def network(self, *, ripple: str = "") -> NetworkView:
        """The map of firms and ties."""
        peers = await self.rows()
        return await self._context.store.read(
            lambda tx: network_of(tx, self._context, peers, ripple)
        )

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
            last_at=tx.inbox.last_at(partner.did),
            introduced_by=_introducer(tx, partner.did),
        )


def _picked(tx: Tx, values: Mapping[str, str]) -> Mapping[str, str]:
    """What a person picked for their own words, which are learnt."""
    code = values.get("other") or values.get("code", "")
    words = values.get("words", "").strip()
    if words and code in {c.code for c in catalogue()}:
        learn(tx, words, code)
    return {**values, "code": code}


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


def _said(partner: Partner) -> list[Fact]:
    """What its card said, where no profile came yet."""
    titles = [title_of(code) for code in partner.capabilities]
    value = Text(", ".join(t.en for t in titles), "、".join(t.zh for t in titles))
    return [Fact(Text("Can do", "能力"), value)] if titles else []


def _more(tx: Tx, partner: Partner, grants: Grants) -> tuple[Deed, ...]:
    label = Text("Set limits", "设定限制")
    limits = Deed(name="limits", label=label, fields=firms.limit_fields(grants))
    known = Books(tx.desk).directory().known.values()
    others = tuple(
        Option(value=did, label=Text(name, name))
        for k in known
        for did, name in ((k.profile.party.endpoint_id, k.profile.party.name),)
        if did != partner.did and k.hops + 1 <= HOPS_MAX
    )
    if not partner.active or not others:
        return (limits,)
    label = Text("Introduce a firm to it", "向其介绍一家企业")
    which = Field(name="firm", label=Text("Firm", "企业"), kind=FieldKind.CHOICE, options=others)
    return (limits, Deed(name="introduce", label=label, fields=(which,)))


def _introduced(tx: Tx, known: Known) -> IntroducedRow:
    party, can = known.profile.party, [title_of(o.code) for o in known.profile.capability]
    return IntroducedRow(
        did=party.endpoint_id,
        name=party.name,
        address=next(iter(known.profile.endpoint), ""),
        by=name_of(tx, known.by),
        can_do=Text(", ".join(t.en for t in can), "、".join(t.zh for t in can)),
        hops=known.hops,
    )


def _introducer(tx: Tx, did: str) -> str:
    known = Books(tx.desk).known(did)
    return name_of(tx, known.by) if known is not None and known.hops > 0 else ""
