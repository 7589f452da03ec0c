"""Mirrors on the pages: which are looked at, whom they show, and whether this node is one."""

from __future__ import annotations

from collections.abc import Mapping

from hanse.flows import kinds
from hanse.match.capability.naming import title_of
from hanse.match.mirror import Mirrored
from hanse.model.event import Draft, Event
from hanse.model.text import Text
from hanse.node.context import Context
from hanse.node.dealing import mirroring
from hanse.node.dealing.mirroring import Mirror
from hanse.store import Tx
from hanse.web.views.common import Deed, Done, Fact, Field, FieldKind, Option
from hanse.web.views.trading import DoubtRow, IntroducedRow

CANDIDATES_SHOWN_MAX = 60
DOUBTFUL_SHOWN_MAX = 20
ON, OFF, ADD, REMOVE = "mirror_on", "mirror_off", "mirror_add", "mirror_remove"
DEEDS = frozenset({ON, OFF, ADD, REMOVE})
_ON = Deed(
    name=ON,
    label=Text("Pass profiles on", "转发能力说明"),
    confirm=Text(
        "Anybody can then read here the profiles of firms that permit it. Pass them on?",
        "此后任何人都可在此读取已获许可的企业能力说明,是否转发?",
    ),
)
_OFF = Deed(name=OFF, label=Text("Stop passing profiles on", "停止转发能力说明"))
_WORDS = {
    ON: Text("profiles are passed on from here", "本节点开始转发能力说明"),
    OFF: Text("profiles are no longer passed on", "本节点停止转发能力说明"),
    ADD: Text("a mirror is looked at from now on", "开始查看一个镜像"),
    REMOVE: Text("a mirror is no longer looked at", "不再查看一个镜像"),
}


def mirror_deeds(tx: Tx) -> tuple[Deed, ...]:
    """What can be done about mirrors, on our own page."""
    where = Field(name="url", label=Text("Address of the mirror", "镜像地址"))
    add = Deed(name=ADD, label=Text("Look at a mirror", "查看镜像"), fields=(where,))
    known = tuple(Option(value=u, label=Text(u, u)) for u in sorted(mirroring.mirrors(tx).keys()))
    which = Field(name="url", label=Text("Mirror", "镜像"), kind=FieldKind.CHOICE, options=known)
    gone = Deed(name=REMOVE, label=Text("Forget a mirror", "移除镜像"), fields=(which,))
    own = _OFF if mirroring.is_mirror(tx) else _ON
    return (add, *((gone,) if known else ()), own)


def mirror_facts(tx: Tx) -> list[Fact]:
    """Every mirror that is looked at and what came of it."""
    return [Fact(Text("Mirror", "镜像"), _state(m)) for m in mirroring.mirrors(tx).all()]


def _state(m: Mirror) -> Text:
    if m.at is None:
        return Text(f"{m.url}: not looked at yet", f"{m.url}:尚未查看")
    when = f"{m.at:%Y-%m-%d %H:%M} UTC"
    if m.error:
        return Text(f"{m.url}: {when}, {m.error}", f"{m.url}:{when},失败:{m.error}")
    return Text(
        f"{m.url}: {when}, {m.fresh} new, {m.stale} old, {m.refused} refused",
        f"{m.url}:{when},新 {m.fresh},旧 {m.stale},拒绝 {m.refused}",
    )


async def act(context: Context, deed: str, values: Mapping[str, str], *, by: str) -> Done:
    """Do one of DEEDS; a new mirror is looked at once, now."""
    event, url = await context.store.write(lambda tx: _write(tx, context, (deed, values, by)))
    me = context.identity.did
    if deed != ADD:
        return Done(text=event.text, event=event.id, href=f"/peers/{me}")
    state = _state(await mirroring.look(context, url))
    text = Text(f"{event.text.en}. {state.en}", f"{event.text.zh}。{state.zh}")
    return Done(text=text, event=event.id, href="/peers")


def _write(tx: Tx, context: Context, told: tuple[str, Mapping[str, str], str]) -> tuple[Event, str]:
    deed, values, by = told
    url = values.get("url", "")
    match deed:
        case "mirror_add":
            url = mirroring.add_mirror(tx, url)
        case "mirror_remove":
            mirroring.remove_mirror(tx, url)
        case _:
            tx.settings.put(mirroring.SHOWS, deed == ON)
    words = _WORDS[deed]
    text = Text(f"{by}: {words.en}", f"{by}:{words.zh}")
    draft = Draft(kind=kinds.ACTED, subject=context.identity.did, text=text, by=by)
    return tx.events.append(draft), url


def mirrored_rows(tx: Tx, context: Context) -> tuple[IntroducedRow, ...]:
    """Firms that only mirrors told us of."""
    found = mirroring.candidates(tx, context.clock.now())
    return tuple(_row(m) for m in found[:CANDIDATES_SHOWN_MAX])


def _row(m: Mirrored) -> IntroducedRow:
    party, can = m.profile.party, [title_of(o.code) for o in m.profile.capability]
    return IntroducedRow(
        did=party.endpoint_id,
        name=party.name,
        address=next(iter(m.profile.endpoint), ""),
        by="",
        can_do=Text(", ".join(t.en for t in can), "、".join(t.zh for t in can)),
        hops=0,
        mirror=m.mirror,
    )


def doubtful_rows(tx: Tx) -> tuple[DoubtRow, ...]:
    """Firms that said two things under one number, the latest first."""
    found = sorted(mirroring.evidence(tx).all(), key=lambda e: e.at, reverse=True)
    return tuple(
        DoubtRow(did=e.did, name=e.name, seq=e.seq, mirror=e.mirror, at=e.at)
        for e in found[:DOUBTFUL_SHOWN_MAX]
    )
