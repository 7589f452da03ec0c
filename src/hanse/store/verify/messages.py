"""Messages out and in: numbers without holes, announcements of events that happened."""

from __future__ import annotations

import sqlalchemy as sa

from hanse.store.outbox import BUS
from hanse.store.schema import EVENTS, INBOX, LANES, OUTBOX
from hanse.store.tx import Tx
from hanse.store.verify.finding import Looking, holes


def outbox(tx: Tx, looking: Looking) -> None:
    """Every announcement is of an event; every letter has a number that was given."""
    announced = OUTBOX.outerjoin(
        EVENTS, sa.and_(EVENTS.c.seq == OUTBOX.c.number, EVENTS.c.id == OUTBOX.c.id)
    )
    query = sa.select(OUTBOX.c.id).select_from(announced)
    query = query.where(OUTBOX.c.lane == BUS, EVENTS.c.seq.is_(None))
    for (name,) in tx.connection.execute(query):
        looking.found(f"outbox {name}", "it announces what did not happen", "所通告的事件并不存在")
    given: dict[str, int] = {r.lane: r.given for r in tx.connection.execute(sa.select(LANES))}
    for lane, numbers in _numbers(tx, OUTBOX, "lane").items():
        looking.at(len(numbers))
        if lane != BUS and numbers[-1] > given.get(lane, 0):
            en = f"number {numbers[-1]} was never given"
            looking.found(lane, en, f"编号 {numbers[-1]} 从未分配")


def inbox(tx: Tx, looking: Looking) -> None:
    """Of every firm all letters up to the last one taken are here, and settled."""
    last = {r.lane: r.taken for r in tx.connection.execute(sa.select(LANES))}
    for peer, numbers in _numbers(tx, INBOX, "peer").items():
        looking.at(len(numbers))
        taken = last.get(f"from:{peer}", 0)
        settled = [n for n in numbers if n <= taken]
        for before, after in holes([0, *settled, taken + 1]):
            en = f"letters {before + 1} to {after - 1} are missing"
            looking.found(peer, en, f"缺少来信 {before + 1} 至 {after - 1}")
    for row in tx.connection.execute(sa.select(INBOX)):
        settled_now = row.state in {"taken", "refused"}
        if settled_now != (row.number <= last.get(f"from:{row.peer}", 0)):
            en = f"letter {row.number} was " + (
                "taken out of turn" if settled_now else "passed over"
            )
            zh = f"来信 {row.number} " + ("被越序处理" if settled_now else "被跳过")
            looking.found(row.peer, en, zh)


def _numbers(tx: Tx, table: sa.Table, by: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    query = sa.select(table.c[by], table.c.number).order_by(table.c[by], table.c.number)
    for name, number in tx.connection.execute(query):
        found.setdefault(name, []).append(number)
    return found
