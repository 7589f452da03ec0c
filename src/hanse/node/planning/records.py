"""The records of a plant as the planner takes them, read from the store."""

from __future__ import annotations

from hanse.allocate.records import Records, Rules
from hanse.model.order import WorkOrder, WorkOrderState
from hanse.store import Tx

_OPEN = (WorkOrderState.PLANNED, WorkOrderState.RELEASED, WorkOrderState.STARTED)


def read_records(tx: Tx) -> Records:
    """Everything the planner must know, in one state of the record."""
    current = tx.plans.current()
    orders = open_orders(tx)
    live = {order.key for order in orders}
    kept = current.assignments if current else ()
    return Records(
        machines=tuple(tx.machines.all()),
        calendars=tuple(tx.calendars.all()),
        people=tuple(tx.people.all()),
        tools=tuple(tx.tools.all()),
        items=tuple(tx.items.all()),
        bom=tuple(tx.bom_lines.all()),
        routings=tuple(tx.routings.all()),
        setups=tuple(tx.setup_changes.all()),
        transports=tuple(tx.transports.all()),
        stock=tuple(tx.stock.all()),
        orders=orders,
        outages=tuple(tx.outages.all()),
        pins=tuple(tx.pins.all()),
        progress=tuple(tx.progress.all()),
        plan=tuple(a for a in kept if a.order in live),
        overtime=current.overtime if current else (),
        rules=tx.settings.get("plan_rules", Rules) or Rules(),
    )


def open_orders(tx: Tx) -> tuple[WorkOrder, ...]:
    """Work orders that are still to be made."""
    return tuple(order for order in tx.work_orders.all() if order.state in _OPEN)
