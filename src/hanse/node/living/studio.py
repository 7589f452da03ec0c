"""Trains where there is more to learn from, says how long machines will last, and speaks up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import structlog
from nats.aio.msg import Msg

from hanse.decide.life import Contest, LifeModel, LifeSettings, Remaining, maintenance_window
from hanse.decide.life.model import HISTORIES_MIN
from hanse.flows import kinds
from hanse.model.errors import Broken, HanseError
from hanse.model.event import Draft
from hanse.model.text import Text
from hanse.model.time import Instant, format_instant, from_ns
from hanse.node.context import Context
from hanse.node.living import book
from hanse.node.living.book import LifeNow, LifeTraining, LifeVersion
from hanse.node.living.past import Lives, behind_one_another, lives_of, marks_of
from hanse.node.living.worker import Training
from hanse.node.settings import LifeWatch
from hanse.store import Tx
from hanse.transmit.partition import partition

LOOK_S = 600.0
LEASE_S = 300.0
ASKED = "decide.life_asked"
"""Said to every decide role: somebody wants a version trained now."""
SHOWN_STEPS = 20
MORE_LIVES = 1.1
"""A version is trained anew when there are a tenth more lives than the last one saw."""
LEAD_NS = 3_600_000_000_000
"""A window begins at least an hour from now, so that it can be planned around."""
log = structlog.get_logger("decide")


class Studio:
    """One decide role's part: the machines of its partitions, and any training that is due.

    ``held`` gives the partitions it has now; ``progress`` how far a training is, by asset type.
    """

    def __init__(self, context: Context, *, held: Callable[[], frozenset[int]]) -> None:
        self._context = context
        self._held = held
        self._models: dict[str, LifeModel] = {}
        self.progress: dict[str, float] = {}

    async def run(self) -> None:
        """Look every LOOK_S, and when somebody asks, until cancelled."""
        asked = asyncio.Event()

        async def hear(_message: Msg) -> None:
            asked.set()

        heard = await self._context.nats.subscribe(ASKED, cb=hear)
        try:
            while True:
                asked.clear()
                try:
                    await self.look()
                except HanseError as error:
                    log.warning("no word on remaining life", why=str(error))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await asked.wait()
        finally:
            await heard.unsubscribe()

    async def look(self) -> None:
        """Train what is due and say how long each machine will last."""
        store = self._context.store
        for watch in self._context.settings.life:
            marks = await store.read(partial(marks_of, watch=watch))
            folder, clock = self._context.history, self._context.clock
            lives = await asyncio.to_thread(lives_of, marks, watch, folder, clock=clock)
            await self._train_if_due(watch, lives)
            await self._say(watch, lives)

    async def _train_if_due(self, watch: LifeWatch, lives: Lives) -> None:
        store, kind = self._context.store, watch.asset_type
        if kind in self.progress or not await self._is_due(watch, len(lives.whole)):
            return
        name, me = f"life/{kind}", f"{self._context.folder.path}:{os.getpid()}"
        if not await store.write(lambda tx: tx.leases.take(name, me, for_s=LEASE_S)):
            return
        error = ""
        await self._show(kind, 0.0)
        try:
            await self._train(watch, lives)
        except HanseError as wrong:
            error = str(wrong)
            raise
        finally:
            del self.progress[kind]
            await store.write(
                partial(book.note_training, asset_type=kind, share=None, asked_by="", error=error)
            )
            await store.write(lambda tx: tx.leases.free(name, me))

    async def _is_due(self, watch: LifeWatch, lives: int) -> bool:
        """Whether there is enough more to learn from, or a person asks and there is enough."""
        kind = watch.asset_type

        def read(tx: Tx) -> tuple[list[LifeVersion], LifeTraining]:
            return book.versions(tx, kind), book.training_of(tx, kind)

        tried, before = await self._context.store.read(read)
        enough = MORE_LIVES * tried[-1].histories if tried else HISTORIES_MIN
        due = lives >= (HISTORIES_MIN if before.asked_by else enough)
        refused = f"{lives} < {HISTORIES_MIN}" if before.asked_by and not due else before.error
        asked_by = before.asked_by if due else ""
        if (before.lives, before.error, before.asked_by) != (lives, refused, asked_by):
            note = partial(
                book.note_training, asset_type=kind, lives=lives, error=refused, asked_by=asked_by
            )
            await self._context.store.write(note)
        return due

    async def _show(self, kind: str, share: float) -> None:
        """How far a training is, on the record for the page, in steps that can be seen."""
        before = self.progress.get(kind, -1.0)
        self.progress[kind] = share
        if int(share * SHOWN_STEPS) != int(before * SHOWN_STEPS) or before < 0:
            await self._context.store.write(
                partial(book.note_training, asset_type=kind, share=share)
            )

    async def _train(self, watch: LifeWatch, lives: Lives) -> None:
        used = await self._context.store.read(lambda tx: book.adopted(tx, watch.asset_type))
        old = await self._model(used) if used else None
        lengths, rows = behind_one_another(lives.whole)
        asked = Training(
            columns=list(watch.signals),
            settings=LifeSettings(settings=watch.settings, cap=watch.cap_steps),
            lengths=lengths,
            rows=rows,
            old=old.save() if old else None,
        )
        made = await self._in_a_process(watch.asset_type, asked)
        since, until = from_ns(lives.since_ns), self._context.clock.now()
        await self._context.store.write(lambda tx: _keep(tx, watch, made, (since, until)))

    async def _in_a_process(self, asset_type: str, asked: Training) -> Contest:
        """A training in a process of its own, its progress followed."""
        with tempfile.TemporaryDirectory(dir=self._context.folder / "run") as room:
            request, answer = Path(room) / "request", Path(room) / "answer"
            await asyncio.to_thread(request.write_bytes, msgspec.msgpack.encode(asked))
            module = "hanse.node.living.worker"
            command = [sys.executable, "-m", module, str(request), str(answer)]
            worker = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
            )
            try:
                while worker.stdout is not None and (line := await worker.stdout.readline()):
                    with contextlib.suppress(ValueError):
                        await self._show(asset_type, float(line))
                code = await worker.wait()
            finally:
                if worker.returncode is None:
                    worker.kill()
                    await worker.wait()
            if code != 0:
                raise Broken(f"training ended with {code}", subject=asset_type)
            return msgspec.msgpack.decode(answer.read_bytes(), type=Contest)

    async def _model(self, version: LifeVersion) -> LifeModel:
        if version.model not in self._models:
            found = await self._context.store.read(lambda tx: book.model_of(tx, version))
            self._models = {version.model: found}
        return self._models[version.model]

    async def _say(self, watch: LifeWatch, lives: Lives) -> None:
        version = await self._context.store.read(lambda tx: book.adopted(tx, watch.asset_type))
        if version is None:
            return
        model, held = await self._model(version), self._held()
        for asset, rows in lives.present.items():
            if partition(asset) in held:
                said = await asyncio.to_thread(model.predict, rows)
                told = self._now(asset, version, said)
                short = _short(watch, told, said, self._context.clock.ns())
                once = f"life/{asset}/{lives.begun[asset]}/{version.number}"
                await self._context.store.write(partial(_tell, told=told, short=short, once=once))

    def _now(self, asset: str, version: LifeVersion, said: Remaining) -> LifeNow:
        return LifeNow(
            asset=asset,
            at=self._context.clock.now(),
            version=version.number,
            steps=said.steps,
            low=said.low,
            high=said.high,
            capped=said.capped,
            signals={c.signal: round(c.share, 3) for c in said.shares},
        )


def _keep(tx: Tx, watch: LifeWatch, made: Contest, span: tuple[Instant, Instant]) -> None:
    model, compared = made.model, made.comparison
    version = book.keep_version(
        tx,
        LifeVersion(
            asset_type=watch.asset_type,
            number=0,
            at=tx.clock.now(),
            since=span[0],
            until=span[1],
            histories=model.histories,
            rows=model.rows,
            rmse=model.rmse,
            cover=model.cover,
            adopted=made.adopted,
            model="",
            old_rmse=compared.old_rmse if compared else None,
            new_rmse=compared.new_rmse if compared else None,
        ),
        model,
    )
    word = (
        Text("is used from now on", "开始使用") if made.adopted else Text("is not used", "不使用")
    )
    text = Text(
        f"Remaining life of {watch.asset_type}: version {version.number} learned from "
        f"{version.histories} lives, off by {version.rmse:.1f} steps; it {word.en}",
        f"{watch.asset_type} 剩余寿命:第 {version.number} 版,学自 {version.histories} 段寿命,"
        f"误差 {version.rmse:.1f} 步;{word.zh}",
    )
    names = ("number", "adopted", "rmse", "cover", "histories", "rows", "old_rmse", "new_rmse")
    about = {"asset_type": watch.asset_type} | {n: getattr(version, n) for n in names}
    draft = Draft(kind=kinds.LIFE_TRAINED, subject=watch.asset_type, text=text, about=about)
    tx.events.append(draft)


def _short(watch: LifeWatch, told: LifeNow, said: Remaining, now_ns: int) -> Draft | None:
    """What is told of a machine that will not last for the horizon."""
    window = maintenance_window(
        told.asset, said, now_ns=now_ns, step_s=watch.step_s, horizon_s=watch.horizon_s
    )
    if window is None:
        return None
    since_ns = max(window.latest_ns - watch.repair_s * 1_000_000_000, now_ns + LEAD_NS)
    about = {
        "asset": told.asset,
        "steps": told.steps,
        "low": told.low,
        "high": told.high,
        "since": format_instant(from_ns(since_ns)),
        "latest": format_instant(from_ns(window.latest_ns)),
        "repair_s": watch.repair_s,
        "version": told.version,
        "signals": told.signals,
    }
    return Draft(kind=kinds.LIFE_SHORT, subject=told.asset, text=window.text, about=about)


def _tell(tx: Tx, *, told: LifeNow, short: Draft | None, once: str) -> None:
    book.lives_now(tx).put(told.asset, told)
    if short is not None:
        loop = tx.ids.new("loop")
        tx.events.append(msgspec.structs.replace(short, loop=loop), once=once)
