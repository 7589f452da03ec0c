"""How rows become the fields of a Struct, where it is more than one column a field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hanse.links.imports.problems import WrongCell
from hanse.model.plan import OutageKind
from hanse.model.text import Text
from hanse.model.time import to_ns

Group = Sequence[Mapping[str, Any]]

_STEP_FIELDS = (
    "title",
    "family",
    "skill",
    "queue_s",
    "transport_s",
    "may_pause",
    "attended",
    "setter",
    "tool",
    "transfer",
    "rework",
)

_OWN_FIELDS = ("machine", "run_s", "setup_s", "subcontract", "lead_s", "cost_minor")


def alone(rows: Group) -> dict[str, Any]:
    """One row, one Struct."""
    return dict(rows[0])


def routing(rows: Group) -> dict[str, Any]:
    """The rows of an item: steps in the order of the file; rows of one step are alternatives."""
    steps: dict[str, dict[str, Any]] = {}
    for row in rows:
        step = steps.setdefault(row["step"], {"title": row["step"], "alternatives": []})
        step["alternatives"].append({name: row[name] for name in _OWN_FIELDS if name in row})
        step.update({n: row[n] for n in _STEP_FIELDS if n in row and n not in step})
        if step["title"] == row["step"]:
            step["title"] = row.get("title", row["step"])
    return {"item": rows[0]["item"], "steps": [{"key": k, **step} for k, step in steps.items()]}


def machine(rows: Group) -> dict[str, Any]:
    """A machine with what stands in its ``attribute.x`` columns."""
    row = dict(rows[0])
    row["attributes"] = row.pop("attribute", {})
    return row


def calendar(rows: Group) -> dict[str, Any]:
    """The rows of a calendar: a shift a row, a closed day a row. A shift may end past midnight."""
    shifts = []
    off = []
    for row in rows:
        if "days" in row:
            start, end = row["start"], row["end"]
            shifts.append(
                {
                    "days": row["days"],
                    "start_min": start,
                    "end_min": end if end > start else end + 1_440,
                    "overtime_minor_per_h": row.get("overtime_minor_per_h", 0),
                }
            )
        if "closed" in row:
            off.append({"date": row["closed"], "title": row.get("title", "")})
    zone = next((row["timezone"] for row in rows if "timezone" in row), "UTC")
    return {"key": rows[0]["key"], "timezone": zone, "shifts": shifts, "days_off": off}


def stock(rows: Group) -> dict[str, Any]:
    """Stock with its instant in nanoseconds, as the plan wants it."""
    row = dict(rows[0])
    at = row.pop("at", None)
    return row if at is None else {**row, "at_ns": to_ns(at)}


def outage(rows: Group) -> dict[str, Any]:
    """A machine or tool out of use: planned unless the row says otherwise."""
    return _span({"planned": True, **rows[0]}, "start", "end")


def absence(rows: Group) -> dict[str, Any]:
    """A person away."""
    return {**outage(rows), "kind": OutageKind.PERSON}


def progress(rows: Group) -> dict[str, Any]:
    """How far an operation is; what is finished says how many pieces are good."""
    row = dict(rows[0])
    if "finished_at" in row:
        row["good"] = row["good"]
        row.setdefault("started_at", row["finished_at"])
    return _span(row, "started_at", "finished_at")


def _span(row: dict[str, Any], start: str, end: str) -> dict[str, Any]:
    if start in row and end in row and row[end] < row[start]:
        raise WrongCell(
            Text("it ends before it begins", "结束早于开始"),
            Text("Correct one of the two times", "请更正其中一个时间"),
            end,
        )
    return row
