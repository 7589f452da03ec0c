"""The clockwork of clearings: state where we may, clear where it is time. Driven by the record."""

from __future__ import annotations

import asyncio

import structlog

from hanse.match.group import Group, clear_group, is_due
from hanse.model.errors import HanseError
from hanse.node.context import Context
from hanse.node.grouping.keeping import groups, keep_statement, tell_results, waiting_parts
from hanse.node.grouping.stating import statement
from hanse.store import Tx

SWEEP_S = 1.0
log = structlog.get_logger("clearing")


async def run(context: Context) -> None:
    """State and clear until cancelled."""
    while True:
        await sweep(context)
        await asyncio.sleep(SWEEP_S)


async def sweep(context: Context) -> None:
    """One look: whatever is due is done; what fails is tried again at the next."""
    for key in await context.store.read(lambda tx: waiting_parts(tx, context)):
        try:
            await _state(context, key)
        except HanseError as error:
            log.warning("not stated", clearing=key, why=error.what)
    for group in await context.store.read(lambda tx: _due(tx, context)):
        try:
            await _clear(context, group)
        except HanseError as error:
            log.warning("not cleared", clearing=group.call.id, why=error.what)


async def _state(context: Context, key: str) -> None:
    word = await statement(context, key)
    await context.store.write(lambda tx: keep_statement(tx, context, key, word))


def _due(tx: Tx, context: Context) -> list[Group]:
    at = context.clock.now()
    return [g for g in groups(tx).all() if is_due(g, at=at)]


async def _clear(context: Context, group: Group) -> None:
    after = await asyncio.to_thread(clear_group, group, at=context.clock.now())
    await context.store.write(lambda tx: tell_results(tx, context, after))
