"""The plant's records: what names another thing names one that is there; nothing is overbooked."""

from __future__ import annotations

from collections.abc import Iterable

from hanse.model.plan import Assignment
from hanse.model.plant import Machine
from hanse.store.tx import Tx
from hanse.store.verify.finding import Looking

HELD = "hold-"
"""How the identity of a hold begins (`hanse.model.ids.Ids`: the kind comes first)."""


def names(tx: Tx, looking: Looking) -> None:
    """Routings, bills, orders, stock, holds and sessions name what is there."""
    items = {i.key for i in tx.items.all()}
    for line in tx.bom_lines.all():
        _known(items, line.item, f"bom line {line.item}/{line.component}", looking)
        _known(items, line.component, f"bom line {line.item}/{line.component}", looking)
    for routing in tx.routings.all():
        _known(items, routing.item, f"routing {routing.item}", looking)
    for order in tx.work_orders.all():
        _known(items, order.item, f"work order {order.key}", looking)
    for stock in tx.stock.all():
        _known(items, stock.item, f"stock {stock.item}", looking)
    for hold in tx.holds.all():
        _known(items, hold.item, f"hold {hold.key}", looking)
    users = {u.name for u in tx.users.all()}
    for session in tx.sessions.all():
        _known(users, session.user, f"session {session.hash[:8]}", looking)


def _known(there: set[str], name: str, subject: str, looking: Looking) -> None:
    looking.at()
    if name not in there:
        looking.found(subject, f"it names {name}, which is not there", f"它所引用的 {name} 不存在")


def balances(tx: Tx, looking: Looking) -> None:
    """Counts and spans that can be: nothing done below zero, nothing ended before it began."""
    for order in tx.work_orders.all():
        looking.at()
        if order.done < 0:
            looking.found(f"work order {order.key}", "less than nothing was made", "完成数量为负")
    for gap in tx.gaps.all():
        looking.at()
        if gap.end_ns is not None and gap.end_ns < gap.start_ns:
            looking.found(f"gap of {gap.connection}", "it ends before it begins", "结束早于开始")


def plan(tx: Tx, looking: Looking) -> None:
    """The current plan: its orders and machines are there, and no machine does more than it can.

    What is held for a quote stands in it under the hold's name, and may have been let go since.
    """
    current = tx.plans.current()
    work = list(current.assignments) if current else []
    orders = {o.key for o in tx.work_orders.all()}
    machines = {m.key: m for m in tx.machines.all()}
    for assignment in work:
        subject = f"plan: {assignment.order} step {assignment.step}"
        if not assignment.order.startswith(HELD):
            _known(orders, assignment.order, subject, looking)
        _on_machine(assignment, machines, subject, looking)
    for machine in machines.values():
        _not_overbooked(machine, [a for a in work if a.machine == machine.key], looking)


def _on_machine(
    assignment: Assignment, machines: dict[str, Machine], subject: str, looking: Looking
) -> None:
    if assignment.end <= assignment.start:
        looking.found(subject, "it ends before it begins", "结束早于开始")
    if assignment.machine and assignment.machine not in machines:
        en = f"it names machine {assignment.machine}, which is not there"
        looking.found(subject, en, f"它所引用的机床 {assignment.machine} 不存在")


def _not_overbooked(machine: Machine, work: Iterable[Assignment], looking: Looking) -> None:
    """Batches run together by right: a machine that takes them is judged by the plan's checker."""
    edges = sorted(e for a in work for e in ((a.start, 1), (a.end, -1)))
    busy = 0
    for at, step in edges if not machine.batch_max else ():
        busy += step
        if busy > machine.capacity:
            when = f"{at:%Y-%m-%d %H:%M}"
            en, zh = f"it does {busy} things at once at {when}", f"于 {when} 同时执行 {busy} 项作业"
            looking.found(f"machine {machine.key}", en, zh)
            return
