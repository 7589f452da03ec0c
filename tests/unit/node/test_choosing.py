"""Choosing other signals of a connection changes the signals and nothing else."""

import pytest

from hanse.collect import Line, doors_of
from hanse.node.collecting.choosing import keep_lines
from hanse.node.connections import Setup, setups
from hanse.node.pages.connection_facts import security_of
from hanse.node.world import RandomIds, RealClock
from hanse.store import Store


def plant(**settings):
    fixed = {"url": "opc.tcp://plc:4840"}
    return Setup(key="plant", protocol="opcua", settings=fixed | settings)


def test_a_connection_that_gives_jobs_gives_them_still_when_other_signals_are_chosen(tmp_path):
    doors = doors_of(["L1"], "s={}")
    setup = Setup(key="plant", protocol="opcua", settings={}, enabled=False, jobs=doors)
    line = Line(asset="L1", name="power", address="s=Power")
    with Store.open(f"sqlite:///{tmp_path / 'r'}", clock=RealClock(), ids=RandomIds()) as store:
        store.write_sync(lambda tx: keep_lines(tx, setup, [line]))
        kept = store.read_sync(lambda tx: setups(tx).need("plant"))
    assert (kept.lines, kept.jobs, kept.enabled) == ((line,), doors, False)


@pytest.mark.parametrize(
    ("setup", "said"),
    [
        (plant(policy="None", insecure=True), "none: anyone"),
        (plant(policy="best", insecure=True), "none: anyone"),
        (plant(), "signed and encrypted"),
        (plant(policy="Basic256Sha256", user="hanse"), "Basic256Sha256, signed and encrypted; "),
        (plant(sign_only=True), "signed, not encrypted"),
        (Setup(key="m", protocol="mqtt", settings={"tls": True, "user": "me"}), "TLS; logged in"),
        (Setup(key="h", protocol="http", settings={"url": "http://a"}), "none: anyone"),
        (Setup(key="f", protocol="files", settings={"path": "/data"}), ""),
    ],
)
def test_a_page_says_how_the_line_is_protected(setup, said):
    found = security_of(setup, None)
    assert found.en.startswith(said) if said else found.en == ""
    assert bool(found.zh) == bool(found.en)
