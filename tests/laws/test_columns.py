"""Columns go to Arrow and back as they were, and pandas is not asked."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hanse.transmit.history.columns import column_of, texts_of, values_of

KINDS = (np.int8, np.int32, np.int64, np.float32, np.float64)
COLUMNS = st.sampled_from(KINDS).flatmap(lambda kind: hnp.arrays(kind, st.integers(0, 50)))
TEXTS = st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8))


@given(COLUMNS)
def test_numbers_come_back_as_they_were(values):
    column = column_of(values)
    column.validate(full=True)
    np.testing.assert_array_equal(values_of(column), values)


@given(COLUMNS, st.data())
def test_a_part_of_a_column_in_several_chunks_comes_back_as_that_part(values, data):
    cut = data.draw(st.integers(0, len(values)))
    skip = data.draw(st.integers(0, len(values)))
    table = pa.table([pa.chunked_array([column_of(values[:cut]), column_of(values[cut:])])], ["c"])
    np.testing.assert_array_equal(values_of(table.slice(skip).column("c")), values[skip:])


@given(COLUMNS, st.integers(1, 3))
def test_every_second_value_is_laid_out_anew(values, step):
    np.testing.assert_array_equal(values_of(column_of(values[::step])), values[::step])


@given(TEXTS)
def test_texts_come_back_as_they_were(texts):
    column = texts_of(texts)
    column.validate(full=True)
    assert column.to_pylist() == texts


def test_a_time_is_a_number_under_another_name():
    column = column_of(np.array([0, 1_000_000]), pa.timestamp("us", "UTC"))
    assert [t.isoformat() for t in column.to_pylist()] == [
        "1970-01-01T00:00:00+00:00",
        "1970-01-01T00:00:01+00:00",
    ]


def test_nulls_of_other_engines_are_no_number():
    assert np.isnan(values_of(pa.array([1.5, None], pa.float64()))[1])
    assert values_of(pa.array([3, None], pa.int32())).tolist() == [3, 0]


WORK = """
import asyncio, pathlib, sys, tempfile
import numpy as np
from hanse.model.ids import Happening
from hanse.model.sample import frame
from hanse.model.time import StillClock, from_ns
from hanse.transmit.history.merge import Merger
from hanse.transmit.history.query import History
from hanse.transmit.history.writer import HistoryWriter

async def gap(_gap): pass
HOUR = 3_600 * 10**9
with tempfile.TemporaryDirectory() as there:
    home, clock = pathlib.Path(there), StillClock(from_ns(500_000 * HOUR))
    writer = HistoryWriter(home, clock=clock, gaps=gap)
    at = np.arange(100, dtype=np.int64) * 10**9 + 499_990 * HOUR
    writer.take(frame(Happening("s", 1, 0), signal=np.zeros(100, np.int32), at_ns=at,
        value=np.arange(100.0), received_ns=int(at.max()), texts={3: "three"}))
    asyncio.run(writer.commit())
    Merger(home, clock=clock).run()
    history = History(home, clock=clock)
    assert len(history.rows([0], 0, 2**60)) == 100
    assert len(history.rolled([0], from_ns(499_980 * HOUR), from_ns(500_000 * HOUR)).count)
print("pandas" in sys.modules)
"""


def test_keeping_and_asking_never_import_pandas():
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "False", done.stderr[-2000:]
