"""What progress means for an order on record: begun, made, and how many pieces are good."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from hanse.flows import kinds
from hanse.model.event import Draft
from hanse.model.order import Progress, WorkOrder, WorkOrderState
from hanse.model.text import Text
from hanse.store import Tx


def order_moved_on(tx: Tx, key: str, cause: str, *, whole: bool) -> None:
    """An order of which something was reported has begun; with ``whole`` it is made."""
    order = tx.work_orders.get(key)
    if order is None or order.state in (WorkOrderState.DONE, WorkOrderState.CANCELLED):
        return
    if not whole:
        if order.state is not WorkOrderState.STARTED:
            tx.work_orders.put(msgspec.structs.replace(order, state=WorkOrderState.STARTED))
        return
    good = good_of(tx, order)
    done = msgspec.structs.replace(order, state=WorkOrderState.DONE, done=max(order.done, good))
    tx.work_orders.put(done)
    tx.events.append(_made(tx, done, cause), once=f"order_completed:{key}")


def good_of(tx: Tx, order: WorkOrder) -> Decimal:
    """Good pieces of an order: those that came in with it, and those through its last step."""
    if order.state is WorkOrderState.DONE:
        return order.done
    routing = tx.routings.get(order.item)
    last = routing.steps[-1].key if routing and routing.steps else ""
    told = progress_in(tx, order.key)
    return order.done + sum(p.good for p in told if p.step == last)


def progress_in(tx: Tx, order: str) -> Sequence[Progress]:
    """The reports on an order's operations; a space sorts before all that a key may hold."""
    return tx.progress.where(at_least={"order": order}, below={"order": f"{order} "})


def _made(tx: Tx, order: WorkOrder, cause: str) -> Draft:
    scrap = sum(p.scrap for p in progress_in(tx, order.key))
    return Draft(
        kind=kinds.ORDER_COMPLETED,
        subject=order.key,
        text=Text(
            f"{order.done} {order.item} of {order.key} are made, {scrap} scrapped",
            f"{order.key} 的 {order.done} 件 {order.item} 已完成,报废 {scrap} 件",
        ),
        cause=cause if cause and tx.events.get(cause) else None,
        about={
            "order": order.key,
            "demand": order.demand,
            "quantity": str(order.done),
            "scrap": scrap,
        },
    )
