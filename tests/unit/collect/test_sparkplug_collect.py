"""The Sparkplug host's heart: codec and state of edge nodes, named after the 3.0 text."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.collect.test_intake import a_bind, an_intake

from hanse.collect import Mapping
from hanse.collect.connectors.sparkplug.codec import (
    BD_SEQ,
    DataType,
    Said,
    compressed,
    decode,
    encode,
    rebirth,
)
from hanse.collect.connectors.sparkplug.config import SparkplugConfig
from hanse.collect.connectors.sparkplug.host import (
    AskRebirth,
    Born,
    Died,
    Heard,
    Host,
    Kind,
    Lost,
    Values,
    topic_of,
)
from hanse.collect.connectors.sparkplug.source import Session, Wanted
from hanse.model.errors import BadInput
from hanse.model.sample import Quality
from hanse.model.time import StillClock

NODE, DEVICE = "g/n", "g/n/d"


def a_metric(name="", value=1.0, *, alias=None, at_ms=None, datatype=DataType.DOUBLE, old=False):
    return Said(name, alias, at_ms, datatype, value, old, None)


def heard(kind, device=""):
    return Heard(Kind(kind), "g", "n", device)


class Told:
    """A host and an edge node that counts for itself."""

    def __init__(self, **options):
        self.host = Host(**options)
        self.seq = -1
        self.at_s = 0.0

    def say(self, kind, *metrics, device="", seq=None, raw=None):
        if kind == "NBIRTH":
            self.seq = -1
        if kind != "NDEATH" and seq is None:
            self.seq = (self.seq + 1) % 256
            seq = self.seq
        payload = encode(metrics, at_ms=1_000, seq=seq) if raw is None else raw
        return self.host.hear(heard(kind, device), payload, at_s=self.at_s, at_ns=7)

    def born(self, bd=0):
        self.say("NBIRTH", a_metric(BD_SEQ, bd, datatype=DataType.INT64), a_metric("up", alias=1))
        return self.say("DBIRTH", a_metric("t", alias=2), a_metric("c"), device="d")


def kinds(deeds):
    return [type(d) for d in deeds]


@given(
    st.sampled_from([1, 2, 3, 4]).flatmap(
        lambda t: st.tuples(
            st.just(t), st.integers(-(2 ** (8 * 2 ** (t - 1) - 1)), 2 ** (8 * 2 ** (t - 1) - 1) - 1)
        )
    )
)
def test_signed_numbers_come_back_as_they_were(case):
    datatype, value = case
    said = decode(encode([a_metric("x", value, datatype=datatype)], at_ms=1)).metrics[0]
    assert said.value == value


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw):
    with contextlib.suppress(BadInput):
        assert decode(raw).metrics is not None


def test_texts_booleans_nulls_times_and_history_marks_come_back():
    metrics = [
        a_metric("s", "温度", datatype=DataType.STRING),
        a_metric("b", True, datatype=DataType.BOOLEAN),
        a_metric("n", None),
        a_metric("t", 1.5, datatype=DataType.DATETIME),
        a_metric("h", 2.0, old=True, at_ms=55),
    ]
    back = decode(encode(metrics, at_ms=9, seq=255))
    assert [m.value for m in back.metrics] == ["温度", True, None, 1.5, 2.0]
    assert (back.seq, back.at_ms) == (255, 9)
    assert back.metrics[4].is_historical
    assert back.metrics[4].at_ms == 55


def test_a_compressed_payload_is_opened():
    back = decode(compressed(encode([a_metric("x", 4.0)], at_ms=1, seq=3)))
    assert (back.seq, back.metrics[0].value) == (3, 4.0)


def test_a_compressed_payload_that_is_none_is_refused():
    with pytest.raises(BadInput):
        decode(compressed(b"")[:-9] + b"123456789")


@pytest.mark.parametrize(
    "topic",
    ["", "spBv1.0/g/NDATA", "spAv1.0/g/NDATA/n", "spBv1.0/g/XDATA/n", "spBv1.0/g/NDATA/n/d",
     "spBv1.0/g/DDATA/n", "spBv1.0//NDATA/n", "spBv1.0/STATE/host", "spBv1.0/g/DDATA/n/d/e"],
)  # fmt: skip
def test_topics_that_are_none_of_an_edge_node_are_passed(topic):
    assert topic_of(topic) is None


def test_births_tell_names_and_data_by_alias_or_name_find_them():
    node = Told()
    deeds = node.born()
    assert kinds(deeds) == [Born, Values]
    (values,) = node.say("DDATA", a_metric("", 5.0, alias=2), a_metric("c", 6.0), device="d")
    assert [(m.name, m.value) for m in values.metrics] == [("t", 5.0), ("c", 6.0)]


def test_data_before_its_birth_asks_for_a_rebirth_once_in_a_while():
    node = Told()
    assert kinds(node.say("NDATA", a_metric("x"))) == [AskRebirth]
    assert node.say("NDATA", a_metric("x")) == []
    node.at_s = 6.0
    assert kinds(node.say("DDATA", a_metric("x"), device="d")) == [AskRebirth]


def test_device_data_before_its_device_birth_asks_for_a_rebirth():
    node = Told()
    node.say("NBIRTH", a_metric("up", alias=1))
    assert kinds(node.say("DDATA", a_metric("x"), device="d")) == [AskRebirth]


def test_a_metric_that_is_not_in_the_birth_asks_for_a_rebirth_and_the_others_count():
    node = Told()
    node.born()
    values, ask = node.say("DDATA", a_metric("", 1.0, alias=99), a_metric("c", 2.0), device="d")
    assert [m.name for m in values.metrics] == ["c"]
    assert isinstance(ask, AskRebirth)


def test_a_message_that_was_overtaken_is_put_in_its_place():
    node = Told()
    node.born()
    assert node.say("DDATA", a_metric("c", 2.0), device="d", seq=3) == []
    deeds = node.say("DDATA", a_metric("c", 1.0), device="d", seq=2)
    assert [d.metrics[0].value for d in deeds] == [1.0, 2.0]
    node.at_s = 60.0
    assert node.host.tick(at_s=60.0) == []


def test_a_message_that_never_comes_is_a_loss_and_a_rebirth_after_the_reorder_timeout():
    node = Told(reorder_s=2.0)
    node.born()
    node.say("DDATA", a_metric("c", 2.0), device="d", seq=5)
    assert node.host.tick(at_s=1.9) == []
    assert kinds(node.host.tick(at_s=2.0)) == [Lost, AskRebirth]
    assert kinds(node.born()) == [Born, Values]


def test_without_a_reorder_timeout_a_hole_asks_at_once():
    node = Told(reorder_s=0.0)
    node.born()
    assert kinds(node.say("NDATA", a_metric("up"), seq=9)) == [Lost, AskRebirth]


def test_the_count_goes_round_after_255():
    node = Told()
    node.born()
    deeds = [node.say("DDATA", a_metric("c", float(n)), device="d") for n in range(600)]
    assert {tuple(kinds(d)) for d in deeds} == {(Values,)}


def test_a_death_makes_the_node_and_all_its_devices_stale():
    node = Told()
    node.born(bd=4)
    deeds = node.say("NDEATH", a_metric(BD_SEQ, 4, datatype=DataType.INT64))
    assert {d.owner for d in deeds if isinstance(d, Died)} == {NODE, DEVICE}
    back = node.born(bd=5)
    assert [d.gap_since_ns for d in back if isinstance(d, Born)] == [7]


def test_a_death_of_an_older_birth_is_not_believed():
    node = Told()
    node.born(bd=4)
    assert node.say("NDEATH", a_metric(BD_SEQ, 3, datatype=DataType.INT64)) == []
    assert kinds(node.say("NDATA", a_metric("up"))) == [Values]


def test_a_device_death_makes_only_that_device_stale():
    node = Told()
    node.born()
    assert [(d.owner, d.at_ms) for d in node.say("DDEATH", device="d")] == [(DEVICE, 1_000)]
    assert kinds(node.say("NDATA", a_metric("up"))) == [Values]
    assert kinds(node.say("DDATA", a_metric("c"), device="d")) == [AskRebirth]


def test_a_birth_that_does_not_begin_the_count_is_asked_for_again():
    assert kinds(Told().say("NBIRTH", a_metric("x"), seq=3)) == [AskRebirth]


def test_an_alias_given_twice_is_told():
    node = Told()
    node.say("NBIRTH", a_metric("up", alias=1))
    with pytest.raises(BadInput, match="twice"):
        node.say("DBIRTH", a_metric("t", alias=1), device="d")


def test_broken_payloads_are_told_and_the_next_birth_counts():
    node = Told()
    with pytest.raises(BadInput):
        node.say("NBIRTH", raw=b"\xff\xff\xff")
    assert kinds(node.born()) == [Born, Values]


def test_after_the_broker_was_lost_nothing_is_believed_before_a_birth():
    node = Told()
    node.born()
    node.host.forget()
    assert kinds(node.say("NDATA", a_metric("up"))) == [AskRebirth]


def test_the_rebirth_command_is_a_true_boolean_with_a_time_and_without_a_number():
    said = decode(rebirth(77))
    assert (said.at_ms, said.seq) == (77, None)
    (metric,) = said.metrics
    assert (metric.name, metric.value) == ("Node Control/Rebirth", True)
    assert metric.datatype == DataType.BOOLEAN


class AWorld:
    def __init__(self):
        self.clock = StillClock()


def a_session(*addresses):
    binds = [a_bind(n, kind="analog") for n, _ in enumerate(addresses, 1)]
    intake, packer = an_intake(*binds)
    points = [
        type(p)(slot=p.slot, address=a)
        for p, a in zip(Mapping(binds=tuple(binds)).points(), addresses, strict=True)
    ]
    return Session(SparkplugConfig(host="x"), points, intake, AWorld()), intake, packer


def test_values_carry_the_nodes_own_time_and_quality():
    session, _, packer = a_session("g/n/d:t", "g/n:up")
    at_ms = StillClock().ns() // 10**6 - 5_000
    stale = a_metric("t", 3.0, at_ms=at_ms)
    stale.quality = 500
    session._take(Values("g/n/d", [a_metric("t", 2.0, at_ms=at_ms), stale], at_ms - 1))
    session._take(Values("g/n", [a_metric("up", None)], at_ms))
    frame = packer.cut(0)
    assert frame.at_ns.tolist() == [at_ms * 10**6] * 3
    assert frame.quality.tolist() == [Quality.GOOD, Quality.UNCERTAIN, Quality.BAD]


def test_a_dead_device_gives_bad_samples_an_event_and_later_a_gap():
    session, intake, packer = a_session("g/n/d:t")
    session._died(Died("g/n/d"))
    assert packer.cut(0).quality.tolist() == [Quality.BAD]
    assert intake.events[0].kind == "collect.device_offline"
    session._born(Born("g/n/d", 5))
    (gap,) = intake.gaps.take()
    assert (gap.start_ns, gap.signals) == (5, (1,))


def test_wrong_addresses_are_told():
    intake, _ = an_intake()
    points = Mapping(binds=(a_bind(1), a_bind(2))).points()
    assert Wanted(points, intake).metrics == {}
    assert intake.troubles.count == 2
