"""The record's outbox and inbox in memory, with the behaviour `hanse.store` has."""
# ruff: noqa: A002 (the port's own names)

import copy

from msgspec import Struct

from hanse.model.errors import BadMessage


class Row(Struct):
    number: int
    id: str
    kind: str
    payload: bytes
    attempts: int = 0
    state: str = "waiting"
    answer: bytes | None = None
    error: str = ""
    next_ns: int = 0


class Outbox:
    def __init__(self):
        self.rows: dict[str, list[Row]] = {}

    def put(self, lane, *, id, kind, payload):
        rows = self.rows.setdefault(lane, [])
        rows.append(Row(max((r.number for r in rows), default=0) + 1, id, kind, payload))

    def lanes(self):
        return [lane for lane in self.rows if self.due(lane, limit=1)]

    def due(self, lane, *, limit):
        return [r for r in self.rows.get(lane, []) if r.state == "waiting"][:limit]

    def all_waiting(self, lane):
        return self.due(lane, limit=len(self.rows.get(lane, [])))

    def renumber(self, lane, id, *, number, payload):
        row = self._row(lane, id)
        row.number, row.payload, row.attempts = number, payload, 0

    def again(self, lane, first, before):
        found = [r for r in self.rows[lane] if first <= r.number < before and r.state != "dead"]
        for row in found:
            row.state, row.answer = "waiting", None
        return [r.number for r in found]

    def sent(self, lane, *numbers):
        for row in self.rows[lane]:
            if row.number in numbers:
                row.state = "done"

    def _row(self, lane, id):
        return next(r for r in self.rows[lane] if r.id == id)

    def answered(self, lane, id, answer):
        row = self._row(lane, id)
        row.state, row.answer = "done", answer

    def failed(self, lane, id, *, error, next_ns):
        row = self._row(lane, id)
        row.attempts, row.error, row.next_ns = row.attempts + 1, error, next_ns

    def dead(self, lane, id, *, error, answer=None):
        row = self._row(lane, id)
        row.state, row.error, row.answer = "dead", error, answer


class Inbox:
    def __init__(self):
        self.rows: dict[tuple[str, int], Row] = {}
        self.last: dict[str, int] = {}

    def offer(self, peer, *, id, number, payload):
        row = self.rows.get((peer, number))
        if row is not None and row.payload != payload:
            raise BadMessage("that number came before with other words", subject=id)
        if row is not None:
            return ("repeated" if row.state in {"taken", "refused"} else row.state), row
        if number < self.expected(peer):
            raise BadMessage("that number was taken before", subject=id)
        state = "next" if number == self.expected(peer) else "parked"
        row = self.rows[peer, number] = Row(number, id, "", payload, state=state)
        return state, row

    def _settle(self, peer, id, state, answer):
        row = next(r for (p, _), r in self.rows.items() if (p, r.id) == (peer, id))
        row.state, row.answer = state, answer
        self.last[peer] = row.number
        behind = self.rows.get((peer, row.number + 1))
        if behind is not None:
            behind.state = "next"
        return behind

    def taken(self, peer, id, *, answer):
        return self._settle(peer, id, "taken", answer)

    def refused(self, peer, id, *, error, answer):
        return self._settle(peer, id, "refused", answer)

    def expected(self, peer):
        return self.last.get(peer, 0) + 1


class Tx:
    """One state of the record; ``effects`` stands for the rows that letters change."""

    def __init__(self):
        self.outbox = Outbox()
        self.inbox = Inbox()
        self.effects: list[str] = []


class RecordInMemory:
    """All or nothing, one after the other."""

    def __init__(self):
        self.tx = Tx()

    async def write(self, fn):
        before = copy.deepcopy(self.tx)
        try:
            return fn(self.tx)
        except BaseException:
            self.tx = before
            raise

    async def read(self, fn):
        return fn(self.tx)
