"""While nothing happens the plan process looks for a better plan, and stops when something does.

The search runs in a thread on a twin of the shop, a slice at a time, each with another seed. What
it finds is offered to the live plan, which takes it only if it gains more than its moves cost; what
has started, what will within the slice, and the frozen zone stay as they are.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from hanse.allocate.live import LivePlan
from hanse.allocate.overtime import OPENED_MAX, worth
from hanse.allocate.twin import Twin
from hanse.model.plan import PlanVersion, Search, SearchState
from hanse.model.time import Clock

QUIET_S = 5.0
SLICE_S = 2.0
DRY_SLICES_MAX = 2
SLICES_MAX = 20
NICE = 10
Q = TypeVar("Q")
A = TypeVar("A")
Keep = Callable[[PlanVersion, int], Awaitable[None]]
log = structlog.get_logger("plan")


class Improver:
    """Searches when the plan has been left alone for QUIET_S.

    Args:
        live: the plan.
        clock: the node's clock.
        keep: puts a better version on record, given what it saves in minor units.
    """

    def __init__(self, live: LivePlan, clock: Clock, keep: Keep) -> None:
        self._live = live
        self._clock = clock
        self._keep = keep
        self._stop = threading.Event()
        self._stirred = asyncio.Event()
        self._stirred.set()
        self._shown = Search(state=SearchState.RESTING)

    def stirring(self, handle: Callable[[Q], Awaitable[A]]) -> Callable[[Q], Awaitable[A]]:
        """The same command, which ends a search that runs and lets a new one begin after it."""

        async def stirred(question: Q) -> A:
            self._stop.set()
            try:
                return await handle(question)
            finally:
                self._stirred.set()

        return stirred

    async def shown(self, _question: str) -> Search:
        """How far the search is."""
        return self._shown

    async def stop(self, _question: str) -> Search:
        """End the search that runs, at once; it begins again after the next change."""
        self._stop.set()
        self._stirred.clear()
        self._show(SearchState.RESTING)
        return self._shown

    async def run(self) -> None:
        """Search whenever the plan was stirred and is quiet again, until cancelled."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            await asyncio.sleep(QUIET_S)
            if self._stirred.is_set():
                continue
            self._stop.clear()
            try:
                await self._search()
                await self._overtime()
            except Exception as error:  # a search must not end the plan role
                log.warning("the search failed", error=str(error), exc_info=error)
            self._show(SearchState.RESTING)

    async def _search(self) -> None:
        dry, saved = 0, 0
        self._shown = Search(state=SearchState.SEARCHING)
        for number in range(1, SLICES_MAX + 1):
            twin = self._live.twin(ahead_s=SLICE_S)
            if self._stop.is_set() or dry >= DRY_SLICES_MAX or twin.cost_minor == 0:
                return
            found = await asyncio.to_thread(self._slice, twin, number)
            if self._stop.is_set():
                return
            version, gained = self._live.take(found)
            dry = 0 if gained else dry + 1
            if gained:
                saved += gained
                await self._keep(version, gained)
            share = number / SLICES_MAX
            self._shown = Search(
                state=SearchState.SEARCHING, share=share, saved_minor=saved, slices=number
            )

    async def _overtime(self) -> None:
        """Open overtime that pays, a day at a time, where the rules let the plan do so alone."""
        for _ in range(OPENED_MAX if self._live.rules.overtime_alone else 0):
            found = await asyncio.to_thread(worth, self._live.fork())
            if self._stop.is_set() or not found or found[0].saves_minor <= 0:
                return
            offer = found[0].offer
            made = self._live.open_overtime(offer.calendar, offer.start)
            await self._keep(made, found[0].saves_minor)

    def _slice(self, twin: Twin, seed: int) -> Twin:
        if hasattr(os, "setpriority"):  # the thread alone, on Linux
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        return twin.improved(self._clock, SLICE_S, stop=self._stop.is_set, seed=seed)

    def _show(self, state: SearchState) -> None:
        before = self._shown
        self._shown = Search(
            state=state, share=1.0, saved_minor=before.saved_minor, slices=before.slices
        )
