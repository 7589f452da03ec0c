"""What changed between two versions of a plan: operations, dates, lateness, money."""

from __future__ import annotations

from hanse.model.plan import Assignment, Difference, Move, OtherDate, PlanVersion, VersionsCompared
from hanse.model.text import Text

SHOWN_MAX = 2_000
Named = tuple[str, str, int]

_NEW = Text("is new in the plan", "新排入计划")
_GONE = Text("is no longer in the plan: made or given up", "已不在计划中：已完成或不再需要")
_ELSEWHERE = Text("stands elsewhere", "已另行安排")


def between(old: PlanVersion, new: PlanVersion) -> VersionsCompared:
    """Each operation that stands elsewhere, soonest first, and each order with another end.

    The reason is the newer version's own where it moved the operation itself; an operation that a
    version in between moved is only said to stand elsewhere. At most SHOWN_MAX rows of each.
    """
    was, now = _named(old), _named(new)
    told = {(m.order, m.step, m.lot): m for m in new.moves}
    changed = [n for n in was.keys() | now.keys() if _place(was.get(n)) != _place(now.get(n))]
    changed.sort(key=lambda n: (_start(was, now, n), n))
    dates = [
        OtherDate(order=key, before=old.ready.get(key), after=new.ready.get(key))
        for key in sorted(old.ready.keys() | new.ready.keys())
        if old.ready.get(key) != new.ready.get(key)
    ]
    return VersionsCompared(
        before=old.number,
        after=new.number,
        before_at=old.made_at,
        after_at=new.made_at,
        cost_before_minor=old.cost_minor,
        cost_after_minor=new.cost_minor,
        late_before=_late(old),
        late_after=_late(new),
        changed=len(changed),
        operations=tuple(_difference(was, now, n, told) for n in changed[:SHOWN_MAX]),
        dates=tuple(dates[:SHOWN_MAX]),
    )


def _named(version: PlanVersion) -> dict[Named, Assignment]:
    return {(a.order, a.step, a.lot): a for a in version.assignments}


def _place(given: Assignment | None) -> tuple[object, ...]:
    return () if given is None else (given.machine, given.start, given.end, given.pieces)


def _start(was: dict[Named, Assignment], now: dict[Named, Assignment], named: Named) -> str:
    given = now.get(named) or was[named]
    return given.start.isoformat()


def _late(version: PlanVersion) -> int:
    return sum(seconds > 0 for seconds in version.late.values())


def _difference(
    was: dict[Named, Assignment],
    now: dict[Named, Assignment],
    named: Named,
    told: dict[Named, Move],
) -> Difference:
    order, step, lot = named
    text = told[named].text if named in told else _ELSEWHERE
    if named not in was or named not in now:
        text = _NEW if named in now else _GONE
    return Difference(
        order=order, step=step, lot=lot, was=was.get(named), now=now.get(named), text=text
    )
