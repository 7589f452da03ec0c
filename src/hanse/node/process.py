"""One process of a node: the roles it was told to run, around one record and one broker."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import structlog

from hanse.model.errors import BadConfig
from hanse.node.broker import USER, broker_url, stream_limits
from hanse.node.children import PAUSE_FIRST_S, PAUSE_MAX_S
from hanse.node.context import Context
from hanse.node.folder import Folder
from hanse.node.identity import load_identity
from hanse.node.logs import configure_logs
from hanse.node.settings import ROLES, read_settings
from hanse.node.world import RandomIds, RealClock, real_dice
from hanse.store import Store
from hanse.transmit.nats.connect import close, connect
from hanse.transmit.nats.streams import ensure

DEALS = "flow"
END_WAIT_S = 20.0
Role = Callable[[Context], Awaitable[None]]

log = structlog.get_logger("process")


def role(name: str) -> Role:
    """The function that runs a role; its module is imported only where the role runs.

    Raises:
        BadConfig: there is no such role.
    """
    if name not in ROLES:
        raise BadConfig("there is no such role", subject=name, remedy=f"Use {', '.join(ROLES)}")
    run: Role = importlib.import_module(f"hanse.node.roles.{name}").run
    return run


async def run_roles(folder: Folder, names: Sequence[str]) -> None:
    """Run roles until told to stop; one that fails is started again, the others go on."""
    context = await build(folder, names)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, context.stopping.set)
    if DEALS in names:
        await _greet_partners(context)
    tasks = [asyncio.create_task(_kept(name, role(name), context), name=name) for name in names]
    await context.stopping.wait()
    for task in tasks:
        task.cancel()
    _, hanging = await asyncio.wait(tasks, timeout=END_WAIT_S)
    await close(context.nats)
    context.store.close()
    if hanging:  # its supervisor may be gone: nobody else would end it
        log.error("roles did not end", roles=[task.get_name() for task in hanging])
        os._exit(1)


async def _greet_partners(context: Context) -> None:
    """Before any role takes or signs anything: the record may be an old backup."""
    from hanse.node.dealing.desk import start_desk

    await context.store.write(lambda tx: start_desk(tx, context))


async def build(folder: Folder, names: Sequence[str]) -> Context:
    """The context of one process: record, broker and identity opened once."""
    settings = read_settings(folder.path)
    clock, ids = RealClock(), RandomIds()
    identity = load_identity(folder, clock=clock, hosts=(settings.web.host,))
    store = Store.open(settings.record.url or folder.record_url, clock=clock, ids=ids)
    client = await connect(
        (await broker_url(folder, settings)).split(","),
        user=USER,
        password=identity.broker_password,
        name=",".join(names),
    )
    await ensure(client.jetstream(), stream_limits(settings))
    return Context(
        folder=folder,
        settings=settings,
        identity=identity,
        clock=clock,
        ids=ids,
        dice=real_dice(),
        store=store,
        nats=client,
        stopping=asyncio.Event(),
    )


async def _kept(name: str, run: Role, context: Context) -> None:
    pause_s = PAUSE_FIRST_S
    while True:
        began_s = context.clock.monotonic_s()
        try:
            await run(context)
            log.warning("role ended", role=name)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            log.warning("role failed", role=name, error=_said(error), exc_info=error)
        steady = context.clock.monotonic_s() - began_s > PAUSE_MAX_S
        pause_s = PAUSE_FIRST_S if steady else min(pause_s * 2, PAUSE_MAX_S)
        await asyncio.sleep(pause_s)


def _said(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_said(inner) for inner in error.exceptions)
    return f"{type(error).__name__}: {error}"


def main(arguments: Sequence[str]) -> None:
    """``python -m hanse.node.process FOLDER ROLE,ROLE``."""
    import uvloop

    folder, roles = Folder(Path(arguments[0])), arguments[1].split(",")
    configure_logs(read_settings(folder.path).log_level)
    uvloop.run(run_roles(folder, roles))


if __name__ == "__main__":
    main(sys.argv[1:])
