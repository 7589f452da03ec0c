import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.collect.connectors.modbus.blocks import (
    Table,
    Want,
    decode,
    encode,
    gather,
    halves,
    want_of,
)
from hanse.model.errors import BadConfig

WANTS = st.lists(
    st.builds(
        Want,
        st.integers(1, 3),
        st.sampled_from(Table),
        st.integers(0, 3000),
        st.integers(1, 4),
        st.integers(0, 999),
        st.just("uint16"),
    ),
    max_size=60,
)


@given(WANTS, st.integers(4, 125), st.integers(0, 40))
def test_every_want_is_in_exactly_one_block_that_covers_it(wants, width, hole):
    blocks = gather(wants, width=width, hole=hole)
    assert sorted(w for b in blocks for w in b.wants) == sorted(wants)
    for block in blocks:
        most = min(width * 16, 2000) if block.table.is_bits else width
        assert block.count <= most
        for want in block.wants:
            assert (want.unit, want.table) == (block.unit, block.table)
            assert block.address <= want.address
            assert want.address + want.count <= block.address + block.count


@given(WANTS)
def test_halving_ends_with_single_wants_and_loses_none(wants):
    todo, single = gather(wants, width=125, hole=40), []
    while todo:
        block = todo.pop()
        smaller = halves(block)
        single += [] if smaller else block.wants
        todo += smaller
    assert sorted(single) == sorted(wants)


@pytest.mark.parametrize(
    ("address", "type_", "table", "at", "count"),
    [
        ("holding:100", "", Table.HOLDING, 100, 1),
        ("40101", "float32", Table.HOLDING, 100, 2),
        ("30001", "int16", Table.INPUT, 0, 1),
        ("coil:5", "", Table.COIL, 5, 1),
        ("00006", "", Table.COIL, 5, 1),
        ("input:7@3", "string:4", Table.INPUT, 7, 4),
        ("400001", "float64-low", Table.HOLDING, 0, 4),
    ],
)
def test_addresses_are_read_in_both_notations(address, type_, *, table, at, count):
    want = want_of(address, type_, slot=0, unit=1)
    assert (want.table, want.address, want.count) == (table, at, count)


@pytest.mark.parametrize(
    ("address", "type_"),
    [("", ""), ("holding:-1", ""), ("99", ""), ("holding:65535", "float32"), ("40101", "int7"),
     ("holding:1", "bit:16"), ("holding:1@999", ""), ("holding:1", "string:99"), ("x:1", "")],
)  # fmt: skip
def test_what_is_no_address_is_refused(address, type_):
    with pytest.raises(BadConfig):
        want_of(address, type_, slot=0, unit=1)


@given(st.floats(width=32, allow_nan=False), st.booleans())
def test_a_number_written_is_the_number_read(value, low_first):
    words = encode(value, "float32", low_first=low_first)
    assert decode(words, "float32", low_first=low_first) == value


def test_bits_words_and_texts_are_decoded():
    assert decode([0b1000], "bit:3", low_first=False) is True
    assert decode([0xFFFF], "int16", low_first=False) == -1
    assert decode([0, 1], "uint32", low_first=False) == 1
    assert decode([0, 1], "uint32-low", low_first=False) == 65536
    assert decode([0x4C2D, 0x3230, 0], "string:3", low_first=False) == "L-20"


def test_a_value_that_does_not_fit_is_refused():
    with pytest.raises(BadConfig):
        encode(70_000, "uint16", low_first=False)
