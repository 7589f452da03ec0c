"""What every part of a live plan stands on: the shop, its plan, the clock, and the next version."""

from __future__ import annotations

from copy import copy
from decimal import Decimal
from typing import Self

import msgspec

from hanse.allocate import engine, ladder
from hanse.allocate.board import Board
from hanse.allocate.build import Builder
from hanse.allocate.problem import Plan, Shop
from hanse.allocate.quiet import undisturbed
from hanse.allocate.records import Records, Rules
from hanse.allocate.running import hand_on, tick
from hanse.allocate.view import Because, Versioned, moves, version
from hanse.model.errors import HanseError, NotFound
from hanse.model.ids import Ids
from hanse.model.order import WorkOrder
from hanse.model.plan import Move, PlanVersion
from hanse.model.time import Clock


class Standing:
    """A live plan's state. The number of its version rises by one with every change."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._records = Records()
        self._used: dict[str, Decimal] = {}
        self._builder = Builder(self._records, origin=clock.now())
        self._plan = Plan([])
        self._number = 0
        self._version: PlanVersion | None = None
        self._about = Versioned(0, clock.now(), None, ())
        self._board: Board | None = None
        self._ticked = (-1, -1)

    @property
    def shop(self) -> Shop:
        """The problem behind the plan, for the checker and the what-ifs."""
        return self._builder.shop

    @property
    def current(self) -> Plan:
        """The plan in the searches' own form."""
        return self._plan

    @property
    def records(self) -> Records:
        """The records as they stand after all events."""
        return self._records

    @property
    def rules(self) -> Rules:
        """How calm the plan must stay."""
        return self._records.rules

    def fork(self) -> Self:
        """The same plan on a shop of its own: what happens to it leaves this one as it is."""
        self._tick()
        other = copy(self)
        other._builder, other._plan = self._builder.copy(), self._plan.copy()  # noqa: SLF001
        other._board = None  # noqa: SLF001
        return other

    def version(self) -> PlanVersion:
        """The plan as it stands."""
        if self._version is None:
            self._version = version(self.shop, self._plan, self._about)
        return self._version

    def warm_up(self) -> None:
        """Compile for a large shop, in a thread of the caller's; a small shop needs nothing."""
        if len(self.shop.ops) >= self.rules.compiled_from_ops:
            engine.warm_up()

    def _tick(self) -> None:
        now = self._builder.seconds(self._clock.now())
        if self._ticked == (now, self._number):
            return
        self._ticked = (now, self._number)
        if tick(self.shop, self._plan, now, self.rules.frozen_s):
            self._version = None

    def _set(self, plan: Plan, because: Because, made: tuple[Move, ...]) -> PlanVersion:
        self._number += 1
        self._plan, self._board, self._version = plan, None, None
        self._about = Versioned(self._number, self._clock.now(), because, made)
        return self.version()

    @undisturbed()
    def _repair(
        self, because: Because, *, forward: bool = False, first: dict[int, int] | None = None
    ) -> PlanVersion:
        old = self._plan
        found = ladder.repair(self.shop, old, self.rules, forward=forward, first=first)
        return self._set(found, because, moves(self.shop, old, found, because))

    def _live_board(self) -> Board:
        if self._board is None or len(self._board.placed) != len(self.shop.ops):
            self._board = Board(self.shop).load(self._plan)
        return self._board

    def _fresh_board(self) -> Board:
        self._board = None
        return Board(self.shop).load(self._plan)

    def _append(self, order: WorkOrder) -> list[int]:
        first, mark = len(self.shop.ops), self._builder.mark()
        try:
            self._builder.add(self._builder.book.explode((order,)))
        except HanseError:
            self._builder.rewind(mark)  # nothing of an order that cannot be made stays
            raise
        return list(range(first, len(self.shop.ops)))

    def _job(self, order: str) -> int:
        job = self._builder.names.jobs.get(order)
        if job is None or not self.shop.jobs[job].active:
            raise NotFound("the plan holds no such order", subject=f"order {order}")
        return job

    def _drop(self, job: int) -> None:
        self._builder.book.give_back(self.shop.jobs[job].key)
        self._builder.drop(job)
        self._clear(job)

    def _clear(self, job: int) -> None:
        hand_on(self.shop, self._plan, set(self.shop.jobs[job].ops))
        for op in self.shop.jobs[job].ops:
            if op < len(self._plan.placed):
                self._plan.placed[op] = None
            self.shop.fixed.pop(op, None)
        self._board = None

    def _keep_order(self, key: str, order: WorkOrder | None = None) -> None:
        """The records with this order under its key; with none, without it."""
        kept = tuple(o for o in self._records.orders if o.key != key)
        kept = kept if order is None else (*kept, order)
        self._records = msgspec.structs.replace(self._records, orders=kept)
