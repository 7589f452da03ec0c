"""What a device has, in the words of the trade."""

from hanse.collect.inspect import Look
from hanse.collect.ports import Found
from hanse.collect.propose import propose
from hanse.model.plant import SignalKind
from hanse.node.collecting.choosing import known_types
from hanse.node.collecting.recognising import recognised
from hanse.packs.load import load_shipped

PACK = load_shipped("machining")


def found(trail, value, data_type="Double"):
    address = "ns=2;s=" + ".".join(trail)
    return Found(address=address, trail=trail, data_type=data_type, value=value)


def looked(*rows, device="hall"):
    look = Look(protocol="opcua", settings=None, assets=tuple(propose(rows)))
    return {a.key: a for a in recognised(look, PACK, device=device).assets}


def machine(key, model="T-500"):
    return (
        found(("Machines", key, "Identification", "Model"), model, "String"),
        found(("Machines", key, "State", "StateCurrent"), 4, "Int32"),
        found(("Machines", key, "Counters", "Good"), 12, "UInt32"),
        found(("Machines", key, "Counters", "Scrap"), 1, "UInt32"),
        found(("Machines", key, "Monitoring", "SpindleVibration"), 0.2),
        found(("Machines", key, "Monitoring", "SpindleLoad"), 30.0),
        found(("Machines", key, "Fault", "WarnAt"), "", "String"),
    )


def test_each_machine_of_a_server_is_an_asset_with_the_signals_that_shipped_rules_know():
    assets = looked(*machine("L1"), *machine("L2"))
    assert list(assets) == ["L1", "L2"]
    lines = {s.line.name: s.line for s in assets["L1"].signals}
    assert {"state", "parts_good", "parts_scrap", "vibration", "spindle_load"} <= set(lines)
    assert lines["state"].kind is SignalKind.STATE
    assert (lines["vibration"].unit, lines["vibration"].asset) == ("mm/s", "L1")
    assert "identification_model" in lines, "a word about the machine is not taken for its state"
    assert {s.line.asset for s in assets["L2"].signals} == {"L2"}


def test_no_two_signals_of_a_machine_have_one_name():
    twice = found(("Machines", "L1", "Tool", "Vibration"), 0.1)
    asset = looked(*machine("L1"), twice, *machine("L2"))["L1"]
    names = [s.line.name for s in asset.signals]
    assert len(names) == len(set(names))


def test_a_server_of_one_machine_is_one_asset_under_the_name_of_its_connection():
    (asset,) = looked(*machine("L1"), device="lathe-5").values()
    assert (asset.key, asset.asset_type) == ("lathe-5", "lathe")
    assert {"state", "parts_good", "vibration"} <= {s.line.name for s in asset.signals}
    (flat,) = looked(found(("Temperature",), 21.0)).values()
    assert (flat.key, flat.asset_type) == ("hall", "machine")


def test_the_words_of_a_device_tell_its_type_else_its_signals_do():
    assets = looked(*machine("L1", model="Turning centre"), *machine("M1"))
    assert assets["L1"].asset_type == "lathe"
    assert assets["M1"].asset_type == "machine-tool"


def test_types_to_choose_from_are_those_of_the_trade_and_plain_words_once_each():
    keys = [key for key, _ in known_types()]
    assert {"lathe", "mill", "machine-tool", "pump", "robot"} <= set(keys)
    assert "machine_tool" not in keys
    assert len(keys) == len(set(keys))
