import asyncio
import concurrent.futures
import datetime as dt
import json
import threading

import duckdb
import numpy as np
import polars as pl
import pytest
from deltalake import DeltaTable
from tests.unit.transmit.builders import Gaps

from hanse.model.errors import Conflict
from hanse.model.ids import Happening
from hanse.model.sample import Quality
from hanse.model.sample import frame as checked_frame
from hanse.model.time import StillClock, from_ns, to_ns
from hanse.transmit.history import delta
from hanse.transmit.history import merge as merging
from hanse.transmit.history.delta import Log
from hanse.transmit.history.files import SAMPLE_COLUMNS
from hanse.transmit.history.keep import Keep, Keeping
from hanse.transmit.history.merge import Merger
from hanse.transmit.history.query import History
from hanse.transmit.history.rollup import MINUTE_US
from hanse.transmit.history.table import Tokens, age, partition_path
from hanse.transmit.history.writer import HistoryWriter

DAY = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
HOUR_S = 3_600


def at(seconds):
    return DAY + dt.timedelta(seconds=seconds)


def a_frame(seq, seconds, values, *, signal=0, source="shop/lathe", received_s=None, **more):
    """Values of one signal at some seconds of the day."""
    stamps = np.array([to_ns(at(s)) for s in seconds], np.int64)
    received = stamps.max() if received_s is None else to_ns(at(received_s))
    return checked_frame(
        Happening(source, 1, seq),
        signal=np.full(len(seconds), signal, np.int32),
        at_ns=stamps,
        value=np.asarray(values, float),
        received_ns=int(received),
        **more,
    )


class House:
    """A writer, a reader and a merger over one folder."""

    def __init__(self, folder, *, start=DAY, classes=None, keeping=None):
        self.folder = folder
        self.clock = StillClock(start)
        self.gaps = Gaps()
        self.keeping = keeping
        self.frames = 0
        self.classes = classes
        self.open()

    def open(self):
        self.writer = HistoryWriter(
            self.folder, clock=self.clock, gaps=self.gaps, classes=self.classes
        )
        self.history = History(
            self.folder, clock=self.clock, tail=self.writer.tail, last=self.writer.last
        )

    async def keep(self, *frames):
        taken = [self.writer.take(f) for f in frames]
        await self.writer.commit()
        return taken

    def merge(self, after_s=0):
        self.clock.advance(after_s)
        return Merger(self.folder, clock=self.clock, keeping=self.keeping).run()

    def values(self, signal=0, start=0, end=48 * HOUR_S):
        rows = self.history.rows([signal], to_ns(at(start)) // 1000, to_ns(at(end)) // 1000)
        return rows.value.tolist()


async def test_what_is_taken_is_asked_for_at_once_and_again_after_a_restart(tmp_path):
    house = House(tmp_path)
    house.writer.take(a_frame(0, [1, 2], [10, 20]))
    assert house.values() == [10, 20]
    await house.writer.commit()
    assert house.values() == [10, 20]
    house.open()
    assert house.values() == [10, 20]
    assert house.history.last().value.tolist() == [20]


async def test_a_frame_has_its_effect_once_before_and_after_a_restart(tmp_path):
    house = House(tmp_path)
    assert await house.keep(a_frame(0, [1], [10]), a_frame(0, [1], [10])) == [True, False]
    house.open()
    assert await house.keep(a_frame(0, [1], [99]), a_frame(1, [2], [20])) == [False, True]
    assert house.values() == [10, 20]
    assert house.writer.status().duplicate_frames == 1


async def test_what_was_not_committed_is_not_covered(tmp_path):
    house = House(tmp_path)
    await house.keep(a_frame(0, [1], [10]))
    house.writer.take(a_frame(1, [2], [20]))
    house.open()
    assert house.writer.take(a_frame(1, [2], [20]))
    assert house.values() == [10, 20]


def test_files_of_one_instant_are_in_the_order_they_were_written():
    tokens = Tokens(StillClock(DAY))
    paths = [partition_path("long", "2026-03-09", f"L0-h00-{tokens.new()}") for _ in range(40)]
    assert sorted(paths, key=age) == paths
    assert age(partition_path("long", "2026-03-09", f"L2-{tokens.new()}")) < age(paths[0])


async def test_late_and_repeated_samples_are_put_right(tmp_path):
    house = House(tmp_path)
    await house.keep(a_frame(0, [10, 30, 20], [1, 3, 2]))
    await house.keep(a_frame(1, [15, 20], [1.5, 2.2]))
    assert house.values() == [1, 1.5, 2.2, 3]
    house.merge(3 * 86_400)
    assert house.values() == [1, 1.5, 2.2, 3]


async def test_quality_delay_and_texts_are_kept_as_sent(tmp_path):
    house = House(tmp_path)
    await house.keep(
        a_frame(
            0,
            [1, 2, 3],
            [1, 2, np.nan],
            quality=np.array([0, 1, 2], np.uint8),
            texts={2: "停机 stopped"},
            received_s=5,
        )
    )
    for _ in range(2):
        series = house.history.range(0, at(0), at(10))
        assert series.quality.tolist() == [0, 1, 2]
        assert series.text.tolist() == [None, None, "停机 stopped"]
        rows = house.history.rows([0], 0, 2**60, lean=False)
        assert rows.delay_ms.tolist() == [4_000, 3_000, 2_000]
        house.merge(3 * 86_400)


@pytest.mark.parametrize("wrong", [dt.datetime(1970, 1, 1), dt.datetime(2090, 1, 1)])
async def test_a_time_that_cannot_be_is_replaced_marked_and_counted(tmp_path, wrong):
    house = House(tmp_path)
    stamps = np.array([to_ns(wrong.replace(tzinfo=dt.UTC)), to_ns(at(1))], np.int64)
    frame = checked_frame(
        Happening("s", 1, 0),
        signal=np.zeros(2, np.int32),
        at_ns=stamps,
        value=np.array([7.0, 8.0]),
        received_ns=to_ns(at(5)),
    )
    await house.keep(frame)
    series = house.history.range(0, at(0), at(10))
    assert series.value.tolist() == [8, 7]
    assert series.quality.tolist() == [Quality.GOOD, Quality.UNCERTAIN]
    assert house.writer.status().unbelievable_times == 1


async def test_a_number_left_out_becomes_a_gap(tmp_path):
    house = House(tmp_path)
    await house.keep(a_frame(0, [1], [1]), a_frame(3, [9], [2]))
    (gap,) = house.gaps
    assert (gap.start_ns, gap.end_ns) == (to_ns(at(1)), to_ns(at(9)))
    assert "1 to 2" in gap.detail


async def many_hours(house, hours, *, signals=3, step_s=60):
    for hour in hours:
        for signal in range(signals):
            seconds = np.arange(hour * HOUR_S, (hour + 1) * HOUR_S, step_s)
            values = np.sin(seconds / 500) + signal
            frame = a_frame(house.frames, seconds.tolist(), values, signal=signal)
            house.frames += 1
            house.writer.take(frame)
        await house.writer.commit()


async def test_hours_then_days_are_merged_and_say_the_same(tmp_path):
    house = House(tmp_path, start=at(6 * HOUR_S))
    await many_hours(house, range(6))
    await house.keep(a_frame(100, [30], [5.0]))
    before = house.values()
    assert house.merge(0).into == 5
    assert house.values() == before
    assert house.merge(2 * 86_400).into == 1
    assert len(house.history.paths()) == 1
    assert house.values() == before
    assert house.merge().into == 0


async def test_rollups_are_those_of_the_samples_merged_or_not(tmp_path):
    house = House(tmp_path, start=at(6 * HOUR_S))
    await many_hours(house, range(6), step_s=2)
    asked = ([0, 2], at(HOUR_S / 2), at(5.5 * HOUR_S))
    plain = {w: house.history.rolled(*asked, width_us=w) for w in (MINUTE_US, 3_600_000_000)}
    assert len(plain[3_600_000_000]) == 12
    for wait in (0, 2 * 86_400):
        house.merge(wait)
        for width, want in plain.items():
            got = house.history.rolled(*asked, width_us=width)
            for name in ("signal", "at_us", "count", "min", "max", "mean", "last", "held", "good"):
                np.testing.assert_allclose(getattr(got, name), getattr(want, name), rtol=1e-9)
    await house.keep(a_frame(999, [2 * HOUR_S + 1], [50.0]))
    late = house.history.rolled([0], at(2 * HOUR_S), at(3 * HOUR_S))
    assert late.max.tolist() == [50.0]
    house.writer.take(a_frame(1_000, [2 * HOUR_S + 3], [60.0]))
    assert house.history.rolled([0], at(2 * HOUR_S), at(3 * HOUR_S)).max.tolist() == [60.0]


async def test_minutes_of_slow_signals_are_computed_and_not_stored(tmp_path):
    house = House(tmp_path)
    await many_hours(house, [0], step_s=30)
    want = house.history.rolled([1], at(0), at(HOUR_S), width_us=MINUTE_US)
    house.merge(2 * 86_400)
    assert list(tmp_path.glob("minutes/kept=*/day=*/*.parquet")) == []
    got = house.history.rolled([1], at(0), at(HOUR_S), width_us=MINUTE_US)
    assert got.count.tolist() == want.count.tolist() == [2] * 60


async def test_a_big_day_is_merged_signal_group_by_signal_group(tmp_path, monkeypatch):
    monkeypatch.setattr(merging, "MERGE_ROWS_MAX", 100)
    house = House(tmp_path)
    await many_hours(house, range(4), signals=5)
    before = [house.values(s) for s in range(5)]
    house.merge(2 * 86_400)
    assert [house.values(s) for s in range(5)] == before


async def test_values_as_of_an_instant_are_the_last_before_it(tmp_path):
    house = House(tmp_path)
    await house.keep(a_frame(0, [10, 20], [1, 2]), a_frame(1, [5], [9], signal=1))
    house.merge(3 * 86_400)
    await house.keep(a_frame(2, [86_400 * 2], [3]))
    assert house.history.as_of([0, 1, 7], at(19)).value.tolist() == [1, 9]
    assert house.history.as_of([0], at(20)).value.tolist() == [2]
    assert house.history.as_of([0], at(86_400 * 3)).value.tolist() == [3]


async def test_classes_are_kept_for_their_own_time(tmp_path):
    keeping = Keeping(
        classes={"standard": Keep(days=100), "fast": Keep(days=2)}, signals={1: "fast"}
    )
    house = House(tmp_path, keeping=keeping, classes=keeping.signals)
    await many_hours(house, range(2), signals=2)
    house.merge(5 * 86_400)
    assert house.values(1) == []
    assert len(house.values(0)) == 120
    assert len(house.history.rolled([1], at(0), at(2 * HOUR_S))) == 2


async def test_a_signal_that_is_chosen_later_falls_into_its_class(tmp_path):
    keeping = Keeping(classes={"standard": Keep(days=100), "fast": Keep(days=2)})
    house = House(tmp_path, keeping=keeping)
    house.writer.classify({1: "fast"})
    await many_hours(house, range(2), signals=2)
    house.merge(5 * 86_400)
    assert (house.values(1), len(house.values(0))) == ([], 120)


async def test_files_that_left_the_table_are_deleted_an_hour_later(tmp_path):
    house = House(tmp_path)
    await many_hours(house, range(3))
    house.merge(2 * 86_400)
    on_disk = lambda: len(list(tmp_path.glob("samples/kept=*/day=*/*.parquet")))  # noqa: E731
    assert on_disk() == 4
    house.merge(merging.REMOVED_KEPT_S + 60)
    assert on_disk() == 1


async def test_other_engines_read_the_table_while_the_node_writes(tmp_path):
    house = House(tmp_path)
    for hour in range(3):
        await many_hours(house, [hour], signals=2)
        house.writer.take(a_frame(900 + hour, [hour], [0.0], source="other", signal=7))
        n = 120 * (hour + 1) + hour
        uri = str(tmp_path / "samples")
        assert pl.scan_delta(uri).select(pl.len()).collect().item() == n
        paths = [str(p) for p in house.history.paths()]
        assert duckdb.sql(f"select count(*) from read_parquet({paths})").fetchall() == [(n,)]
        assert DeltaTable(uri).version() == house.writer.status().version
        if hour == 1:
            house.merge(2 * 86_400)
    schema = {f.name: str(f.type) for f in DeltaTable(uri).schema().fields}
    assert "timestamp" in schema["time"]


async def test_deltalake_makes_a_checkpoint_and_everything_is_still_known(tmp_path, monkeypatch):
    monkeypatch.setattr(merging, "CHECKPOINT_COMMITS", 5)
    house = House(tmp_path)
    await many_hours(house, range(8))
    before = house.values()
    merging.checkpoint(house.writer.table.log)
    assert (tmp_path / "samples/_delta_log/_last_checkpoint").exists()
    house.open()
    assert house.values() == before
    assert not house.writer.take(a_frame(0, [1], [1]))
    assert DeltaTable(str(tmp_path / "samples")).transaction_version("shop/lathe|1|0") == 23


async def test_a_merge_that_comes_too_late_leaves_everything_as_it_is(tmp_path):
    house = House(tmp_path)
    await many_hours(house, range(3))
    house.clock.advance(2 * 86_400)
    slow = Merger(tmp_path, clock=house.clock)
    (task,) = merging.tasks(slow._samples.refresh(), now_us=house.clock.ns() // 1_000)
    house.merge()
    before = house.values()
    assert slow._merge(task) is False
    assert house.values() == before


def test_two_writers_of_one_log_never_lose_a_commit(tmp_path):
    clock = StillClock(DAY)
    one, two = (Log(tmp_path, SAMPLE_COLUMNS, clock=clock) for _ in range(2))
    one.commit(spans={"a": 1})
    two.commit(spans={"b": 2})
    assert one.refresh().spans == {"a": 1, "b": 2}
    with pytest.raises(Conflict):
        one.commit(remove=["kept=x/day=y/z.parquet"])


def test_a_log_that_several_threads_make_at_once_is_made_whole(tmp_path):
    def make(n):
        return Log(tmp_path / f"{n // 4}", SAMPLE_COLUMNS, clock=StillClock(DAY)).state.version

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        assert set(threads.map(make, range(80))) == {0}


async def test_an_interrupted_commit_leaves_the_table_as_it_was(tmp_path):
    house = House(tmp_path)
    await house.keep(a_frame(0, [1], [1]))
    log = tmp_path / "samples/_delta_log"
    (log / ".2.77.tmp").write_text(json.dumps({"add": {}}))
    (tmp_path / "samples/kept=standard/day=2026-03-09/L0-h00-stray.parquet").write_bytes(b"half")
    house.open()
    assert house.values() == [1]


async def test_a_disk_that_refuses_keeps_what_was_taken_and_acknowledges_nothing(
    tmp_path, monkeypatch
):
    house = House(tmp_path)
    house.writer.take(a_frame(0, [1], [1]))
    real = house.writer.table.append

    def full(*_, **__):
        raise OSError(28, "no space left")

    monkeypatch.setattr(house.writer.table, "append", full)
    with pytest.raises(OSError, match="no space"):
        await house.writer.commit()
    assert house.values() == [1]
    monkeypatch.setattr(house.writer.table, "append", real)
    await house.writer.commit()
    assert house.values() == [1]
    assert house.writer.status().pending_samples == 0


async def test_history_is_exported_to_files_anyone_opens(tmp_path):
    house = House(tmp_path / "h")
    await house.keep(a_frame(0, [1, 2], [1.5, 2.5]))
    for name in ("out.csv", "out.parquet"):
        assert house.history.export(tmp_path / name, [0], at(0), at(10)) == 2
    assert "1.5" in (tmp_path / "out.csv").read_text()
    assert pl.read_parquet(tmp_path / "out.parquet")["value"].to_list() == [1.5, 2.5]
    with pytest.raises(Exception, match="csv or"):
        house.history.export(tmp_path / "out.xls", [0], at(0), at(10))


async def test_last_values_survive_a_merge_and_a_restart(tmp_path):
    house = House(tmp_path)
    await many_hours(house, range(2))
    before = house.history.last().value.tolist()
    house.merge(2 * 86_400)
    house.open()
    assert house.history.last().value.tolist() == before
    assert from_ns(int(house.history.last([1]).at_us[0]) * 1_000) == at(2 * HOUR_S - 60)
    elsewhere = History(tmp_path, clock=house.clock)
    assert elsewhere.last([1]).value.tolist() == before[1:2]


class Arrived:
    def __init__(self, frame):
        self.what, self.acknowledged = frame, False

    async def done(self):
        self.acknowledged = True


async def test_a_writer_stopped_during_a_commit_writes_everything_once(tmp_path, monkeypatch):
    house = House(tmp_path)
    entered, released = threading.Event(), threading.Event()
    real = house.writer.table.append

    def slow(*args, **more):
        entered.set()
        released.wait(10)
        return real(*args, **more)

    monkeypatch.setattr(house.writer.table, "append", slow)
    arrivals = [Arrived(a_frame(n, [n], [n])) for n in range(4)]
    waiting = [arrivals[:2], arrivals[2:]]

    class Feed:
        async def take(self, limit, *, wait_s):
            await asyncio.sleep(0.01)
            if waiting:
                house.clock.advance(60)
                return waiting.pop(0)
            return []

    running = asyncio.create_task(house.writer.run(Feed()))
    while not entered.is_set() or waiting:
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.sleep(0.05)
    released.set()
    await asyncio.gather(running, return_exceptions=True)
    assert all(a.acknowledged for a in arrivals)
    assert house.values() == [0, 1, 2, 3]
    assert sum(f.rows for f in house.writer.table.log.refresh().files.values()) == 4


async def test_a_commit_stands_though_the_last_values_beside_it_could_not_be_written(tmp_path):
    house = House(tmp_path)
    (tmp_path / "last.tmp").mkdir()
    await house.keep(a_frame(0, [1], [10]))
    await house.keep(a_frame(1, [2], [20]))
    assert sum(f.rows for f in house.writer.table.log.refresh().files.values()) == 2
    house.open()
    assert house.history.last().value.tolist() == [20]


async def test_files_of_a_commit_that_stands_are_never_taken_away(tmp_path, monkeypatch):
    house = House(tmp_path)
    monkeypatch.setattr(delta, "sync_folder", disk_fails)
    with pytest.raises(OSError, match="no space"):
        await house.keep(a_frame(0, [1], [10]))
    monkeypatch.undo()
    house.open()
    assert house.values() == [10]


def disk_fails(_):
    raise OSError("no space")
