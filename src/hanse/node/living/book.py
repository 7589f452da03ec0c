"""The versions, and how long each machine will last: on the record."""

from __future__ import annotations

import zlib
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from hanse.decide.life import LifeModel, load_model
from hanse.flows import kinds
from hanse.model.event import Draft, Event
from hanse.model.ids import Key
from hanse.model.plant import Machine
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.store import Tx
from hanse.store.shelf import Shelf

DOCUMENT = "life-model"


class LifeVersion(Struct, frozen=True, kw_only=True):
    """One trained version: the data it saw, its score out of fold, whether it was taken up.

    ``old_rmse`` and ``new_rmse`` are the comparison on the newest lives, where there was one.
    """

    asset_type: Key
    number: int
    at: Instant
    since: Instant
    until: Instant
    histories: int
    rows: int
    rmse: float
    cover: float
    adopted: bool
    model: str
    old_rmse: float | None = None
    new_rmse: float | None = None


class LifeNow(Struct, frozen=True, kw_only=True):
    """How long a machine will last, as of an instant, by which version; steps of the watch."""

    asset: Key
    at: Instant
    version: int
    steps: float
    low: float
    high: float
    capped: bool
    signals: dict[str, float] = {}


class LifeTraining(Struct, frozen=True, kw_only=True):
    """How the learning about a type stands: what there is to learn from, and how far it is.

    ``share`` is None where nothing runs; ``asked_by`` the person who wants a version now.
    """

    asset_type: Key
    at: Instant
    lives: int = 0
    share: float | None = None
    asked_by: str = ""
    error: str = ""


def trainings(tx: Tx) -> Shelf[LifeTraining]:
    """How the learning about each type stands."""
    return tx.shelf("life_training", LifeTraining)


def training_of(tx: Tx, asset_type: str) -> LifeTraining:
    """How the learning about a type stands; a fresh one where nobody has looked yet."""
    found = trainings(tx).get(asset_type)
    return found or LifeTraining(asset_type=asset_type, at=tx.clock.now())


def note_training(tx: Tx, asset_type: str, **changed: Any) -> LifeTraining:
    """Keep what changed about the learning of a type."""
    now = replace(training_of(tx, asset_type), at=tx.clock.now(), **changed)
    trainings(tx).put(asset_type, now)
    return now


def ask_training(tx: Tx, asset_type: str, *, by: str) -> Event:
    """A person wants a version trained now."""
    note_training(tx, asset_type, asked_by=by, error="")
    text = Text(
        f"{by} asks for a new version of the remaining life of {asset_type}",
        f"{by} 要求重新训练 {asset_type} 的剩余寿命模型",
    )
    about = {"asset_type": asset_type}
    draft = Draft(kind=kinds.LIFE_ASKED, subject=asset_type, text=text, by=by, about=about)
    return tx.events.append(draft)


def lives_now(tx: Tx) -> Shelf[LifeNow]:
    """The newest word on each machine."""
    return tx.shelf("life_now", LifeNow)


def versions(tx: Tx, asset_type: str) -> list[LifeVersion]:
    """All versions of a type, oldest first."""
    mine = [v for v in tx.shelf("life_versions", LifeVersion).all() if v.asset_type == asset_type]
    return sorted(mine, key=lambda v: v.number)


def adopted(tx: Tx, asset_type: str) -> LifeVersion | None:
    """The version in use: the newest that was taken up."""
    return next((v for v in reversed(versions(tx, asset_type)) if v.adopted), None)


def keep_version(tx: Tx, version: LifeVersion, model: LifeModel) -> LifeVersion:
    """Keep a version and its model, under the next number."""
    number = len(versions(tx, version.asset_type)) + 1
    digest = tx.documents.put(zlib.compress(model.save()), kind=DOCUMENT)
    kept = replace(version, number=number, model=digest)
    tx.shelf("life_versions", LifeVersion).put(f"{version.asset_type}@{number:06d}", kept)
    return kept


def model_of(tx: Tx, version: LifeVersion) -> LifeModel:
    """The model of a version."""
    return load_model(zlib.decompress(tx.documents.get(version.model)))


def machines_of(tx: Tx, asset_type: str) -> list[Machine]:
    """The machines of a type."""
    return [m for m in tx.machines.all() if m.asset_type == asset_type]
