"""The collect role's door for jobs: asked over the broker, guarded, on the audit log."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from nats.aio.subscription import Subscription

from hanse.collect.job_doors import JobSheet
from hanse.collect.jobs import Handed, JobGuard
from hanse.collect.ports import World
from hanse.collect.registry import connector, settings_of
from hanse.model.door import AuditEntry
from hanse.model.errors import NotAllowed
from hanse.model.text import Text
from hanse.node.connections import Setup, setups
from hanse.node.context import Context
from hanse.store import Store
from hanse.transmit.nats.requests import answer

START = "collect.start_job"
END = "collect.end_job"


class StartAsk(Struct, frozen=True, kw_only=True):
    """Give a machine a job; one it knows already changes nothing."""

    sheet: JobSheet
    by: str = "node"


class EndAsk(Struct, frozen=True, kw_only=True):
    """Take a job away from a machine."""

    machine: str
    job: str
    by: str = "node"


class JobDesk:
    """Answers for all connections of the node; bounds are read from the record each time."""

    def __init__(self, context: Context, world: Callable[[], World]) -> None:
        self._context = context
        self._world = world
        self._guards: dict[str, tuple[Setup, JobGuard]] = {}

    async def open(self) -> tuple[Subscription, Subscription]:
        """Answer from now on, until these are ended."""
        return (
            await answer(self._context.nats, START, question=StartAsk, handle=self.start),
            await answer(self._context.nats, END, question=EndAsk, handle=self.end),
        )

    async def start(self, ask: StartAsk) -> bool:
        """Give a machine a job."""
        guard = await self._guard(ask.sheet.machine)
        await guard.start(ask.sheet, by=ask.by)
        return True

    async def end(self, ask: EndAsk) -> bool:
        """Take a job away."""
        guard = await self._guard(ask.machine)
        await guard.end(ask.machine, ask.job, by=ask.by)
        return True

    async def _guard(self, machine: str) -> JobGuard:
        known = await self._context.store.read(lambda tx: setups(tx).all())
        setup = next(
            (s for s in known if s.enabled and any(d.asset == machine for d in s.jobs)), None
        )
        if setup is None:
            raise NotAllowed(
                "giving jobs to this machine is off",
                subject=machine,
                remedy="The owner can allow it with bounds on the connection",
            )
        kept = self._guards.get(setup.key)
        if kept is None or kept[0] != setup:
            kept = self._guards[setup.key] = (setup, self._made(setup))
        return kept[1]

    def _made(self, setup: Setup) -> JobGuard:
        return JobGuard(
            setup.key,
            (connector(setup.protocol), settings_of(setup.protocol, setup.settings)),
            world=self._world(),
            audit=_RecordAudit(self._context.store),
            doors=setup.jobs,
        )


class _RecordAudit:
    """Attempts on the node's audit log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def intend(self, handed: Handed) -> None:
        """Before the machine is touched."""
        await self._keep(handed, "intended")

    async def done(self, handed: Handed) -> None:
        """What came of it."""
        await self._keep(handed, "refused" if handed.refused else "done")

    async def _keep(self, handed: Handed, what: str) -> None:
        said = f"{handed.deed} {handed.job}: {handed.refused or what}"[:400]
        entry = AuditEntry(
            at=handed.at,
            by=handed.by,
            what=f"job.{handed.deed}.{what}",
            subject=handed.machine,
            text=Text(f"{handed.machine}: {said}", f"{handed.machine}:{said}"),
        )
        await self._store.write(lambda tx: tx.audit.append(entry))
