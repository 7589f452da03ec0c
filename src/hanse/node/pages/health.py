"""Whether the node runs well, with reasons; figures for those who scrape them."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from hanse.collect.diagnostics import LineState
from hanse.model.errors import HanseError
from hanse.model.text import Text
from hanse.node.broker import read_note
from hanse.node.collecting import wire
from hanse.node.connections import setups
from hanse.node.context import Context
from hanse.node.planning import wire as planning
from hanse.store import Tx
from hanse.transmit.nats.requests import ask
from hanse.transmit.peerlink.certificate import days_left
from hanse.web.views.running import Check, Readiness

DISK_FREE_MIN = 0.02
CERTIFICATE_DAYS_MIN = 14
WAIT_S = 2.0


class NodeHealth:
    """A `hanse.web.ports.Health`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def ready(self) -> Readiness:
        """Every check with its reason."""
        checks = (
            ("record", Text("The record takes writes", "记录可写"), self._record),
            ("broker", Text("The broker answers", "消息服务可用"), self._broker),
            ("plan", Text("The planner answers", "排产服务可用"), self._plan),
            ("equipment", Text("Equipment is heard", "设备在线"), self._equipment),
            ("disk", Text("The disk has room", "磁盘空间充足"), self._disk),
            ("certificate", Text("The certificate is valid", "证书有效"), self._certificate),
        )
        return Readiness(checks=tuple([await _check(*check) for check in checks]))

    async def metrics(self) -> bytes:
        """Figures in Prometheus' text form."""

        def read(tx: Tx) -> tuple[int, int]:
            lanes = tx.outbox.lanes()
            return tx.events.head()[0], sum(tx.outbox.waiting(lane) for lane in lanes)

        events, waiting = await self._context.store.read(read)
        ready = await self.ready()
        lines = [
            f"hanse_events_total {events}",
            f"hanse_outbox_waiting {waiting}",
            *(f'hanse_ready{{check="{c.name}"}} {int(c.ok)}' for c in ready.checks),
        ]
        return ("\n".join(lines) + "\n").encode()

    async def _record(self) -> str:
        await self._context.store.write(lambda tx: tx.events.head())
        return ""

    async def _broker(self) -> str:
        if not self._context.nats.is_connected:
            return "the broker does not answer"
        note = read_note(self._context.folder)
        return note.problem if note else ""

    async def _plan(self) -> str:
        await ask(self._context.nats, planning.ALIVE, "", answer=bool, wait_s=WAIT_S)
        return ""

    async def _equipment(self) -> str:
        def enabled(tx: Tx) -> list[str]:
            return [setup.key for setup in setups(tx).all() if setup.enabled]

        wanted = await self._context.store.read(enabled)
        now = await wire.diagnostics(self._context.nats, wanted)
        heard = {LineState.RUNNING, LineState.DONE}
        silent = [key for key in wanted if key not in now or now[key].state not in heard]
        return f"not heard: {', '.join(silent)}" if silent else ""

    async def _disk(self) -> str:
        use = shutil.disk_usage(self._context.folder.path)
        free = use.free / use.total
        return "" if free > DISK_FREE_MIN else f"{free:.1%} of the disk is free"

    def _certificate_pem(self) -> bytes:
        return Path(self._context.identity.certificate_file).read_bytes()

    async def _certificate(self) -> str:
        pem = self._certificate_pem()
        left = days_left(pem, at=self._context.clock.now())
        return "" if left > CERTIFICATE_DAYS_MIN else f"{left:.0f} days left"


async def _check(name: str, title: Text, run: Callable[[], Awaitable[str]]) -> Check:
    try:
        wrong = await run()
        remedy = "See hanse doctor" if wrong else ""
    except HanseError as error:
        wrong, remedy = error.what, error.remedy
    return Check(
        name=name, title=title, ok=not wrong, text=Text(wrong, wrong), remedy=Text(remedy, remedy)
    )
