import numpy as np
import pytest

from hanse.collect import Bind, Mapping, bind, from_toml, lines_of, to_toml
from hanse.collect.gaps import GapBook
from hanse.collect.intake import Gathering
from hanse.collect.packing import BUFFER_SAMPLES_MAX, Packer
from hanse.collect.picking import pick
from hanse.model.errors import BadConfig
from hanse.model.plant import Signal, SignalKind
from hanse.model.sample import GapReason, Quality
from hanse.model.time import NS_PER_S, StillClock


def a_bind(number=1, **changes):
    kind = changes.pop("kind", SignalKind.ANALOG)
    signal = Signal(id=number, asset="m1", name=f"s{number}", kind=kind)
    return Bind(signal=signal, address=f"a{number}", **changes)


def an_intake(*binds, clock=None):
    clock = clock or StillClock()
    packers = {0: Packer("node/dev", 1)}
    book = GapBook("dev", heard_ns=clock.ns())
    return Gathering(
        Mapping(binds=binds), packers=packers, partition=lambda _: 0, gaps=book, clock=clock
    ), packers[0]


def test_numbers_booleans_and_numbers_in_text_become_samples():
    intake, packer = an_intake(a_bind(1), a_bind(2, kind=SignalKind.FLAG))
    for value in (1.5, 2, True, "3.25", " 4 "):
        intake.take(0, value)
    intake.take(1, "off")
    frame = packer.cut(9)
    assert frame.value.tolist() == [1.5, 2.0, 1.0, 3.25, 4.0, 0.0]
    assert set(frame.quality.tolist()) == {Quality.GOOD}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, "wet", [1.0], b"x", {}])
def test_what_is_not_a_number_becomes_a_bad_sample_and_is_told(value):
    intake, packer = an_intake(a_bind())
    intake.take(0, value)
    frame = packer.cut(0)
    assert np.isnan(frame.value[0])
    assert frame.quality[0] == Quality.BAD
    assert intake.troubles.count == 1


def test_texts_of_text_and_state_signals_travel_beside():
    intake, packer = an_intake(a_bind(1, kind=SignalKind.TEXT), a_bind(2, kind=SignalKind.STATE))
    intake.take(0, "M30")
    intake.take(0, 12)
    intake.take(1, "EXECUTE")
    intake.take(1, "6")
    frame = packer.cut(0)
    assert frame.texts == {0: "M30", 1: "12", 2: "EXECUTE"}
    assert frame.value[3] == 6.0


def test_source_times_that_cannot_be_are_replaced_and_marked():
    clock = StillClock()
    intake, packer = an_intake(a_bind(), clock=clock)
    good = clock.ns() - 5 * NS_PER_S
    for at_ns in (good, 0, -1, clock.ns() + 10**4 * NS_PER_S, None):
        intake.take(0, 1.0, at_ns)
    frame = packer.cut(0)
    assert frame.at_ns.tolist() == [good] + [clock.ns()] * 4
    assert frame.quality.tolist() == [0, 1, 1, 1, 0]
    assert intake.restamped == 3
    assert intake.lag_s == 5.0


def test_members_of_structures_and_arrays_are_picked():
    intake, packer = an_intake(a_bind(path="axes[1].load", scale=100.0))
    intake.take(0, {"axes": [{"load": 0.1}, {"load": 0.25}]})
    intake.take(0, {"axes": []})
    frame = packer.cut(0)
    assert frame.value[0] == 25.0
    assert frame.quality.tolist() == [Quality.GOOD, Quality.BAD]


@pytest.mark.parametrize("path", ["[", "a..b", "a[x]", "_secret", "a" * 9 + "." * 40])
def test_a_wrong_path_picks_nothing(path):
    assert pick({"a": 1}, path) is None


def test_a_full_packer_keeps_the_last_value_of_each_signal_and_counts_the_rest():
    packer = Packer("n/d", 1)
    for n in range(BUFFER_SAMPLES_MAX + 1):
        packer.add(n % 3, n, float(n), 0)
    assert len(packer) == 4
    assert packer.squeezed == BUFFER_SAMPLES_MAX - 3
    assert packer.cut(0).value.tolist()[-1] == BUFFER_SAMPLES_MAX


def test_frames_are_numbered_without_holes_and_never_too_long():
    packer = Packer("n/d", 4)
    for n in range(120_000):
        packer.add(1, n, 0.0, 0)
    frames = []
    while (made := packer.cut(0)) is not None:
        frames.append(made)
    assert [f.happening.seq for f in frames] == [0, 1, 2]
    assert [len(f) for f in frames] == [50_000, 50_000, 20_000]


def test_a_gap_runs_from_the_last_sign_of_life_to_the_next():
    book = GapBook("dev", heard_ns=100)
    book.heard(200)
    book.lost(GapReason.UNREACHABLE, "x")
    book.lost(GapReason.SESSION_LOST, "not another one")
    book.heard(500)
    opened, closed = book.take()
    assert (opened.start_ns, opened.end_ns) == (200, None)
    assert (closed.start_ns, closed.end_ns, closed.reason) == (200, 500, GapReason.UNREACHABLE)
    assert book.take() == []


def test_a_mapping_survives_being_written_and_read():
    numbers = {}
    text = to_toml(
        lines_of(Mapping(binds=(a_bind(1, scale=0.1, path="a[2]"), a_bind(2, kind="flag"))))
    )
    lines, wrong = from_toml(text)
    again = bind(lines, lambda a, n: numbers.setdefault((a, n), len(numbers) + 1))
    assert wrong == []
    assert [b.address for b in again.binds] == ["a1", "a2"]
    assert (again.binds[0].scale, again.binds[0].path) == (0.1, "a[2]")


def test_wrong_lines_of_a_mapping_are_told_and_the_good_ones_kept():
    lines, wrong = from_toml(
        '[[signal]]\nasset="m"\nname="ok"\naddress="x"\n'
        '[[signal]]\nasset="m"\nname="Not Good"\naddress="x"\n'
        '[[signal]]\nasset="m"\nname="typo"\naddress="x"\nscail=2\n'
    )
    assert [line.name for line in lines] == ["ok"]
    assert [w.subject for w in wrong] == ["signal 2", "signal 3"]


@pytest.mark.parametrize("text", ["", "signal = 3", "[[signal", "[[signal]]\nx="])
def test_a_file_that_is_no_mapping_is_refused(text):
    with pytest.raises(BadConfig):
        from_toml(text)


def test_a_signal_bound_twice_is_refused():
    with pytest.raises(BadConfig, match="twice"):
        Mapping(binds=(a_bind(1), a_bind(1)))
