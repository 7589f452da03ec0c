"""What the plan role keeps on record and tells when the plan has changed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hanse.flows import kinds
from hanse.model.event import Draft, Event
from hanse.model.order import Progress, WorkOrder
from hanse.model.plan import Hold, Outage, PlanVersion, Shortfall
from hanse.model.text import Text
from hanse.model.time import Instant, format_instant
from hanse.node.planning import wire
from hanse.node.planning.records import open_orders
from hanse.store import Tx

REASON_MAX = 400


def put_version(tx: Tx, made: PlanVersion) -> int:
    """The plan as the next version on record; its number."""
    number = tx.plans.number() + 1
    tx.plans.put(msgspec.structs.replace(made, number=number))
    return number


def tell_broken(tx: Tx, short: Shortfall, cause: Event) -> None:
    """A promise that cannot be kept, told once for what broke it."""
    order = next((o for o in open_orders(tx) if o.key == short.order), None)
    if order is not None:
        once = f"promise_broken:{short.order}:{cause.id}"
        tx.events.append(broken(order, short, cause), once=once)


def tell_again(
    tx: Tx, again: tuple[WorkOrder, Progress], harmed: Sequence[Shortfall], *, cause: str
) -> None:
    """The lot that makes scrapped pieces anew, kept and told once for what was counted."""
    order, told = again
    kept = tx.work_orders.need(order.key)
    tx.work_orders.put(msgspec.structs.replace(kept, lots=order.lots))
    once = f"made_again:{told.order}/{told.step}/{told.lot}/{told.scrap}"
    draft = made_again(order, told)
    if cause and tx.events.get(cause):
        draft = msgspec.structs.replace(draft, cause=cause)
    event = tx.events.append(draft, once=once)
    for short in harmed:
        tell_broken(tx, short, event)


def made_again(order: WorkOrder, told: Progress) -> Draft:
    """Scrapped pieces are made anew in a lot of their own."""
    new, pieces = len(order.lots) - 1, order.lots[-1]
    return Draft(
        kind=kinds.MADE_AGAIN,
        subject=order.key,
        text=Text(
            f"{pieces} {order.item} of {order.key} were scrapped at step {told.step}: "
            f"lot {new} makes them anew from the first step on",
            f"{order.key} 的 {pieces} 件 {order.item} 在工序 {told.step} 报废:"
            f"批次 {new} 从首道工序重新制造",
        ),
        about={
            "order": order.key,
            "step": told.step,
            "lot": told.lot,
            "scrap": told.scrap,
            "new_lot": new,
        },
    )


def planned(order: WorkOrder, number: int, ready: Instant | None) -> Draft:
    """A work order is in the plan."""
    return Draft(
        kind=kinds.ORDER_PLANNED,
        subject=order.key,
        text=Text(
            f"{order.quantity} {order.item} planned as {order.key}",
            f"{order.quantity} 件 {order.item} 已排入计划 {order.key}",
        ),
        about={
            "order": order.key,
            "demand": order.demand,
            "version": number,
            "ready": format_instant(ready) if ready else "",
        },
    )


def keep_holds(tx: Tx, held: tuple[Hold, ...]) -> None:
    """Exactly these holds on record."""
    for gone in {h.key for h in tx.holds.all()} - {h.key for h in held}:
        tx.holds.delete(gone)
    tx.holds.put_many(held)


def outage_of(ask: wire.MachineDown) -> Outage:
    """The outage a command means."""
    return Outage(
        resource=ask.machine,
        start=ask.since,
        end=ask.until,
        planned=ask.planned,
        reason=ask.reason,
    )


def _out_text(ask: wire.MachineDown) -> Text:
    until = format_instant(ask.until) if ask.until else ""
    if ask.planned:
        since = format_instant(ask.since)
        return Text(
            f"{ask.machine}: maintenance is planned from {since} to {until}",
            f"{ask.machine}:已计划维护,{since} 至 {until}",
        )
    return Text(
        f"{ask.machine} is out of the plan" + (f" until about {until}" if until else ""),
        f"{ask.machine} 退出计划" + (f",预计至 {until}" if until else ""),
    )


def capacity_out(ask: wire.MachineDown) -> Draft:
    """A machine is out of the plan."""
    until = format_instant(ask.until) if ask.until else ""
    return Draft(
        kind=kinds.CAPACITY_OUT,
        subject=ask.machine,
        text=_out_text(ask),
        cause=ask.cause,
        loop=ask.loop,
        about={"machine": ask.machine, "since": format_instant(ask.since), "until": until},
    )


def capacity_back(ask: wire.MachineUp) -> Draft:
    """A machine is back in the plan."""
    return Draft(
        kind=kinds.CAPACITY_BACK,
        subject=ask.machine,
        text=Text(f"{ask.machine} is back in the plan", f"{ask.machine} 恢复进入计划"),
        cause=ask.cause,
        loop=ask.loop,
        about={"machine": ask.machine, "at": format_instant(ask.at)},
    )


def repaired(made: PlanVersion, number: int, cause: Event | None, took_ms: float) -> Draft:
    """The plan was repaired, and what that changed."""
    late = {order: seconds for order, seconds in made.late.items() if seconds > 0}
    return Draft(
        kind=kinds.PLAN_REPAIRED,
        subject=f"plan {number}",
        text=Text(
            f"plan {number}: {len(made.moves)} operations moved, {len(late)} orders late",
            f"计划 {number}:移动 {len(made.moves)} 道工序,{len(late)} 个订单延误",
        ),
        cause=cause.id if cause else None,
        about={
            "version": number,
            "moves": len(made.moves),
            "late": len(late),
            "cost_minor": made.cost_minor,
            "took_ms": took_ms,
        },
    )


def improved(made: PlanVersion, number: int, gained_minor: int) -> Draft:
    """A better plan was found while nothing happened."""
    return Draft(
        kind=kinds.PLAN_IMPROVED,
        subject=f"plan {number}",
        text=Text(
            f"plan {number} saves {gained_minor / 100:.2f}: {len(made.moves)} operations moved",
            f"计划 {number} 节省 {gained_minor / 100:.2f}:移动 {len(made.moves)} 道工序",
        ),
        about={"version": number, "moves": len(made.moves), "gained_minor": gained_minor},
    )


def broken(order: WorkOrder, short: Shortfall, cause: Event) -> Draft:
    """Part of what was promised cannot be kept."""
    return Draft(
        kind=kinds.PROMISE_BROKEN,
        subject=order.key,
        text=Text(
            f"{short.missing} of {short.quantity} {short.item} cannot be ready as promised",
            f"{short.quantity} 件 {short.item} 中有 {short.missing} 件无法按承诺交付",
        ),
        cause=cause.id,
        about={
            "order": order.key,
            "demand": order.demand,
            "kept": str(short.kept),
            "missing": str(short.missing),
            "possible": format_instant(short.ready_at),
            "reason": short.why.en[:REASON_MAX],
            "reason_zh": short.why.zh[:REASON_MAX],
        },
    )
