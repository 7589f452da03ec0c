"""An OPC UA server in a process of its own, to be killed, frozen and started again.

Run: python opcua_server.py '{"port": 4840, "signals": 10, ...}'; prints "ready" when it is.
"""

import asyncio
import dataclasses
import json
import logging
import sys

from asyncua import Server, ua
from asyncua.crypto import uacrypto  # noqa: F401 (loads the policies)

URI = "urn:hanse:test:plant"
logging.getLogger("asyncua").setLevel(logging.CRITICAL)


@dataclasses.dataclass
class Options:
    port: int
    signals: int = 3
    period_s: float = 0.1
    namespaces_before: int = 0
    certificate: str = ""
    key: str = ""
    users: bool = False
    structures: bool = False


async def serve(options):
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{options.port}/")
    if options.certificate:
        await server.load_certificate(options.certificate)
        await server.load_private_key(options.key)
        await server.set_application_uri("urn:hanse:test:server")
        server.set_security_policy(
            [
                ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
                ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
            ]
        )
    else:
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    for n in range(options.namespaces_before):
        await server.register_namespace(f"urn:other:{n}")
    index = await server.register_namespace(URI)
    variables = await populate(server, index, options)
    async with server:
        print("ready", flush=True)
        n = 0
        while True:
            n += 1
            for i, variable in enumerate(variables):
                value = ua.DataValue(ua.Variant(float(n * 1000 + i), ua.VariantType.Double))
                await server.write_attribute_value(variable.nodeid, value)
            await asyncio.sleep(options.period_s)


async def populate(server, index, options):
    machine = await server.nodes.objects.add_object(ua.NodeId("Lathe", index), "Lathe")
    variables = []
    for i in range(options.signals):
        node = ua.NodeId(f"Lathe.S{i}", index)
        variables.append(await machine.add_variable(node, f"S{i}", float(i)))
    fixed = ua.NodeId("Lathe.Set", index)
    setpoint = await machine.add_variable(fixed, "Set", 5.0, ua.VariantType.Double)
    await setpoint.set_writable()
    inner = ua.NodeId("Lathe.Set.Inner", index)
    await setpoint.add_variable(inner, "Inner", 7, ua.VariantType.Int32)
    unit = ua.EUInformation(
        "http://www.opcfoundation.org/UA/units/un/cefact", 1, ua.LocalizedText("°C")
    )
    await setpoint.add_property(ua.NodeId("Lathe.Set.EU", index), "EngineeringUnits", unit)
    await setpoint.add_property(ua.NodeId("Lathe.Set.R", index), "EURange", ua.Range(0.0, 120.0))
    await machine.add_variable(ua.NodeId("Lathe.Axes", index), "Axes", [1.5, 2.5, 3.5])
    await machine.add_variable(ua.NodeId("Lathe.Name", index), "Name", "L-200")
    return variables


if __name__ == "__main__":
    asyncio.run(serve(Options(**json.loads(sys.argv[1]))))
