"""OPC UA against node-opcua, an implementation that shares no code with ours or asyncua."""

from tests.conformance.connectors import npm
from tests.conformance.connectors.builders import (
    KeptSink,
    a_bind,
    a_collector,
    a_world,
    free_port,
    running,
    until,
)
from tests.conformance.connectors.processes import Served

from hanse.collect import connector
from hanse.collect.connectors.opcua.config import OpcUaConfig
from hanse.model.sample import Quality

URI = "urn:hanse:test:node"


def server(folder, port):
    modules = str(npm.modules_or_skip())
    return Served("node", npm.script("opcua_server.js"), str(port), modules, str(folder / "pki"))


async def test_node_opcua_is_browsed_subscribed_and_comes_back(tmp_path):
    port, sink, world = free_port(), KeptSink(), a_world(tmp_path)
    settings = OpcUaConfig(url=f"opc.tcp://127.0.0.1:{port}/")
    served = server(tmp_path, port)
    await served.start(60)
    try:
        found = await connector("opcua").browse(settings, world)
        ours = {(f.address, f.path): f for f in found if URI in f.address}
        assert len([a for a in ours if a[0].endswith(".In")]) == 120
        assert ours[f"nsu={URI};s=Mill.V7", ""].data_type == "Double"
        binds = [a_bind(i + 1, f"nsu={URI};s=Mill.V{i}") for i in range(120)]
        binds += [
            a_bind(500, f"nsu={URI};s=Mill.Bad"),
            a_bind(501, f"nsu={URI};s=Mill.List", path="[2]"),
        ]
        collector = a_collector("opcua", settings, binds, world=world, sink=sink)
        async with running(collector):
            await until(lambda: all(len(sink.values(i)) > 2 for i in (1, 120, 501)))
            assert {q for s, _, _, q, _ in sink.rows() if s == 500} == {Quality.BAD}
            assert collector.diagnostics().certificate_days > 100
            before = sink.count()
            served.kill()
            await until(lambda: collector.diagnostics().gap_since)
            await served.start(60)
            await until(lambda: sink.count() > before + 500)
            assert collector.diagnostics().gap_since is None
    finally:
        served.kill()
    assert len(world.trust.shown) == 1
