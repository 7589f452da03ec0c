"""The engine: frames and the clock in, transitions out. It has no clock and no door of its own."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Iterable

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hanse.decide.build import Built, build
from hanse.decide.columns import Batch, Columns
from hanse.decide.fit import Asset, Plant, Unfit
from hanse.decide.gates import Gates
from hanse.decide.intake import Counts, Intake
from hanse.decide.latches import Flips
from hanse.decide.rules import Limit, Rule
from hanse.decide.say import cleared, raised
from hanse.decide.spc import SpcBank
from hanse.decide.transition import Contribution, Transition, alarm_id
from hanse.decide.watch import ModelBank
from hanse.model.errors import Conflict
from hanse.model.plant import Signal
from hanse.model.sample import Frame

SAMPLES_BUFFERED_MAX = 2_000_000
SETTLE_NS = 50_000_000
AHEAD_NS = 60_000_000_000


class EngineSettings(Struct, frozen=True, kw_only=True):
    """How the engine treats time.

    ``settle_ns``: a timer fires this long after it is due, so that samples on their way count.
    ``ahead_ns``: samples dated further into the future than this are not believed.
    """

    settle_ns: int = SETTLE_NS
    ahead_ns: int = AHEAD_NS


class Engine:
    """All rules over all assets of a partition.

    Feed frames as they come; every tick evaluates them in event time and fires what is due by the
    clock handed in. The same frames and ticks give the same transitions, so a node that died
    restores a snapshot, feeds again what came after it, and drops transitions whose ``identity``
    it has seen.

    Raises:
        BadConfig: a rule names a signal that its asset type does not have.
        TooMuch: more signals or rule instances than the named limits.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        *,
        assets: Iterable[Asset],
        signals: Iterable[Signal],
        settings: EngineSettings | None = None,
    ) -> None:
        self.rules = tuple(rules)
        self.plant = Plant(assets, signals)
        self.settings = settings or EngineSettings()
        self._built: Built = build(self.rules, self.plant)
        self.plant.forget_names()
        self._latches = self._built.latches
        self._intake = Intake(self.plant, self._built.words, ahead_ns=self.settings.ahead_ns)
        self._gates = Gates(self.rules, self._latches)
        self._fingerprint = ""
        self._joint_slots = np.zeros(self.plant.ids.size, np.bool_)
        for bank in self._built.joint:
            self._joint_slots[bank.watch.slots] = True
        self._waiting: list[Frame] = []
        self._buffered = 0

    @property
    def unfit(self) -> tuple[Unfit, ...]:
        """Rules that could not be armed on an asset, and why."""
        return self._built.unfit

    @property
    def counts(self) -> Counts:
        """What became of the samples so far."""
        return self._intake.counts

    @property
    def instances(self) -> int:
        """How many rule instances are armed."""
        return len(self._latches)

    def feed(self, frame: Frame) -> bool:
        """Take a frame for the next tick; False (and counted) when the buffer is full."""
        if self._buffered + len(frame) > SAMPLES_BUFFERED_MAX:
            self._intake.counts.refused += len(frame)
            return False
        self._waiting.append(frame)
        self._buffered += len(frame)
        return True

    def tick(self, now_ns: int) -> list[Transition]:
        """Evaluate what was fed, then what is due by the clock; transitions in order of time."""
        waiting, self._waiting, self._buffered = self._waiting, [], 0
        batch = self._intake.batch(waiting, now_ns)
        horizon = now_ns - self.settings.settle_ns
        for change_ns in self._gates.changes(horizon):
            early = batch.at < change_ns
            self._evaluate(batch.take(early), change_ns)
            batch = batch.take(~early)
            self._gates.turn(change_ns, self._built)
        self._evaluate(batch, horizon)
        return self._transitions(self._latches.take_flips())

    def _evaluate(self, batch: Batch, horizon_ns: int) -> None:
        taken: list[Batch] = []
        for samples in self._intake.rounds(batch):
            for bank in self._built.banks:
                bank.take(samples, self._latches)
            if self._built.joint:
                taken.append(samples)
        for samples in self._intake.together(taken, self._joint_slots):
            for joint in self._built.joint:
                joint.take(samples, self._latches)
        for every in (*self._built.banks, *self._built.joint):
            every.wake(horizon_ns, self._latches)
        self._latches.fire_due(horizon_ns)

    def active(self) -> list[tuple[str, str, str]]:
        """(rule, side, asset) of every output that is on."""
        places = self._built.places
        return [
            (
                self.rules[places.rule[i]].key,
                places.sides[places.side[i]],
                self.plant.assets[places.asset[i]].key,
            )
            for i in np.flatnonzero(self._latches.out).tolist()
        ]

    def standing(self) -> frozenset[str]:
        """The alarms of every output that is on."""
        return frozenset(alarm_id(*one) for one in self.active())

    def chart(self, rule: str, asset: str) -> tuple[float, float] | None:
        """Centre line and sigma of a control chart; None for other rules, or while it learns."""
        places = self._built.places
        for bank in self._built.banks:
            if isinstance(bank, SpcBank) and self.rules[places.rule[bank.first]].key == rule:
                of = places.asset[bank.first : bank.first + len(bank)].tolist()
                keys = [self.plant.assets[i].key for i in of]
                return bank.lines(keys.index(asset)) if asset in keys else None
        return None

    def assume(self, alarms: Iterable[str]) -> None:
        """Start with the outputs of some alarms on, as the book has them, where no snapshot fits.

        They end by the same conditions as if the engine had raised them.
        """
        wanted = set(alarms)
        places = self._built.places
        for i in range(self.instances if wanted else 0):
            rule = self.rules[places.rule[i]].key
            side, asset = places.sides[places.side[i]], self.plant.assets[places.asset[i]].key
            if alarm_id(rule, side, asset) in wanted:
                self._latches.out[i] = 1

    def _transitions(self, flips: Flips) -> list[Transition]:
        columns = (flips.instance, flips.at, flips.on, flips.value, flips.since)
        rows = zip(*(c.tolist() for c in columns), strict=True)
        return [self._transition(row) for row in rows]

    def _transition(self, row: tuple[int, int, int, float, int]) -> Transition:
        instance, at_ns, on, value, since_ns = row
        places = self._built.places
        rule = self.rules[places.rule[instance]]
        side = places.sides[places.side[instance]]
        about = self.plant.assets[places.asset[instance]]
        asset, called = about.key, about.title or about.key
        limit = float(places.limit[instance])
        name = getattr(rule, "signal", "")
        unit = self.plant.unit(rule.asset_type, name) if name else ""
        known = None if math.isnan(value) else value
        text = (
            raised(rule, called, known, (limit, side, unit), words=about.words)
            if on
            else cleared(rule, called)
        )
        return Transition(
            rule=rule.key,
            asset=asset,
            side=side,
            at_ns=at_ns,
            active=bool(on),
            since_ns=since_ns,
            severity=severity(rule, side),
            text=text,
            name=called,
            value=known,
            limit=limit,
            unit=unit,
            signals=(Contribution(name, known, 1.0),) if name else self._context(instance),
        )

    def _context(self, instance: int) -> tuple[Contribution, ...]:
        bank = next(b for b in self._built.joint if b.first <= instance < b.first + b.instances)
        return tuple(
            Contribution(name, None if math.isnan(value) else value, share)
            for name, value, share in bank.context(instance - bank.first)
        )

    def _kept(self) -> Columns:
        kept: Columns = {f"latches.{k}": v for k, v in self._latches.columns().items()}
        for number, bank in enumerate((*self._built.banks, *self._built.joint)):
            kept |= {f"bank{number}.{k}": v for k, v in bank.columns().items()}
        kept |= {"gates": self._gates.column()}
        return kept | {"newest": self._intake.newest, "last": self._intake.value}

    def fingerprint(self) -> str:
        """A short hash of rules, assets and signals: a snapshot fits only the same."""
        if not self._fingerprint:
            plain = msgspec.json.encode((self.rules, [_decisive(a) for a in self.plant.assets]))
            ids = self.plant.ids.tobytes()
            self._fingerprint = hashlib.sha256(plain + ids).hexdigest()[:16]
        return self._fingerprint

    def _models(self) -> list[ModelBank]:
        return [b for b in self._built.joint if isinstance(b, ModelBank)]

    def _extra(self) -> NDArray[np.uint8]:
        saved = msgspec.json.encode([bank.extra() for bank in self._models()])
        return np.frombuffer(saved, np.uint8)

    def snapshot(self) -> bytes:
        """The whole state as an npz image (no pickle); frames not yet ticked are not in it."""
        image = io.BytesIO()
        mark = np.frombuffer(self.fingerprint().encode(), np.uint8)
        np.savez(image, allow_pickle=False, fingerprint=mark, extra=self._extra(), **self._kept())
        return image.getvalue()

    def restore(self, image: bytes) -> None:
        """Take the state of a snapshot made with the same rules and plant.

        Raises:
            Conflict: it was made with others; start afresh and replay instead.
        """
        with np.load(io.BytesIO(image), allow_pickle=False) as kept:
            if kept["fingerprint"].tobytes().decode() != self.fingerprint():
                raise Conflict(
                    "the snapshot belongs to other rules or assets",
                    remedy="Start afresh and replay the stream",
                )
            for name, column in self._kept().items():
                column[...] = kept[name]
            extra = msgspec.json.decode(kept["extra"].tobytes(), type=list[list[bytes]])
        for bank, saved in zip(self._models(), extra, strict=True):
            bank.take_extra(saved)
        self._latches.refresh()
        self._gates.refresh()


def _decisive(asset: Asset) -> tuple[str, str, dict[str, float | str]]:
    """What of an asset decides anything: not what it and its signals are called."""
    return asset.key, asset.asset_type, asset.attributes


def severity(rule: Rule, side: str) -> int:
    """The severity of a rule's side."""
    if isinstance(rule, Limit) and side in {"high_high", "low_low"}:
        return rule.severity_extreme
    return rule.severity
