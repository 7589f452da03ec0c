"""Why an order ends when it ends: from its last operation back to what began it."""

from __future__ import annotations

import enum

from msgspec import Struct

from hanse.allocate.problem import NONE, Placed, Plan, Shop
from hanse.allocate.records import Records
from hanse.allocate.view import duration, instant
from hanse.model.text import Text
from hanse.model.time import Instant

CAUSES_MAX = 200


class CauseKind(enum.StrEnum):
    """What an operation waited for."""

    STEP_BEFORE = "step_before"
    MACHINE = "machine"
    PERSON = "person"
    TOOL = "tool"
    MATERIAL = "material"
    CLOSED = "closed"
    OUTAGE = "outage"
    RELEASE = "release"
    NOW = "now"


class Cause(Struct, frozen=True, kw_only=True):
    """One link of a chain: an operation, what it waited for until when, and in words."""

    order: str
    step: str
    machine: str
    kind: CauseKind
    subject: str
    until: Instant
    text: Text


def causes(shop: Shop, plan: Plan, job: int, records: Records) -> list[Cause]:
    """The chain of an order, last operation first; at most CAUSES_MAX links.

    Each link is what the operation's start waited for longest; a busy machine leads on to the
    operation that held it, so the chain ends at a release, an outage, material, or now.
    """
    placed = [(p.end, op) for op in shop.jobs[job].last if (p := plan.placed[op]) is not None]
    chain: list[Cause] = []
    op: int | None = max(placed)[1] if placed else None
    seen: set[int] = set()
    before = _before(shop, plan)
    while op is not None and op not in seen and len(chain) < CAUSES_MAX:
        seen.add(op)
        cause, op = _link(shop, plan, op, (before, records))
        chain.append(cause)
    return chain


Before = dict[tuple[str, int], list[tuple[int, int]]]


def _before(shop: Shop, plan: Plan) -> Before:
    """For every lane and unit, what ends on it when."""
    ends: Before = {}
    for op, placed in enumerate(plan.placed):
        if placed is None or not shop.jobs[shop.ops[op].order].active:
            continue
        lane = shop.ops[op].choices[placed.choice].lane
        ends.setdefault(("lane", lane), []).append((placed.end, op))
        for unit, end in (
            (placed.operator, placed.left_at),
            (placed.setter, placed.set_at),
            (placed.tool, placed.end),
        ):
            if unit != NONE:
                ends.setdefault(("unit", unit), []).append((end, op))
    for known in ends.values():
        known.sort()
    return ends


def _link(
    shop: Shop, plan: Plan, op: int, context: tuple[Before, Records]
) -> tuple[Cause, int | None]:
    before, records = context
    placed = plan.placed[op]
    assert placed is not None
    found = _waits(shop, plan, op, before)
    found.sort(key=lambda wait: (wait[0], wait[1] == CauseKind.STEP_BEFORE))
    at, kind, subject, leads = found[-1]
    if placed.start > at:
        kind, subject = _closed(shop, op, (at, placed.start), records)
        at = placed.start
        leads = None if kind == CauseKind.OUTAGE else leads
    text = _words(shop, op, (kind, subject), at)
    task = shop.ops[op]
    lane = task.choices[placed.choice].machine
    cause = Cause(
        order=shop.jobs[task.order].key,
        step=task.step,
        machine="subcontract" if lane == NONE else shop.machines[lane],
        kind=kind,
        subject=subject,
        until=instant(shop, at),
        text=text,
    )
    return cause, leads


Wait = tuple[int, CauseKind, str, int | None]


def _waits(shop: Shop, plan: Plan, op: int, before: Before) -> list[Wait]:
    task, placed = shop.ops[op], plan.placed[op]
    assert placed is not None
    job = shop.jobs[task.order]
    found: list[Wait] = [(0, CauseKind.NOW, "", None)]
    if job.release:
        found.append((job.release, CauseKind.RELEASE, job.key, None))
    for link in task.preds:
        earlier = plan.placed[link.op]
        if earlier is not None:
            known = shop.ops[link.op]
            name = f"{shop.jobs[known.order].key} {known.step}"
            at = earlier.out_at if link.transfer else earlier.end
            found.append((min(placed.start, at + link.lag_s), CauseKind.STEP_BEFORE, name, link.op))
    lane = task.choices[placed.choice].lane
    if lane != NONE:
        found.extend(_last(shop, (("lane", lane), placed.start, CauseKind.MACHINE), before))
    for unit, start, kind in _served(placed):
        found.extend(_last(shop, (("unit", unit), start, kind), before))
    for item, _ in task.materials:
        arrivals = [at for at, _ in shop.supply[item] if 0 < at <= placed.start]
        known_at = max([*arrivals, 0])
        if shop.buy_at[item] and shop.buy_at[item] <= placed.start:
            known_at = max(known_at, shop.buy_at[item])
        if known_at:
            found.append((known_at, CauseKind.MATERIAL, shop.items[item], None))
    return found


def _served(placed: Placed) -> list[tuple[int, int, CauseKind]]:
    operator_from = placed.start if placed.setter == NONE else placed.run_at
    served = [
        (placed.operator, operator_from, CauseKind.PERSON),
        (placed.setter, placed.start, CauseKind.PERSON),
        (placed.tool, placed.start, CauseKind.TOOL),
    ]
    return [entry for entry in served if entry[0] != NONE]


def _last(shop: Shop, asked: tuple[tuple[str, int], int, CauseKind], before: Before) -> list[Wait]:
    """The operation that left a lane or unit last before an instant."""
    where, start, kind = asked
    earlier = [(end, op) for end, op in before.get(where, ()) if end <= start]
    if not earlier:
        return []
    end, op = earlier[-1]
    subject = f"{shop.jobs[shop.ops[op].order].key} {shop.ops[op].step}"
    if kind != CauseKind.MACHINE:
        subject = f"{shop.units[where[1]].key}: {subject}"
    return [(end, kind, subject, op)]


def _closed(shop: Shop, op: int, span: tuple[int, int], records: Records) -> tuple[CauseKind, str]:
    """What stood between readiness and start: an outage, or closed hours."""
    task = shop.ops[op]
    served = {shop.machines[c.machine] for c in task.choices if c.lane != NONE}
    served |= {shop.units[u].key for u in shop.groups[task.tool]} if task.tool != NONE else set()
    for outage in records.outages:
        start = int((outage.start - shop.origin).total_seconds())
        end = shop.horizon_s
        if outage.end is not None:
            end = int((outage.end - shop.origin).total_seconds())
        if outage.resource in served and start < span[1] and end > span[0]:
            return CauseKind.OUTAGE, outage.resource
    return CauseKind.CLOSED, ""


_WORDS = {
    CauseKind.STEP_BEFORE: ("waited for {0}", "等待 {0}"),
    CauseKind.MACHINE: ("waited for its machine, busy with {0}", "等待设备,正在加工 {0}"),
    CauseKind.PERSON: ("waited for {0}", "等待人员 {0}"),
    CauseKind.TOOL: ("waited for the tool {0}", "等待工装 {0}"),
    CauseKind.MATERIAL: ("waited for material {0}", "等待物料 {0}"),
    CauseKind.CLOSED: ("waited for working hours", "等待工作时间"),
    CauseKind.OUTAGE: ("waited because {0} is out", "因 {0} 停用而等待"),
    CauseKind.RELEASE: ("could not start before its release", "未到下达时间不能开始"),
    CauseKind.NOW: ("started as soon as it could", "立即开始"),
}


def _words(shop: Shop, op: int, found: tuple[CauseKind, str], at: int) -> Text:
    en, zh = _WORDS[found[0]]
    since, since_zh = duration(max(0, at - shop.not_before))
    step = shop.ops[op].step
    return Text(
        f"Step {step} {en.format(found[1])} ({since} from now)",
        f"工序 {step} {zh.format(found[1])}(距今 {since_zh})",
    )
