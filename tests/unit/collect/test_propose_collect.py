import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.collect import Found, bind, from_toml, to_toml
from hanse.collect.propose import lines_of, propose, words_of
from hanse.collect.scan import hosts_of, scan
from hanse.model.errors import BadConfig, TooMuch
from hanse.model.plant import SignalKind


def found(*trail, value=1.5, **changes):
    return Found(address="/".join(trail), trail=trail, value=value, **changes)


def by_name(assets):
    return {p.line.name: p.line for a in assets for p in a.signals}


def test_names_units_and_kinds_come_from_words_and_values():
    tree = [
        found("Machines", "Lathe1", "SpindleLoad"),
        found("Machines", "Lathe1", "Spindle", "Temperature"),
        found("Machines", "Lathe1", "PartCount", value=12),
        found("Machines", "Lathe1", "State", value=6),
        found("Machines", "Lathe1", "DoorAlarm", value=False),
        found("Machines", "Lathe1", "ProgramName", value="O1001"),
        found("Machines", "Lathe1", "SerialNumber", value="77"),
        found("Machines", "Lathe1", "FeedRate"),
    ]
    (asset,) = propose(tree)
    assert (asset.key, asset.asset_type) == ("Lathe1", "machine_tool")
    lines = by_name([asset])
    assert (lines["spindle_load"].unit, lines["spindle_load"].kind) == ("%", SignalKind.ANALOG)
    assert lines["spindle_temperature"].unit == "°C"
    assert lines["part_count"].kind is SignalKind.COUNTER
    assert lines["state"].kind is SignalKind.STATE
    assert lines["door_alarm"].kind is SignalKind.FLAG
    assert lines["program_name"].kind is SignalKind.TEXT
    assert "serial_number" not in {line.name for line in lines_of([asset])}


def test_what_the_device_says_is_believed_before_words():
    (asset,) = propose([found("P", "Temperature", unit="K", low=0.0, high=400.0)])
    line = asset.signals[0].line
    assert (line.unit, line.low, line.high) == ("K", 0.0, 400.0)


def test_chinese_and_german_names_are_understood():
    (asset,) = propose([found("M1", "主轴温度"), found("M1", "SpindelDrehzahl")], asset="M1")
    assert [p.line.unit for p in asset.signals] == ["°C", "1/min"]
    assert asset.asset_type == "machine" or asset.sure > 0


def test_several_machines_become_several_assets():
    tree = [found("Plant", m, s) for m in ("L1", "L2") for s in ("Load", "Power")]
    assert [a.key for a in propose(tree)] == ["L1", "L2"]


def test_a_folder_of_machines_is_not_a_machine_and_commands_are_not_chosen():
    tree = [
        found("Machines", m, *rest, value=4)
        for m in ("M1", "M2")
        for rest in (("State", "StateCurrent"), ("Counters", "Good"), ("Request", "Order"))
    ]
    tree.append(found("Simulation", "Fault"))
    assets = propose(tree)
    assert [a.key for a in assets] == ["M1", "M2", "Simulation"]
    lines = {line.name: line for line in lines_of(assets[:1])}
    assert lines["state_state_current"].kind is SignalKind.STATE
    assert lines["state_state_current"].unit == ""
    assert lines["counters_good"].kind is SignalKind.COUNTER
    assert "request_order" not in lines


@pytest.mark.parametrize(
    ("text", "words"),
    [("SpindleLoad_1", ["spindle", "load", "1"]), ("OPCUAServer", ["opcua", "server"]),
     ("Volume Flow RateRMS", ["volume", "flow", "rate", "rms"])],
)  # fmt: skip
def test_names_are_taken_apart_into_words(text, words):
    assert words_of(text) == words


@given(
    st.lists(
        st.builds(
            Found,
            address=st.text(min_size=1, max_size=20),
            trail=st.lists(st.text(max_size=12), min_size=1, max_size=4).map(tuple),
            value=st.one_of(st.none(), st.floats(), st.booleans(), st.text(max_size=9)),
        ),
        max_size=30,
    )
)
def test_whatever_a_device_has_the_proposal_is_a_mapping_that_can_be_imported(tree):
    lines = lines_of(propose(tree), all_of_it=True)
    numbers = {}
    if not lines:
        return
    again, wrong = from_toml(to_toml(lines))
    assert (again, wrong) == (lines, [])
    bind(again, lambda a, n: numbers.setdefault((a, n), len(numbers)))


async def test_ports_that_answer_on_the_local_network_are_found():
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        answered = [a async for a in scan("127.0.0.1/32", {port: "modbus://{host}:{port}", 1: "x"})]
    assert [a.url for a in answered] == [f"modbus://127.0.0.1:{port}"]


def test_only_small_private_networks_are_scanned():
    assert len(hosts_of("192.168.7.0/24")) == 254
    with pytest.raises(BadConfig):
        hosts_of("8.8.8.0/24")
    with pytest.raises(BadConfig):
        hosts_of("rubbish")
    with pytest.raises(TooMuch):
        hosts_of("10.0.0.0/8")
