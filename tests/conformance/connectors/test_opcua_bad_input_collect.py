"""OPC UA: values, types and times that should not be, from a server that sends them all."""

import math

import pytest
from tests.conformance.connectors.builders import (
    KeptSink,
    a_bind,
    a_collector,
    a_world,
    free_port,
    running,
    until,
)
from tests.conformance.connectors.processes import opcua, serving
from tests.conformance.connectors.test_opcua_collect import URI

from hanse.collect.connectors.opcua.config import OpcUaConfig, from_url
from hanse.collect.diagnostics import LineState
from hanse.model.errors import BadConfig
from hanse.model.sample import Quality

ODD = ("NaN", "Inf", "Old", "Ahead", "Bad", "Uncertain")


async def test_odd_values_are_seen_as_bad_or_uncertain_and_the_good_one_goes_on(tmp_path):
    port, sink = free_port(), KeptSink()
    names = (*ODD, "Good")
    binds = [a_bind(n, f"nsu={URI};s=Odd.{name}") for n, name in enumerate(names, 1)]
    settings = OpcUaConfig(url=f"opc.tcp://127.0.0.1:{port}/", insecure=True)
    async with serving(opcua(port=port, odd=True)):
        collector = a_collector("opcua", settings, binds, world=a_world(tmp_path), sink=sink)
        async with running(collector):
            await until(lambda: len(sink.values(len(names))) > 5)
            await until(lambda: all(sink.values(n) for n in range(1, len(names) + 1)))
            seen = collector.diagnostics()
    worst = dict.fromkeys(names, 0)
    for signal, _, _, quality, _ in sink.rows():
        worst[names[signal - 1]] = max(worst[names[signal - 1]], quality)
    assert {n for n, q in worst.items() if q == Quality.BAD} == {"NaN", "Inf", "Bad"}
    assert {n for n, q in worst.items() if q == Quality.UNCERTAIN} >= {"Ahead", "Uncertain"}
    assert worst["Good"] == Quality.GOOD
    assert seen.state is LineState.RUNNING
    assert seen.restamped > 0
    assert all(math.isfinite(v) or q == Quality.BAD for _, _, v, q, _ in sink.rows())


@pytest.mark.parametrize(
    "url",
    ["opc.tcp://", "opc.tcp://host:4840?policy=None2", "http://x", "opc.tcp://h?publishing_s=0"],
)
def test_a_wrong_url_is_told(url):
    with pytest.raises(BadConfig):
        from_url(url)
