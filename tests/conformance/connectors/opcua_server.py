"""An OPC UA server in a process of its own, to be killed, frozen and started again.

Run: python opcua_server.py '{"port": 4840, "signals": 10, ...}'; prints "ready" when it is.
"""

import asyncio
import dataclasses
import datetime as dt
import json
import logging
import sys

from asyncua import Server, ua
from asyncua.common.structures104 import new_struct, new_struct_field
from asyncua.crypto import uacrypto  # noqa: F401 (loads the policies)
from asyncua.server.user_managers import User, UserRole

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
    rich: bool = False
    odd: bool = False


class OnlyBob:
    """Lets nobody in who shows the wrong password."""

    def get_user(self, _session, username=None, password=None, certificate=None):
        return User(role=UserRole.User) if (username, password) == ("bob", "b") else None


async def serve(options):
    server = Server(user_manager=OnlyBob()) if options.users else Server()
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
    if options.rich:
        structure = await add_structure(server, index)
    odd = await add_odd(server, index) if options.odd else None
    async with server:
        alarm = await an_alarm(server) if options.rich else None
        print("ready", flush=True)
        n = 0
        while True:
            n += 1
            for i, variable in enumerate(variables):
                value = ua.DataValue(ua.Variant(float(n * 1000 + i), ua.VariantType.Double))
                await server.write_attribute_value(variable.nodeid, value)
            if odd is not None:
                await odd(n)
            if alarm is not None:
                await alarm.trigger(message="coolant low")
                await structure(n)
            await asyncio.sleep(options.period_s)


async def add_odd(server, index):
    """Variables whose values, times and qualities should not be."""
    double = ua.VariantType.Double
    now = dt.datetime.now(dt.UTC)
    codes = ua.StatusCodes
    shown = {
        "NaN": lambda n: ua.DataValue(ua.Variant(float("nan"), double)),
        "Inf": lambda n: ua.DataValue(ua.Variant(float("inf"), double)),
        "Old": lambda n: ua.DataValue(
            ua.Variant(1.0, double), SourceTimestamp=dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
        ),
        "Ahead": lambda n: ua.DataValue(
            ua.Variant(float(n), double), SourceTimestamp=now + dt.timedelta(days=400)
        ),
        "Bad": lambda n: ua.DataValue(
            ua.Variant(1.0, double), ua.StatusCode(codes.BadSensorFailure)
        ),
        "Uncertain": lambda n: ua.DataValue(
            ua.Variant(1.0, double), ua.StatusCode(codes.UncertainInitialValue)
        ),
        "Good": lambda n: ua.DataValue(ua.Variant(float(n), double)),
    }
    nodes = {}
    for name in shown:
        place = ua.NodeId(f"Odd.{name}", index)
        any_type = ua.NodeId(ua.ObjectIds.BaseDataType)
        add = server.nodes.objects.add_variable
        nodes[name] = await add(place, name, 0.0, datatype=any_type)

    async def change(n):
        for name, value in shown.items():
            await server.write_attribute_value(nodes[name].nodeid, value(n))

    return change


async def add_structure(server, index):
    """A variable whose value is a structure with an array in it."""
    fields = [
        new_struct_field("Load", ua.VariantType.Double),
        new_struct_field("Axes", ua.VariantType.Float, array=True),
    ]
    await new_struct(server, index, "SpindleData", fields)
    await server.load_data_type_definitions()
    place = ua.NodeId("Spindle", index)
    start = ua.Variant(ua.SpindleData(0.0, [1.0, 2.0]), ua.VariantType.ExtensionObject)
    node = await server.nodes.objects.add_variable(place, "Spindle", start)

    async def change(n):
        value = ua.SpindleData(Load=float(n), Axes=[1.0, float(n)])
        variant = ua.Variant(value, ua.VariantType.ExtensionObject)
        await server.write_attribute_value(node.nodeid, ua.DataValue(variant))

    return change


async def an_alarm(server):
    """A generator of alarm events of the server itself."""
    made = await server.get_event_generator(ua.ObjectIds.AlarmConditionType)
    event = made.event
    event.SourceName, event.Severity, event.ConditionName = "Lathe", 700, "CoolantLevel"
    event.add_property("ActiveState/Id", True, ua.VariantType.Boolean)
    event.add_property("AckedState/Id", False, ua.VariantType.Boolean)
    return made


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
