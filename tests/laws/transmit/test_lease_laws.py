"""Laws of sharing devices."""

from hypothesis import given
from hypothesis import strategies as st

from hanse.transmit.lease import LEASE_S, RENEW_S, STOP_S, mine, moves, must_stop, owner

members = st.sets(st.sampled_from(["a", "b", "c", "d"]), min_size=1)
devices = st.sets(st.text("xyz0123", min_size=1, max_size=4), max_size=20)


@given(devices, members)
def test_each_device_has_one_owner(found, there):
    shares = [mine(m, found, there) for m in there]
    assert set().union(*shares) == found
    assert sum(map(len, shares)) == len(found)


@given(devices, members, st.sampled_from(["a", "b", "c", "d"]))
def test_when_one_leaves_only_its_devices_move(found, there, gone):
    left = there - {gone}
    if left:
        for device in found:
            before = owner(device, there)
            assert before == gone or owner(device, left) == before


@given(
    devices,
    st.lists(members, min_size=1, max_size=6),
    st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=40),
)
def test_no_device_is_ever_held_twice_and_in_the_end_each_by_its_owner(found, seen, turns):
    holders = {}
    for i, me in enumerate(turns):
        _turn(me, found, seen[i % len(seen)] | {me}, holders)
    last = seen[-1]
    for gone in {"a", "b", "c", "d"} - last:
        for device in [d for d, h in holders.items() if h == gone]:
            del holders[device]  # its entries vanish
    for _ in range(2):
        for me in sorted(last):
            _turn(me, found, last, holders)
    assert holders == {d: owner(d, last) for d in found}


def _turn(me, found, there, holders):
    take, let_go = moves(me, found, members=there, holders=holders)
    for device in let_go:
        assert holders[device] == me
        del holders[device]
    for device in take:
        assert device not in holders
        holders[device] = me


def test_one_that_cannot_renew_stops_before_another_may_start():
    assert RENEW_S < STOP_S < LEASE_S
    assert not must_stop(10.0, 10.0 + RENEW_S)
    assert must_stop(10.0, 10.0 + STOP_S)
