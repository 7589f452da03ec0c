"""People in the loop: the question that stops it, and the word to the customer."""

from __future__ import annotations

import msgspec

from hanse.flows import kinds
from hanse.flows.commands import AskPerson, Command, UpdateCustomer
from hanse.model.errors import Conflict
from hanse.model.event import Draft, Event
from hanse.model.order import WorkOrder
from hanse.model.running import Question, QuestionState
from hanse.model.sale import CustomerOrder, Notice
from hanse.model.text import Text
from hanse.model.time import Instant, format_instant, format_minute
from hanse.node.acts.once import once
from hanse.node.acts.stocking import Arrival, arrivals_of, receipts_of
from hanse.node.context import Context
from hanse.node.dealing.view import TxView
from hanse.node.planning import wire
from hanse.node.shelves import demands
from hanse.store import Tx
from hanse.transmit.nats.requests import ask

ANSWER_S = 20.0
_ASKED = {
    "award": Text("May the order be placed?", "是否下单?"),
    "quote": Text("May we make an offer?", "是否报价?"),
    "order": Text("May the partner's order be signed?", "是否签署伙伴的订单?"),
    "order_change": Text("May the change be signed?", "是否签署变更?"),
    "order_cancellation": Text("May the cancellation be signed?", "是否签署取消?"),
    "despatch": Text("May the goods go out?", "是否发货?"),
    "invoice": Text("May the invoice be sent?", "是否开票?"),
    "ripple": Text(
        "May the partner be told what this does here?", "是否答复伙伴该扰动对我方的影响?"
    ),
    "maintenance": Text("May the plan leave this time free?", "是否在计划中预留维护时间?"),
}


async def ask_person(context: Context, event: Event, command: AskPerson) -> None:
    """Put a question on the page, with everything prepared."""

    def write(tx: Tx) -> None:
        words = _ASKED.get(command.question, Text("A decision is needed", "需要决定"))
        text = Text(f"{words.en} {event.text.en}", f"{words.zh}{event.text.zh}")
        prepared = msgspec.to_builtins(command.prepared)
        about = {
            "question": command.question,
            "prepared": prepared,
            "value_minor": command.value_minor,
        }
        draft = Draft(
            kind=kinds.QUESTION, subject=event.subject, text=text, cause=event.id, about=about
        )
        asked = tx.events.append(draft)
        question = Question(
            id=context.ids.new("question"),
            event=asked.id,
            prepared=msgspec.Raw(msgspec.json.encode(command.prepared)),
            text=text,
            asked_at=asked.at,
            value_minor=command.value_minor,
            loop=asked.loop or "",
        )
        tx.questions.put(question)

    await once(context.store, event, command, write)


def answer_question(
    tx: Tx, key: str, *, agreed: bool, by: str, note: str = "", instead: Command | None = None
) -> Event:
    """A person's word on a question; the loop goes on with it, or with another command instead.

    Raises:
        NotFound: there is no such question.
        Conflict: it was answered before.
    """
    question = tx.questions.need(key)
    if question.state is not QuestionState.OPEN:
        raise Conflict("this question was answered before", subject=key)
    state = QuestionState.AGREED if agreed else QuestionState.DECLINED
    prepared = question.prepared if instead is None else msgspec.json.encode(instead)
    fresh = msgspec.structs.replace(
        question,
        state=state,
        decided_by=by,
        decided_at=tx.clock.now(),
        note=note,
        prepared=msgspec.Raw(prepared),
    )
    tx.questions.put(fresh)
    draft = Draft(
        kind=kinds.ANSWER,
        subject=key,
        text=_answered(by, agreed, question.text, note),
        cause=question.event,
        by=by,
        about={"agreed": agreed, "prepared": msgspec.json.decode(prepared), "note": note},
    )
    return tx.events.append(draft)


def _answered(by: str, agreed: bool, asked: Text, note: str) -> Text:  # noqa: FBT001 (a word)
    word = Text("agreed", "同意") if agreed else Text("declined", "不同意")
    why = Text(f" ({note})", f"({note})") if note else Text("", "")
    return Text(f"{by} {word.en}: {asked.en}{why.en}", f"{by} {word.zh}:{asked.zh}{why.zh}")


async def update_customer(context: Context, event: Event, command: UpdateCustomer) -> None:
    """Put what is on order into the plan, read the customer's date off it, tell the customer."""
    found = await context.store.read(lambda tx: _standing(tx, context, command.demand))
    if found is None:
        return
    order, work, arrivals = found
    promised = max((a.at for a in arrivals if a.at is not None), default=context.clock.now())
    if work is not None:
        for item in dict.fromkeys(a.item for a in arrivals):
            of_item = [a for a in arrivals if a.item == item]
            promised = await _ready(context, event, work, of_item) or promised

    def write(tx: Tx) -> None:
        now = tx.customer_orders.need(order.key)
        told = tx.events.append(_told(now, promised, event))
        notice = Notice(
            id=context.ids.new("notice"),
            customer=order.customer,
            order=order.key,
            at=told.at,
            text=told.text,
            event=told.id,
        )
        tx.notices.put(notice)
        tx.customer_orders.put(msgspec.structs.replace(now, promised=promised))

    await once(context.store, event, command, write)


def _standing(
    tx: Tx, context: Context, key: str
) -> tuple[CustomerOrder, WorkOrder | None, list[Arrival]] | None:
    """What is bought for the customer's order that a demand is for, once all of it is covered."""
    asked = demands(tx).need(key)
    view = TxView(tx, context.identity.did)
    order = tx.customer_orders.get(asked.customer_order)
    every = [d for d in demands(tx).all() if d.customer_order == asked.customer_order]
    if order is None or any(view.facts(demand).missing > 0 for demand in every):
        return None
    arrivals = [
        arrival
        for demand in every
        for number, line in view.lines(demand)
        for arrival in arrivals_of(number, demand.item, line)
    ]
    if not arrivals:
        return None
    return order, tx.work_orders.first(demand=order.key), arrivals


async def _ready(
    context: Context, event: Event, work: WorkOrder, arrivals: list[Arrival]
) -> Instant | None:
    """When our own work on what arrives will be done, by the plan with these receipts in it."""
    receipts = receipts_of(arrivals)
    question = wire.Material(
        item=arrivals[0].item,
        arrivals=receipts,
        order=work.key,
        cause=event.id,
        loop=event.loop,
    )
    changed = await ask(
        context.nats, wire.MATERIAL, question, answer=wire.PlanChanged, wait_s=ANSWER_S
    )
    return changed.ready


def _told(order: CustomerOrder, promised: Instant, event: Event) -> Draft:
    when, before = format_minute(promised), order.promised
    moved = before is not None and before != promised
    was = f", before {format_minute(before)}" if before is not None and moved else ""
    was_zh = f",原为 {format_minute(before)}" if before is not None and moved else ""
    return Draft(
        kind=kinds.CUSTOMER_TOLD,
        subject=order.key,
        text=Text(
            f"{order.title} was told: {order.quantity} {order.item} by {when}{was}",
            f"已告知 {order.title}:{order.quantity} 件 {order.item},{when}{was_zh}",
        ),
        cause=event.id,
        about={
            "customer_order": order.key,
            "promised": format_instant(promised),
            "before": format_instant(before) if before else "",
        },
    )
