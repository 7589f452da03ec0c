"""Remaining life in a node: lives from the record and history, a version, and a window in time."""

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pytest

from hanse.flows import kinds
from hanse.flows.policy import Policy
from hanse.flows.react import react
from hanse.model.errors import BadInput, NotFound
from hanse.model.event import Draft
from hanse.model.ids import Counter
from hanse.model.plant import Machine, Signal
from hanse.model.text import Text
from hanse.model.time import UTC, StillClock, parse_instant, to_ns
from hanse.node.acts.people import ask_person
from hanse.node.folder import Folder
from hanse.node.living import book
from hanse.node.living.studio import Studio
from hanse.node.pages.life import RecordLives
from hanse.node.settings import LifeWatch
from hanse.store import Store
from hanse.transmit.history.rows import Rows
from hanse.transmit.history.table import SampleTable
from hanse.transmit.partition import PARTITIONS

NOW = dt.datetime(2026, 3, 9, tzinfo=UTC)
MINUTE_NS = 60_000_000_000
LIVES = ((80, 95, 70, 100, 60), (90, 75, 85, 95, 20), (100, 70, 80, 90, 78))
"""Minutes that each press lasted; the last of each is the present one, still running."""
WATCH = LifeWatch(
    asset_type="press",
    signals=("wear", "noise"),
    failed_by="dead",
    step_s=60,
    horizon_s=1_800,
    repair_s=300,
    cap_steps=60,
)


def furnish(tx):
    for number in range(len(LIVES)):
        key = f"press-{number}"
        tx.machines.put(Machine(key=key, title=key, asset_type="press", work_centre="hall"))
        for name in ("wear", "noise"):
            tx.signals.named(Signal(id=0, asset=key, name=name))


def said(tx, kind, asset, at_ns):
    about = {"rule": "dead", "asset": asset, "at_ns": at_ns}
    tx.events.append(Draft(kind=kind, subject=f"dead/{asset}", text=Text("", ""), about=about))


async def said_to_all(subject):
    assert subject == "decide.life_asked"


def samples(signal, at_ns, value):
    n = len(at_ns)
    return Rows(
        signal=np.full(n, signal, np.int32),
        at_us=np.asarray(at_ns) // 1_000,
        value=np.asarray(value, float),
        quality=np.zeros(n, np.uint8),
        delay_ms=np.zeros(n, np.int32),
    )


def live(store, table):
    """Every press wears until it fails, is repaired within five minutes, and wears again."""
    dice = np.random.default_rng(3)
    for number, minutes in enumerate(LIVES):
        key = f"press-{number}"
        wear, noise = (
            store.read_sync(lambda tx, k=key, n=name: tx.signals.of(k, n).id)
            for name in ("wear", "noise")
        )
        start = to_ns(NOW) - (sum(minutes) + 5 * 4) * MINUTE_NS
        for life, lasted in enumerate(minutes):
            at = start + np.arange(lasted) * MINUTE_NS
            left = (90 if life == 4 else lasted) - np.arange(lasted)
            worn = np.exp(-left / 20) * 5 + dice.normal(0, 0.05, lasted)
            table.append(samples(wear, at, worn), spans={})
            table.append(samples(noise, at, dice.normal(size=lasted)), spans={})
            if life < 4:
                end = start + lasted * MINUTE_NS
                store.write_sync(lambda tx, k=key, e=end: said(tx, kinds.ALARM_ACTIVE, k, e))
                start = end + 5 * MINUTE_NS
                store.write_sync(lambda tx, k=key, e=start: said(tx, kinds.ALARM_INACTIVE, k, e))


@pytest.fixture
def context(tmp_path):
    folder, clock, ids = Folder(tmp_path), StillClock(NOW), Counter()
    folder.make()
    store = Store.open(folder.record_url, clock=clock, ids=ids)
    store.write_sync(furnish)
    live(store, SampleTable(folder / "history", clock=clock))
    yield SimpleNamespace(
        folder=folder,
        history=folder / "history",
        settings=SimpleNamespace(life=(WATCH,)),
        clock=clock,
        ids=ids,
        store=store,
        nats=SimpleNamespace(publish=said_to_all),
    )
    store.close()


async def test_lives_are_learned_and_a_machine_near_its_end_gets_a_window_once(context):
    await Studio(context, held=frozenset).look()
    assert context.store.read_sync(lambda tx: book.lives_now(tx).all()) == []  # others' machines
    studio = Studio(context, held=lambda: frozenset(range(PARTITIONS)))
    await studio.look()
    await studio.look()

    (version,) = context.store.read_sync(lambda tx: book.versions(tx, "press"))
    assert (version.number, version.histories, version.adopted) == (1, 12, True)
    now = {one.asset: one for one in context.store.read_sync(lambda tx: book.lives_now(tx).all())}
    assert now["press-2"].steps < now["press-0"].steps < now["press-1"].steps

    shorts = context.store.read_sync(lambda tx: tx.events.find(kind=kinds.LIFE_SHORT))
    told = {event.subject: event for event in shorts}
    assert len(told) == len(shorts)
    assert "press-2" in told
    assert "press-1" not in told
    (asked,) = react(
        told["press-2"], None, Policy(award_alone_up_to_minor=0, accept_alone_up_to_minor=0)
    )
    window = asked.prepared
    assert window.machine == "press-2"
    assert window.since > NOW
    latest = parse_instant(told["press-2"].about["latest"])
    assert latest <= NOW + dt.timedelta(seconds=WATCH.horizon_s)


async def test_a_window_is_declined_with_a_reason_or_accepted_from_another_instant(context):
    pages = RecordLives(context)
    await Studio(context, held=lambda: frozenset(range(PARTITIONS))).look()
    shorts = context.store.read_sync(lambda tx: tx.events.find(kind=kinds.LIFE_SHORT))
    policy = Policy(award_alone_up_to_minor=0, accept_alone_up_to_minor=0)
    for short in shorts:
        (asked,) = react(short, None, policy)
        await ask_person(context, short, asked)
    first, *rest = await pages.windows()
    assert first.machine in {w.subject for w in shorts}
    assert first.until - first.since == dt.timedelta(seconds=WATCH.repair_s)
    with pytest.raises(BadInput, match="reason"):
        await pages.answer(first.approval, since=None, reason=" ", accepted=False, by="pat")
    early = NOW - dt.timedelta(hours=1)
    with pytest.raises(BadInput, match="past"):
        await pages.answer(first.approval, since=early, reason="", accepted=True, by="pat")
    later = first.since + dt.timedelta(minutes=30)
    done = await pages.answer(first.approval, since=later, reason="", accepted=True, by="pat")
    assert "pat" in done.text.en
    (answer,) = context.store.read_sync(lambda tx: tx.events.find(kind=kinds.ANSWER))
    (window,) = react(answer, None, policy)
    assert (window.machine, window.since, window.planned) == (first.machine, later, True)
    assert await pages.windows() == tuple(rest)


async def test_a_machines_page_shows_its_life_and_versions_and_a_person_asks_for_a_new_one(context):
    pages = RecordLives(context)
    before = await pages.machine("press-2")
    assert (before.row.numbers, before.learned.versions) == (None, ())
    studio = Studio(context, held=lambda: frozenset(range(PARTITIONS)))
    await studio.look()
    after = await pages.machine("press-2")
    assert after.row.numbers.low_s <= after.row.numbers.left_s <= after.row.numbers.high_s
    (version,) = after.learned.versions
    assert (version.in_use, version.lives, after.learned.lives) == (True, 12, 12)
    assert version.since < version.until
    assert after.learned.share is None, "nothing runs any more"
    assert (await pages.rows())[0].machine == "press-2"
    with pytest.raises(NotFound, match="watched"):
        await pages.train("lathe", by="pat")

    await pages.train("press", by="pat")
    await studio.look()
    again = (await pages.machine("press-2")).learned
    assert [v.number for v in again.versions] == [2, 1]
    assert again.versions[0].old_error_s is not None, "compared with the one in use"
    assert again.asked_by == ""
