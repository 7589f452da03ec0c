"""Rules as data of a node: versions, arming, the folder, and trials on its own history."""

import datetime as dt

import numpy as np
import pytest
from tests.unit.transmit.builders import Gaps

from hanse.decide import Engine, parse_rules
from hanse.model.errors import BadConfig, BadInput, Conflict, NotFound
from hanse.model.ids import Counter, Happening
from hanse.model.plant import Machine, Signal
from hanse.model.sample import frame
from hanse.model.time import UTC, StillClock, to_ns
from hanse.node.deciding.priming import known_values
from hanse.node.ruling import book
from hanse.node.ruling.book import RuleFile
from hanse.node.ruling.folder import signature, take_in
from hanse.node.ruling.trial import answer, question
from hanse.node.watching import read_floor
from hanse.store import Store
from hanse.transmit.history.writer import HistoryWriter

DAY = dt.datetime(2026, 3, 9, tzinfo=UTC)
HOT = """[[rule]]
key = "hot"
kind = "limit"
asset_type = "lathe"
signal = "vibration"
high = 5
on_delay_s = 2
off_delay_s = 2
"""


@pytest.fixture
def store(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path / 'r.sqlite'}", clock=StillClock(DAY), ids=Counter())

    def write(tx):
        for key in ("L1", "L2"):
            tx.machines.put(Machine(key=key, title=key, asset_type="lathe", work_centre="turning"))
            tx.signals.named(Signal(id=0, asset=key, name="vibration", unit="mm/s"))

    store.write_sync(write)
    yield store
    store.close()


def kept(store, text=HOT, key="own", **how):
    return store.write_sync(lambda tx: book.keep(tx, RuleFile(key=key, text=text, **how), by="ada"))


def armed(store):
    return {r.key for r in store.read_sync(book.armed_rules)[0]}


def test_a_kept_rule_is_armed_and_watched_and_its_change_is_an_event(store):
    event = kept(store)
    assert (event.kind, event.by, event.about["rules"]) == ("decide.rule_changed", "ada", ["hot"])
    floor = store.read_sync(read_floor)
    watched = [floor.watch(number, ()).engine.rules for number in floor.partitions()]
    assert all("hot" in {r.key for r in rules} for rules in watched)


def test_every_change_is_a_version_and_the_same_text_is_none(store):
    kept(store)
    assert kept(store) is None
    kept(store, HOT.replace("high = 5", "high = 6"))
    numbers = [v.number for v in store.read_sync(lambda tx: book.versions(tx, "own"))]
    assert numbers == [2, 1]


def test_versions_go_on_after_a_file_was_removed_and_added_again(store):
    kept(store)
    store.write_sync(lambda tx: book.forget(tx, "own", by="ada"))
    assert "hot" not in armed(store)
    kept(store)
    assert store.read_sync(lambda tx: book.rule_files(tx).need("own")).number == 2


def test_a_person_arms_and_disarms_any_rule_shipped_ones_too(store):
    assert "lathe-vibration-high" in armed(store)
    store.write_sync(lambda tx: book.arm(tx, "lathe-vibration-high", armed=False, by="ada"))
    assert "lathe-vibration-high" not in armed(store)
    store.write_sync(lambda tx: book.arm(tx, "lathe-machine-silent", armed=True, by="ada"))
    assert "lathe-machine-silent" in armed(store)
    with pytest.raises(Conflict):
        store.write_sync(lambda tx: book.arm(tx, "lathe-machine-silent", armed=True, by="ada"))
    with pytest.raises(NotFound):
        store.write_sync(lambda tx: book.arm(tx, "nothing", armed=True, by="ada"))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (HOT.replace("vibration", "vibratoin"), ("own.toml:5", "vibratoin", "vibration")),
        (HOT.replace("high = 5", "hihg = 5"), ("own.toml:6", "hihg", "high")),
        (HOT + 'title = { en = "x" }\n', ("own.toml:9", "title", "Add zh")),
        ("\n" + HOT.replace('"limit"', '"limits"'), ("own.toml:4", "limits", "limit")),
    ],
)
def test_an_error_names_the_line_the_word_and_the_fix(store, wrong, told):
    line, word, fix = told
    with pytest.raises(BadConfig) as raised:
        kept(store, wrong)
    assert raised.value.subject == line
    assert word in raised.value.what
    assert fix in raised.value.remedy


def test_two_files_cannot_have_a_rule_of_one_key(store):
    kept(store)
    with pytest.raises(BadConfig, match="hot"):
        kept(store, key="other")


def test_the_folder_is_taken_in_changed_and_removed_with_it(store, tmp_path):
    place = tmp_path / "rules"
    place.mkdir()
    assert signature(place) == {}
    (place / "shop.toml").write_text(HOT)
    assert store.write_sync(lambda tx: take_in(tx, place))
    assert "hot" in armed(store)
    with pytest.raises(Conflict, match="folder"):
        kept(store, HOT.replace("5", "7"), key="shop")
    (place / "shop.toml").write_text(HOT.replace("vibration", "nothing"))
    assert not store.write_sync(lambda tx: take_in(tx, place))
    assert "hot" in armed(store), "what stood before holds"
    (event,) = store.read_sync(lambda tx: tx.events.find(kind="decide.rule_refused"))
    assert "shop.toml:5" in event.text.en
    (place / "shop.toml").unlink()
    assert store.write_sync(lambda tx: take_in(tx, place))
    assert "hot" not in armed(store)


async def write_history(folder, signal, values):
    clock = StillClock(DAY + dt.timedelta(seconds=len(values)))
    writer = HistoryWriter(folder, clock=clock, gaps=Gaps())
    stamps = np.array([to_ns(DAY + dt.timedelta(seconds=s)) for s in range(len(values))], np.int64)
    writer.take(
        frame(
            Happening("shop/lathe", 1, 1),
            signal=np.full(len(values), signal, np.int32),
            at_ns=stamps,
            value=np.asarray(values, float),
            received_ns=int(stamps.max()),
        )
    )
    await writer.commit()
    return clock


async def test_a_trial_tells_what_a_rule_would_have_done_beside_the_signal(store, tmp_path):
    values = [1.0] * 60 + [9.0] * 30 + [1.0] * 60 + [9.0] * 1 + [1.0] * 60
    clock = await write_history(tmp_path / "history", 1, values)
    end = DAY + dt.timedelta(hours=1)
    asked = store.read_sync(lambda tx: question(tx, HOT, key="own", start=DAY, end=end))
    tried = answer(asked, tmp_path / "history", clock=clock)
    assert (tried.alarms, tried.chatter, tried.samples, tried.assets) == (1, 0, 211, 2)
    assert tried.alarms_by_asset == {"L1": 1}
    assert tried.delay_worst_s == 2.0
    (told,) = tried.told
    assert (told.start - DAY).total_seconds() == 62
    assert (told.end - DAY).total_seconds() == 92
    assert tried.lines[0].limits == (5.0,)
    assert len(tried.lines[0].at) == 211


def test_a_trial_says_when_nothing_can_be_tried(store):
    def ask(text, end=DAY):
        start = DAY - dt.timedelta(hours=1)
        return store.read_sync(lambda tx: question(tx, text, key="own", start=start, end=end))

    with pytest.raises(BadInput):
        ask(HOT, end=DAY - dt.timedelta(hours=2))
    with pytest.raises(NotFound):
        ask(HOT.replace('"lathe"', '"press"'))


async def test_an_engine_built_anew_begins_with_the_values_that_stand(store, tmp_path):
    clock = await write_history(tmp_path / "history", 1, [9.0] * 60)
    signals = store.read_sync(lambda tx: tx.signals.all())
    at_ns = clock.ns()
    known = await known_values(signals, tmp_path / "history", at_ns=at_ns, clock=clock)
    assert (known.signal.tolist(), known.value.tolist()) == ([1], [9.0])
    kept(store)
    assets, _ = store.read_sync(book.plant_of)
    engine = Engine(parse_rules(HOT), assets=assets, signals=signals)
    engine.feed(known)
    (told,) = engine.tick(at_ns + 3_000_000_000)
    assert told.active, "the value stands beyond the limit though nothing new came"
    assert await known_values([], tmp_path / "history", at_ns=at_ns, clock=clock) is None
