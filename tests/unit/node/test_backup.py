"""A copy of a node is whole, knows that it is one, and becomes a node again."""

import asyncio

import numpy as np
import pytest

from hanse.model.errors import BadInput, Conflict
from hanse.model.ids import Happening
from hanse.model.plant import Signal
from hanse.model.sample import frame
from hanse.node.backup import back_up, restore
from hanse.node.folder import Folder
from hanse.node.identity import load_identity
from hanse.node.keeping import forget_letters, has_caught_up, keeping_of
from hanse.node.offline import offline
from hanse.node.settings import (
    HistorySettings,
    KeepSettings,
    Settings,
    read_settings,
    write_settings,
)
from hanse.node.world import RandomIds, RealClock
from hanse.transmit.history.query import History
from hanse.transmit.history.writer import HistoryWriter


async def ignore(_):
    pass


@pytest.fixture
def folder(tmp_path):
    folder = Folder(tmp_path / "node")
    folder.make()
    write_settings(folder.path, Settings())
    load_identity(folder, clock=RealClock())
    return folder


def a_history(folder):
    clock = RealClock()
    writer = HistoryWriter(folder / "history", clock=clock, gaps=ignore)
    at_ns = np.full(3, clock.ns(), np.int64)
    rows = {"signal": np.arange(3, dtype=np.int32), "at_ns": at_ns, "value": np.array([1.0, 2, 3])}
    writer.take(frame(Happening("shop/lathe", 1, 0), **rows))
    asyncio.run(writer.commit())


def test_a_node_comes_back_from_its_copy_and_knows_that_it_may_be_behind(folder, tmp_path):
    a_history(folder)
    with offline(folder) as context:
        context.store.write_sync(lambda tx: tx.settings.put("mark", 7))
        note = back_up(context, tmp_path / "copy")
    again = Folder(tmp_path / "again")
    assert restore(tmp_path / "copy", again, clock=RealClock(), ids=RandomIds()) == note
    with offline(again) as context:
        assert context.identity.did == note.did
        assert context.store.copied_ns
        assert context.store.read_sync(lambda tx: tx.settings.get("mark", int)) == 7
        assert context.store.read_sync(has_caught_up), "it has no partners"
    assert (again / "keys" / "firm.seed").stat().st_mode & 0o077 == 0
    assert History(again / "history", clock=RealClock()).last().value.tolist() == [1, 2, 3]


def test_a_copy_is_not_put_over_anything(folder, tmp_path):
    with offline(folder) as context:
        back_up(context, tmp_path / "copy", history=False)
        with pytest.raises(Conflict, match="not empty"):
            back_up(context, tmp_path / "copy")
    with pytest.raises(Conflict, match="node already"):
        restore(tmp_path / "copy", folder, clock=RealClock(), ids=RandomIds())
    with pytest.raises(BadInput, match="no copy"):
        restore(tmp_path, Folder(tmp_path / "new"), clock=RealClock(), ids=RandomIds())


def test_signals_are_kept_as_long_as_the_first_class_that_fits_their_name(folder):
    told = HistorySettings(
        days=100,
        keep={
            "quick": KeepSettings(signals=("vibration*",), days=30),
            "long": KeepSettings(signals=("*_total", "vibration_total"), days=4_000),
        },
    )
    write_settings(folder.path, Settings(history=told))
    assert read_settings(folder.path).history == told
    names = ("speed", "vibration_x", "energy_total", "vibration_total")
    signals = [Signal(id=i, asset="lathe", name=name) for i, name in enumerate(names)]
    keeping = keeping_of(told, signals)
    assert keeping.signals == {1: "quick", 2: "long", 3: "quick"}
    assert (keeping.of("standard").days, keeping.of("quick").days) == (100, 30)


def test_answered_letters_are_forgotten_when_their_time_is_over(folder):
    with offline(folder) as context:

        def write(tx):
            for n in range(2):
                tx.outbox.put("peer:x", id=f"m{n}", kind="k", payload=b"x")
            tx.outbox.answered("peer:x", "m0", b"ok")
            return forget_letters(tx, context)

        assert context.store.write_sync(write) == 0
        later = type("Later", (), {"ns": lambda _: RealClock().ns() + 401 * 86_400 * 10**9})()
        object.__setattr__(context, "clock", later)
        assert context.store.write_sync(lambda tx: forget_letters(tx, context)) == 1
        assert context.store.read_sync(lambda tx: tx.outbox.waiting("peer:x")) == 1
