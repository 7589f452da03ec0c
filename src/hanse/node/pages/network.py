"""The network as this node knows it: who is connected, how they have dealt, what a ripple does."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from hanse.match.books import Books
from hanse.match.contract import Contract, Disputed, Running
from hanse.match.enquiry import Asked, Awarded, Enquiry, Held, Ordering, Quoted
from hanse.match.record import record_of
from hanse.match.ripple import Ripple
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.node.context import Context
from hanse.node.pages.ripples import ripple_row
from hanse.node.rippling.keeping import ripples
from hanse.node.rippling.place import open_pieces
from hanse.store import Tx
from hanse.web.views.common import State, Tone
from hanse.web.views.trading import MapLink, MapNode, NetworkRow, NetworkView, PeerRow

RIPPLES_SHOWN_MAX = 8
LAST_STRONG = 0.15
BUYS, SELLS = Text("buys from us", "我方客户"), Text("supplies us", "我方供应商")
BOTH, NEITHER = Text("buys and supplies", "互为客户与供应商"), Text("no deals yet", "尚无交易")
OPEN_TALKS = Asked | Quoted | Awarded | Held | Ordering


class _Dealings(Struct, frozen=True, kw_only=True):
    """Everything on the books, read once."""

    me: str
    currency: str
    at: Instant
    contracts: list[tuple[str, Contract]]
    enquiries: list[Enquiry]

    def with_(self, did: str) -> list[Contract]:
        """Orders with one partner."""
        return [contract for partner, contract in self.contracts if partner == did]


def network_of(tx: Tx, context: Context, peers: Iterable[PeerRow], ripple: str) -> NetworkView:
    """The map and its table; with a ripple's number, what that one does to each."""
    books = Books(tx.desk)
    enquiries = [e for key in tx.desk.keys("enquiry") if (e := books.enquiry(key))]
    dealings = _Dealings(
        me=context.identity.did,
        currency=context.settings.firm.currency,
        at=context.clock.now(),
        contracts=books.contracts(),
        enquiries=enquiries,
    )
    every = sorted(ripples(tx).all(), key=lambda r: r.began_at, reverse=True)
    chosen = next((r for r in every if r.notice.id == ripple), None)
    rows = tuple(_row(tx, dealings, peer, chosen) for peer in peers)
    most = max((r.worth for r in rows), default=Decimal(0)) or Decimal(1)
    me = _own(context, chosen)
    return NetworkView(
        nodes=(me, *(_node(row) for row in rows)),
        links=tuple(_link(me.did, row, most) for row in rows),
        rows=rows,
        ripples=tuple(ripple_row(tx, r) for r in every[:RIPPLES_SHOWN_MAX]),
        chosen=ripple_row(tx, chosen) if chosen else None,
    )


def _row(tx: Tx, dealings: _Dealings, peer: PeerRow, ripple: Ripple | None) -> NetworkRow:
    contracts = dealings.with_(peer.did)
    open_ = [c for c in contracts if isinstance(c, Running | Disputed)]
    record = record_of(peer.did, contracts, dealings.enquiries, at=dealings.at)
    asked = sum(isinstance(e.talks.get(peer.did), OPEN_TALKS) for e in dealings.enquiries)
    hit, tone = _hit(ripple, peer.did)
    return NetworkRow(
        did=peer.did,
        name=peer.name,
        state=peer.state,
        role=_role(dealings.me, contracts),
        tier=_tier(dealings.me, contracts),
        last_at=tx.inbox.last_at(peer.did),
        waiting=peer.waiting,
        on_time=record.on_time_share,
        good=record.good_share,
        answered=record.answered_share,
        record=record.text(),
        open_deals=len(open_),
        open_requests=asked,
        worth=sum((_worth(c) for c in open_), Decimal(0)),
        currency=dealings.currency,
        hit=hit,
        hit_tone=tone,
    )


def _role(me: str, contracts: Iterable[Contract]) -> Text:
    buys = any(c.terms.seller == me for c in contracts)
    sells = any(c.terms.buyer == me for c in contracts)
    return (BOTH if sells else BUYS) if buys else (SELLS if sells else NEITHER)


def _tier(me: str, contracts: Iterable[Contract]) -> int:
    """Who only buys from us stands left, everybody else right."""
    sides = {c.terms.seller == me for c in contracts}
    return -1 if sides == {True} else 1


def _worth(contract: Contract) -> Decimal:
    return sum(
        (
            open_pieces(line) * Decimal(line.price.price_amount) / Decimal(line.price.base_quantity)
            for line in contract.terms.lines.values()
        ),
        Decimal(0),
    )


def _hit(ripple: Ripple | None, did: str) -> tuple[Text, Tone]:
    """What one ripple does to a partner, as far as it has said."""
    nothing = Text("", "")
    if ripple is None:
        return nothing, Tone.QUIET
    if did == ripple.came_from:
        return Text("it came from here", "扰动由此而来"), Tone.WARN
    if did not in ripple.told:
        return nothing, Tone.QUIET
    word = ripple.answers.get(did)
    if word is None:
        return Text("told, no answer yet", "已告知,尚未答复"), Tone.BUSY
    if not word.orders:
        return Text("not hit", "未受影响"), Tone.GOOD
    money = f"{Decimal(word.value_at_risk):,.0f} {word.currency}"
    said = Text(f"{_orders(word.orders)}, {money}", f"{word.orders} 个订单,{money}")
    covered = Decimal(word.replacement_quoted) >= Decimal(word.value_at_risk) > 0
    return said, Tone.GOOD if covered else Tone.BAD


def _orders(count: int) -> str:
    return f"{count} order" if count == 1 else f"{count} orders"


def _own(context: Context, ripple: Ripple | None) -> MapNode:
    said, tone = Text("", ""), Tone.QUIET
    if ripple is not None and ripple.counted:
        count = len(ripple.counted)
        said, tone = Text(f"{_orders(count)} hit", f"{count} 个订单受影响"), Tone.BAD
    return MapNode(
        did=context.identity.did,
        name=context.settings.firm.name,
        state=State("own", Text("this firm", "本企业"), Tone.GOOD),
        href="/peers/" + context.identity.did,
        hit=said,
        hit_tone=tone,
    )


def _node(row: NetworkRow) -> MapNode:
    return MapNode(
        did=row.did,
        name=row.name,
        state=row.state,
        tier=row.tier,
        href=f"/peers/{row.did}",
        lines=(_deals(row), _kept(row)),
        hit=row.hit,
        hit_tone=row.hit_tone,
    )


def _deals(row: NetworkRow) -> Text:
    if not row.open_deals and not row.open_requests:
        return row.role
    worth = f"{row.worth:,.0f} {row.currency}"
    return Text(
        f"{_orders(row.open_deals)} open · {worth}", f"{row.open_deals} 个未结订单 · {worth}"
    )


def _kept(row: NetworkRow) -> Text:
    """On time and answered, where anything was due."""
    said = [
        (Text("on time", "准时"), row.on_time),
        (Text("good", "合格"), row.good),
        (Text("answered", "答复"), row.answered),
    ]
    known = [(words, share) for words, share in said if share is not None][:2]
    if not known:
        return Text("no record yet", "尚无记录")
    return Text(
        " · ".join(f"{w.en} {100 * s:.0f} %" for w, s in known),
        " · ".join(f"{w.zh} {100 * s:.0f} %" for w, s in known),
    )


def _link(me: str, row: NetworkRow, most: Decimal) -> MapLink:
    state = row.state
    if row.hit.en:
        state = State(state.name, row.hit, row.hit_tone)
    weight = max(LAST_STRONG, float(row.worth / most)) if row.worth else LAST_STRONG
    return MapLink(a=me, b=row.did, state=state, text=row.role, weight=min(1.0, weight))
