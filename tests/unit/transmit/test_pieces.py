"""Row groups of one file with different encodings: smaller, and read by anyone."""

import io

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.model.errors import Broken
from hanse.transmit.history import pieces, thrift
from hanse.transmit.history.pieces import ROW_GROUP_ROWS, ROW_GROUP_ROWS_MIN, PieceWriter, blocks

N = 10_000
DICE = np.random.default_rng(5)
KINDS = (
    np.round(DICE.normal(20, 1, N), 1),
    DICE.normal(20, 1, N).astype(np.float32).astype(float),
    (DICE.random(N) < 0.3).cumsum().astype(float),
    np.repeat(DICE.integers(0, 9, N // 100), 100).astype(float),
    np.full(N, np.nan),
)


def a_table(columns, counts=None):
    counts = [len(c) for c in columns] if counts is None else counts
    signal = np.repeat(np.arange(len(columns), dtype=np.int32), counts)
    at = np.concatenate([np.arange(n) * 1_000 + 7 for n in counts])
    value = np.concatenate([c[:n] for c, n in zip(columns, counts, strict=True)])
    return pa.table({"signal": signal, "time": pa.array(at, pa.timestamp("us")), "value": value})


def written(path, *tables):
    with path.open("wb") as file:
        writer = PieceWriter(file, level=3)
        for table in tables:
            writer.write(table)
        writer.close()
    return pq.read_metadata(path)


def plain_bytes(table):
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.tell()


def test_every_engine_reads_what_was_written_and_it_is_smaller(tmp_path):
    table, path = a_table(KINDS * 2), tmp_path / "x.parquet"
    footer = written(path, table, a_table(KINDS))
    assert footer.num_rows == 15 * N
    assert path.stat().st_size < 0.7 * plain_bytes(table)
    want = np.concatenate(KINDS * 3)
    for found in (
        pq.read_table(path)["value"].to_numpy(),
        pl.read_parquet(path)["value"].to_numpy(),
        duckdb.sql(f"select value from read_parquet('{path}')").fetchnumpy()["value"],
    ):
        np.testing.assert_array_equal(np.asarray(found), want)
    counted = duckdb.sql(f"select count(*) from read_parquet('{path}') where signal = 3")
    assert counted.fetchall() == [(2 * N,)]


def test_row_groups_hold_whole_signals_that_want_the_same_encoding(tmp_path):
    footer = written(tmp_path / "x.parquet", a_table(KINDS))
    encodings = {
        footer.row_group(g).column(0).statistics.min: footer.row_group(g).column(2).encodings
        for g in range(footer.num_row_groups)
    }
    assert "RLE_DICTIONARY" in encodings[0]
    assert "BYTE_STREAM_SPLIT" in encodings[1]


@given(st.lists(st.integers(1, 3 * ROW_GROUP_ROWS_MIN), min_size=1, max_size=12))
def test_blocks_cover_a_table_once_and_cut_no_signal(counts):
    columns = [np.resize(KINDS[i % 2], n) for i, n in enumerate(counts)]
    table = a_table(columns)
    found = list(blocks(table))
    ends = {0, *np.cumsum(counts).tolist()}
    assert [a for a, *_ in found] == [0, *[b for _, b, _ in found][:-1]]
    assert found[-1][1] == sum(counts)
    assert all(b in ends and b - a <= max(ROW_GROUP_ROWS, *counts) for a, b, _ in found)


def test_a_footer_is_written_as_it_was_read():
    out = io.BytesIO()
    pq.write_table(a_table(KINDS), out, row_group_size=500)
    raw = out.getvalue()
    length = int.from_bytes(raw[-8:-4], "little")
    footer = raw[-8 - length : -8]
    assert thrift.encode(thrift.decode(footer)) == footer


def test_a_footer_of_another_shape_is_refused():
    with pytest.raises(Broken, match="unknown shape"):
        thrift.decode(bytes([0x1B, 0]))


def test_the_limit_of_a_row_group_is_kept(monkeypatch):
    monkeypatch.setattr(pieces, "ROW_GROUP_ROWS", 25_000)
    assert [b - a for a, b, _ in blocks(a_table(KINDS[:1] * 5))] == [2 * N, 2 * N, N]
