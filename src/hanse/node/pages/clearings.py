"""Groups that clear together, off the record, and the same tried on our own requests."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hanse.match.choose.together import Trial
from hanse.match.group import Cleared, Given, Group, Invited, Missed, Part, Stated, silent
from hanse.model.clearing import ClearingPair, ClearingStatement
from hanse.model.money import money
from hanse.model.text import Text
from hanse.node.context import Context
from hanse.node.dealing.partners import name_of
from hanse.node.grouping.keeping import groups, open_group, parts
from hanse.node.grouping.trying import trial
from hanse.store import Tx
from hanse.web.views.clearing import (
    ClearingRow,
    ClearingsView,
    ConveneForm,
    PairRow,
    TogetherView,
    TrialRow,
)
from hanse.web.views.common import Done, State, Tone

ROWS_MAX = 50
GATHERING = State("gathering", Text("statements are taken", "正在接收申报"), Tone.BUSY)
CLEARED = State("cleared", Text("cleared", "已撮合"), Tone.GOOD)
INVITED = State("invited", Text("called, nothing stated", "已受邀,未申报"), Tone.WARN)
STATED = State("stated", Text("stated, waiting for the answer", "已申报,等待结果"), Tone.BUSY)
GIVEN = State("given", Text("answered", "已有结果"), Tone.GOOD)
MISSED = State("missed", Text("missed", "已错过"), Tone.QUIET)


class RecordClearings:
    """A `hanse.web.clearing.Clearings`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def view(self) -> ClearingsView:
        """All clearings and the trial."""

        def read(tx: Tx) -> ClearingsView:
            found = [self._row(tx, part) for part in parts(tx).all()]
            found.sort(key=lambda row: row.opened_at, reverse=True)
            return ClearingsView(rows=tuple(found[:ROWS_MAX]), trial=self._trial(tx))

        return await self._context.store.read(read)

    async def trial(self) -> TogetherView:
        """Our own requests cleared at once, beside what was chosen."""
        return await self._context.store.read(self._trial)

    async def convene(self, form: ConveneForm, *, by: str) -> Done:
        """Call partners to clear together."""
        now = self._context.clock.now()
        closing, until = now + dt.timedelta(hours=form.hours), now + dt.timedelta(days=form.days)

        def write(tx: Tx) -> Done:
            event = open_group(
                tx,
                self._context,
                form.members,
                closing=closing,
                until=until,
                note=form.note,
                by=by,
            )
            return Done(text=event.text, event=event.id, href="/trade/clearing")

        return await self._context.store.write(write)

    def _trial(self, tx: Tx) -> TogetherView:
        found, unit = trial(tx, self._context), money("1", self._context.settings.firm.currency)
        return TogetherView(
            rows=_rows(tx, found),
            chosen=unit.times(found.chosen_money),
            together=unit.times(found.together_money),
            chosen_unmet=found.chosen_unmet,
            together_unmet=found.together_unmet,
        )

    def _row(self, tx: Tx, part: Part) -> ClearingRow:
        call, me = part.call, self._context.identity.did
        ours = part.convener == me
        group = groups(tx).get(call.id) if ours else None
        word = part.state.word if isinstance(part.state, Stated | Given) else None
        given = part.state if isinstance(part.state, Given) else None

        def name(did: str) -> str:
            return self._context.settings.firm.name if did == me else name_of(tx, did)

        return ClearingRow(
            id=call.id,
            convener=name(part.convener),
            ours=ours,
            state=_state(part, group),
            opened_at=call.issue_date_time,
            closing=call.closing_date_time,
            until=call.until,
            currency=call.pricing_currency_code,
            members=tuple(name(did) for did in call.member),
            stated=len(group.state.stated) if group else 0,
            quiet=tuple(name(did) for did in silent(group)) if group else (),
            needs=len(word.need) if word else 0,
            offers=len(word.offer) if word else 0,
            pairs=tuple(_pair(tx, p, given.word) for p in given.taken) if given else (),
            left=tuple(_left(why) for why in given.left) if given else (),
            note=call.note[:400],
        )


def _state(part: Part, group: Group | None) -> State:
    if group is not None:
        return CLEARED if isinstance(group.state, Cleared) else GATHERING
    match part.state:
        case Invited():
            return INVITED
        case Stated():
            return STATED
        case Given():
            return GIVEN
        case Missed():
            return MISSED


_LEFT = {
    "more than we stated": "超出我方申报",
    "a firm that we did not name": "我方未列明的企业",
    "not a need of ours": "非我方需求",
    "dearer than it is worth": "高于我方可接受价",
    "not an offer of ours": "非我方报供",
    "under our price": "低于我方价格",
}
"""Why a pair is not gone on with (`hanse.match.group`), in Chinese."""


def _left(why: str) -> Text:
    line, _, reason = why.partition(": ")
    return Text(why, f"{line}:{_LEFT.get(reason, reason)}")


def _pair(tx: Tx, pair: ClearingPair, word: ClearingStatement) -> PairRow:
    lines = word.need if pair.side == "buy" else word.offer
    item = next(one.item for one in lines if one.id == pair.line_id)
    return PairRow(
        buys=pair.side == "buy",
        firm=name_of(tx, pair.partner),
        item=item.description or item.buyers_item_identification,
        quantity=Decimal(pair.quantity),
        price=Decimal(pair.price),
        ready=pair.ready,
    )


def _rows(tx: Tx, found: Trial) -> tuple[TrialRow, ...]:
    def said(taken: dict[str, Decimal]) -> tuple[str, ...]:
        return tuple(f"{count:f} × {name_of(tx, did)}" for did, count in sorted(taken.items()))

    return tuple(
        TrialRow(
            request=line.request,
            item=line.item,
            quantity=line.quantity,
            chosen=said(line.chosen),
            together=said(line.together),
            same=line.chosen == line.together,
        )
        for line in found.lines[:200]
    )
