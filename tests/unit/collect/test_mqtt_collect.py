import struct

import pytest
from tests.unit.collect.test_intake import a_bind, an_intake

from hanse.collect import Mapping
from hanse.collect.connectors.mqtt.config import MqttConfig
from hanse.collect.connectors.mqtt.payload import leaves, read
from hanse.collect.connectors.mqtt.source import give, topics_of
from hanse.model.errors import BadInput
from hanse.model.time import StillClock, parse_instant, to_ns

CONFIG = MqttConfig(host="x")


@pytest.mark.parametrize(
    ("payload", "type_", "value"),
    [
        (b"12.5", "", 12.5),
        (b'{"a": 1}', "", {"a": 1}),
        (b"running", "", "running"),
        (b"1;2;3", "csv:1", "2"),
        (b"a,b", "csv:0", "a"),
        (struct.pack(">xf", 1.5), "float32@1", 1.5),
        (struct.pack("<h", -2), "int16-le", -2),
    ],
)
def test_payloads_are_read_as_their_type_says(payload, type_, value):
    assert read(payload, type_, has_path=False) == value


@pytest.mark.parametrize(
    ("payload", "type_"),
    [(b"{", "json"), (b"[" * 200_000, "json"), (b"\xff\xfe", ""), (b"1", "float64"),
     (b"1;2", "csv:9"), (b"x", "rubbish"), (b'{"a": NaN}', "json")],
)  # fmt: skip
def test_a_payload_that_is_not_what_its_type_says_is_told(payload, type_):
    with pytest.raises(BadInput):
        read(payload, type_, has_path=False)


def test_the_payloads_own_time_is_kept():
    clock = StillClock(parse_instant("2026-03-09T10:00:00Z"))
    bind = a_bind(1, path="d.load")
    intake, packer = an_intake(bind, clock=clock)
    point = Mapping(binds=(bind,)).points()[0]
    config = MqttConfig(host="x", time_path="ts")
    for ts in ('"2026-03-09T09:59:58Z"', "1773050398", "1773050398000", '"nonsense"'):
        give(point, f'{{"ts": {ts}, "d": {{"load": 3}}}}'.encode(), config, intake)
    sent = to_ns(parse_instant("2026-03-09T09:59:58Z"))
    assert packer.cut(0).at_ns.tolist() == [sent, sent, sent, clock.ns()]


def test_bad_payloads_are_counted_and_the_next_one_counts():
    bind = a_bind(1, path="a")
    intake, packer = an_intake(bind)
    point = Mapping(binds=(bind,)).points()[0]
    for payload in (b"{", b'{"a": 1}', b"\x00\xff", b'{"a": 2}'):
        give(point, payload, CONFIG, intake)
    assert packer.cut(0).value.tolist() == [1.0, 2.0]
    assert intake.troubles.count == 2


def test_wildcards_and_unknown_types_are_told():
    intake, _ = an_intake()
    points = Mapping(binds=(a_bind(1), a_bind(2, type="float99"))).points()
    assert list(topics_of(points, intake)) == ["a1"]
    assert intake.troubles.count == 1


def test_every_leaf_of_a_payload_is_found_with_its_path():
    value = {"a": [1, {"b": "x"}], "c": True, "odd.name": 3}
    assert list(leaves(value)) == [("a[0]", 1), ("a[1].b", "x"), ("c", True)]
