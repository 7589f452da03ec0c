"""The shop as flat arrays: what the compiled decoder reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hanse.allocate.calendars import Windows
from hanse.allocate.kernels import layout
from hanse.allocate.problem import NONE, Placed, Plan, Shop

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
COLUMNS = len(Placed._fields)


class Arrays(NamedTuple):
    """Flat int64 arrays; ``x_off[i]:x_off[i + 1]`` is the part of thing i."""

    op_order: Ints
    op_family: Ints
    op_operator: Ints
    op_setter: Ints
    op_tool: Ints
    op_pieces: Ints
    op_pause: Ints
    op_transfer: Ints
    op_active: Ints
    choice_off: Ints
    pred_off: Ints
    child_off: Ints
    mat_off: Ints
    lane: Ints
    machine: Ints
    setup: Ints
    run: Ints
    attended: Ints
    cost: Ints
    pred: Ints
    pred_lag: Ints
    pred_transfer: Ints
    child: Ints
    mat_item: Ints
    mat_quantity: Ints
    lane_cal: Ints
    lane_site: Ints
    lane_batch: Ints
    lane_wait: Ints
    lane_family: Ints
    lane_table: Ints
    lane_off: Ints
    changes: NDArray[np.int64]
    unit_cal: Ints
    unit_off: Ints
    group_off: Ints
    group_unit: Ints
    pair: NDArray[np.int64]
    cal_off: Ints
    opens: Ints
    closes: Ints
    before: Ints
    through: Ints
    travel: NDArray[np.int64]
    buy_at: Ints
    stock_off: Ints
    stock_n: Ints
    stock_at: Ints
    stock_delta: Ints
    release: Ints
    due: Ints
    weight: Ints
    job_active: Ints
    last_off: Ints
    last: Ints
    rate: Ints
    fixed: Ints
    fixed_at: NDArray[np.int64]
    pin: Ints
    pin_at: Ints
    not_before: Ints


def ints(values: Iterable[int]) -> Ints:
    """An int64 array."""
    return np.fromiter(values, np.int64)


def offsets(sizes: Iterable[int]) -> Ints:
    """Where each part begins, and at the end where the last one stops."""
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(ints(sizes), dtype=np.int64)))


class _Calendars:
    """Distinct calendars by identity, and those of lane and person together."""

    def __init__(self, shop: Shop) -> None:
        self._index: dict[int, int] = {}
        self.known: list[Windows] = []
        self.lane = ints(self.of(lane.calendar) for lane in shop.lanes)
        self.unit = ints(self.of(unit.calendar) for unit in shop.units)
        size = len(self.known)
        self.pair = np.zeros((max(1, size), max(1, size)), np.int64)
        for lane, unit in _served(shop):
            where = (self.lane[lane], self.unit[unit])
            self.pair[where] = self.of(shop.pair(lane, unit))

    def of(self, windows: Windows) -> int:
        index = self._index.get(id(windows))
        if index is None:
            index = self._index[id(windows)] = len(self.known)
            self.known.append(windows)
        return index


def _served(shop: Shop) -> set[tuple[int, int]]:
    """(lane, person) that may meet, one for each pair of calendars."""
    met = {
        (choice.lane, group)
        for op in shop.ops
        for group in (op.operator, op.setter)
        if group != NONE
        for choice in op.choices
        if choice.lane != NONE
    }
    seen: dict[tuple[int, int], tuple[int, int]] = {}
    for lane, group in met:
        for unit in shop.groups[group]:
            key = (id(shop.lanes[lane].calendar), id(shop.units[unit].calendar))
            seen.setdefault(key, (lane, unit))
    return set(seen.values())


def flatten(shop: Shop) -> Arrays:
    """The shop's lists as arrays; some tens of milliseconds at 10,000 operations."""
    ops = shop.ops
    choices = list(chain.from_iterable(op.choices for op in ops))
    columns = np.array(choices, np.int64).reshape(-1, 6)
    links = list(chain.from_iterable(op.preds for op in ops))
    preds = np.array(links, np.int64).reshape(-1, 3)
    mats = np.array(list(chain.from_iterable(op.materials for op in ops)), np.int64).reshape(-1, 2)
    calendars = _Calendars(shop)
    child_off, child = _children(shop, preds)
    lane_use = np.bincount(columns[columns[:, 0] >= 0, 0], minlength=len(shop.lanes))
    takes = np.bincount(mats[:, 0], minlength=len(shop.items)) if len(mats) else None
    stock_n = ints(len(s) for s in shop.supply)
    room = stock_n if takes is None else stock_n + takes
    stock_off = offsets(int(n) for n in room)
    stock_at, stock_delta = _supply(shop, stock_off)
    tables, lane_table = _tables(shop)
    active = [job.active for job in shop.jobs]
    return Arrays(
        op_order=ints(op.order for op in ops),
        op_family=ints(op.family for op in ops),
        op_operator=ints(op.operator for op in ops),
        op_setter=ints(op.setter for op in ops),
        op_tool=ints(op.tool for op in ops),
        op_pieces=ints(op.pieces for op in ops),
        op_pause=ints(op.may_pause for op in ops),
        op_transfer=ints(op.transfer for op in ops),
        op_active=ints(active[op.order] for op in ops),
        choice_off=offsets(len(op.choices) for op in ops),
        pred_off=offsets(len(op.preds) for op in ops),
        child_off=child_off,
        mat_off=offsets(len(op.materials) for op in ops),
        lane=columns[:, 0].copy(),
        machine=columns[:, 1].copy(),
        setup=columns[:, 2].copy(),
        run=columns[:, 3].copy(),
        attended=columns[:, 4].copy(),
        cost=columns[:, 5].copy(),
        pred=preds[:, 0].copy(),
        pred_lag=preds[:, 1].copy(),
        pred_transfer=preds[:, 2].copy(),
        child=child,
        mat_item=mats[:, 0].copy(),
        mat_quantity=mats[:, 1].copy(),
        lane_cal=calendars.lane,
        lane_site=ints(lane.site for lane in shop.lanes),
        lane_batch=ints(lane.batch_max for lane in shop.lanes),
        lane_wait=ints(lane.batch_wait_s for lane in shop.lanes),
        lane_family=ints(lane.family for lane in shop.lanes),
        lane_table=lane_table,
        lane_off=offsets(int(n) for n in lane_use),
        changes=tables,
        unit_cal=calendars.unit,
        unit_off=offsets(int(n) for n in _unit_use(shop)),
        group_off=offsets(len(group) for group in shop.groups),
        group_unit=ints(chain.from_iterable(shop.groups)),
        pair=calendars.pair,
        cal_off=offsets(len(w.opens) for w in calendars.known),
        opens=ints(chain.from_iterable(w.opens for w in calendars.known)),
        closes=ints(chain.from_iterable(w.closes for w in calendars.known)),
        before=ints(chain.from_iterable(w.before for w in calendars.known)),
        through=ints(chain.from_iterable(w.through for w in calendars.known)),
        travel=np.array(shop.transport, np.int64),
        buy_at=ints(shop.buy_at),
        stock_off=stock_off,
        stock_n=stock_n,
        stock_at=stock_at,
        stock_delta=stock_delta,
        release=ints(job.release for job in shop.jobs),
        due=ints(job.due for job in shop.jobs),
        weight=ints(job.weight for job in shop.jobs),
        job_active=ints(active),
        last_off=offsets(len(job.last) for job in shop.jobs),
        last=ints(chain.from_iterable(job.last for job in shop.jobs)),
        rate=ints(shop.rates),
        fixed=_fixed(shop),
        fixed_at=_rows(shop, shop.fixed.items()),
        pin=_pins(shop, 0, NONE),
        pin_at=_pins(shop, 1, 0),
        not_before=ints([shop.not_before]),
    )


def _children(shop: Shop, preds: NDArray[np.int64]) -> tuple[Ints, Ints]:
    n = len(shop.ops)
    sizes = ints(len(op.preds) for op in shop.ops)
    owner = np.repeat(np.arange(n, dtype=np.int64), sizes)
    order = np.argsort(preds[:, 0], kind="stable")
    return offsets(int(c) for c in np.bincount(preds[:, 0], minlength=n)), owner[order]


def _supply(shop: Shop, stock_off: Ints) -> tuple[Ints, Ints]:
    at = np.zeros(max(1, int(stock_off[-1])), np.int64)
    delta = np.zeros_like(at)
    for item, supply in enumerate(shop.supply):
        for k, (when, quantity) in enumerate(sorted(supply)):
            at[stock_off[item] + k], delta[stock_off[item] + k] = when, quantity
    return at, delta


def _tables(shop: Shop) -> tuple[NDArray[np.int64], Ints]:
    """Setup matrices without repetition, and which one each lane has."""
    index: dict[int, int] = {}
    tables: list[Sequence[Sequence[int]]] = []
    of_machine = []
    for table in shop.changes:
        if id(table) not in index:
            index[id(table)] = len(tables)
            tables.append(table)
        of_machine.append(index[id(table)])
    lanes = ints(of_machine[lane.machine] for lane in shop.lanes)
    return np.array(tables or [[[0]]], np.int64), lanes


def _unit_use(shop: Shop) -> Ints:
    """At most how often each person or tool may serve."""
    uses = np.zeros(max(1, len(shop.units)), np.int64)
    counts = np.zeros(max(1, len(shop.groups)), np.int64)
    for op in shop.ops:
        for group in (op.operator, op.setter, op.tool):
            if group != NONE:
                counts[group] += 1
    for group, members in enumerate(shop.groups):
        uses[members] += counts[group]
    for placed in shop.fixed.values():
        for unit in (placed.operator, placed.setter, placed.tool):
            if unit != NONE:
                uses[unit] += 1
    return uses


def _fixed(shop: Shop) -> Ints:
    flags = np.zeros(len(shop.ops), np.int64)
    flags[list(shop.fixed)] = 1
    return flags


def _rows(shop: Shop, placed: Iterable[tuple[int, Placed]]) -> NDArray[np.int64]:
    rows = np.full((len(shop.ops), COLUMNS), NONE, np.int64)
    for op, place in placed:
        rows[op] = place
    return rows


def _pins(shop: Shop, part: int, default: int) -> Ints:
    flags = np.full(len(shop.ops), default, np.int64)
    for op, pin in shop.pins.items():
        flags[op] = pin[part]
    return flags


def pack(parts: Arrays) -> Ints:
    """The parts one after the other behind a header that says where each begins."""
    counts = [
        len(parts.op_order),
        len(parts.due),
        len(parts.buy_at),
        parts.pair.shape[0],
        parts.changes.shape[1],
        parts.travel.shape[0],
    ]
    flat = [part.ravel() for part in parts]
    begins = layout.HEADER + offsets(part.size for part in flat)[:-1]
    return np.concatenate([begins, ints(counts), *flat])


def state_of(parts: Arrays) -> Ints:
    """Room for decodes of one shop, behind a header."""
    n, items = len(parts.op_order), len(parts.buy_at)
    lanes, units = len(parts.lane_cal), len(parts.unit_cal)
    on_lanes, on_units = int(parts.lane_off[-1]), int(parts.unit_off[-1])
    stock = len(parts.stock_at)
    sizes = [
        *(lanes, on_lanes, on_lanes, on_lanes),
        *(units, on_units, on_units),
        *(items, stock, stock, items),
        *(n, n * COLUMNS, n, n, n + 1),
        *(n, n, n),
    ]
    begins = layout.S_HEADER + offsets(sizes)
    state = np.zeros(int(begins[-1]), np.int64)
    state[: layout.S_HEADER] = begins[:-1]
    return state


def favour(state: Ints, before: Sequence[Placed | None]) -> None:
    """The people and tools of a plan before, to be kept where that costs no time."""
    state[state[layout.S_WAS_OPERATOR] :] = NONE
    columns = ((layout.S_WAS_OPERATOR, 8), (layout.S_WAS_SETTER, 9), (layout.S_WAS_TOOL, 10))
    for slot, column in columns if before else ():
        at = int(state[slot])
        state[at : at + len(before)] = [NONE if p is None else p[column] for p in before]


def plan_of(state: Ints, n: int, ends: list[int] | None = None) -> Plan:
    """The placements in a state as a plan, read out when they are looked at."""
    at, has = int(state[layout.S_PLACED]), int(state[layout.S_HAS])
    rows = state[at : at + n * COLUMNS].reshape(n, COLUMNS).copy()
    flags = state[has : has + n].copy()

    def read() -> list[Placed | None]:
        placed = map(Placed._make, rows.tolist())
        return [p if flag else None for p, flag in zip(placed, flags.tolist(), strict=True)]

    return Plan(read, ends)
