"""How a simulated machine looks over OPC UA: which nodes it has, and what they say.

The shape follows OPC UA for Machinery (OPC 40001-1): a ``Machines`` folder, an object for each
machine with Identification, Monitoring, State, Counters and Job. Analog variables carry
EURange and EngineeringUnits (OPC UA Part 8); the unit id is that of UN/ECE Rec 20.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asyncua import Node, Server, ua
from msgspec import Struct

from hanse.model.plant import PACKML_CODES
from hanse.sim.plant import Machine, MachineSpec

UNIT_NAMESPACE = "http://www.opcfoundation.org/UA/units/un/cefact"
_NUMBER_OF = {state: number for number, state in PACKML_CODES.items()}


class Shown(Struct, frozen=True, kw_only=True):
    """One variable of a machine: where it stands, what it says, and in which unit.

    ``signal`` is what the machining pack calls it, empty where it has no name for it.
    """

    path: str
    says: Callable[[Machine], Any]
    signal: str = ""
    type: ua.VariantType = ua.VariantType.Double
    unit: tuple[str, str] | None = None
    high: Callable[[MachineSpec], float] | None = None


def _order(machine: Machine) -> str:
    return machine.job.order if machine.job else ""


def _item(machine: Machine) -> str:
    return machine.job.item if machine.job else ""


def _job(machine: Machine) -> str:
    return machine.job.id if machine.job else ""


def _report(machine: Machine) -> str:
    """The job in hand in one value, so that its name and counts never come apart."""
    if machine.job is None or not machine.job.id:
        return ""
    return f"{machine.job.id} {machine.done - machine.job_scrap} {machine.job_scrap}"


def _last(machine: Machine) -> str:
    if not machine.ended:
        return ""
    ended = machine.ended[-1]
    return f"{ended.id} {ended.good} {ended.scrap}"


def _asked(machine: Machine) -> int:
    return machine.job.quantity if machine.job else 0


SHOWN: tuple[Shown, ...] = (
    Shown(
        path="State.StateCurrent",
        signal="state",
        says=lambda m: _NUMBER_OF[m.state],
        type=ua.VariantType.Int32,
    ),
    Shown(
        path="Monitoring.Spindle.Vibration",
        signal="vibration",
        says=lambda m: round(m.vibration_mm_s, 2),
        unit=("C16", "mm/s"),
        high=lambda _: 25.0,
    ),
    Shown(
        path="Monitoring.Spindle.Speed",
        signal="spindle_speed",
        says=lambda m: round(m.speed_rpm, -1),
        unit=("RPM", "1/min"),
        high=lambda s: s.speed_rpm,
    ),
    Shown(
        path="Monitoring.Spindle.Load",
        signal="spindle_load",
        says=lambda m: round(m.load * 100, 1),
        unit=("P1", "%"),
        high=lambda _: 150.0,
    ),
    Shown(
        path="Monitoring.Spindle.BearingTemperature",
        signal="bearing_temperature",
        says=lambda m: round(m.bearing_c, 1),
        unit=("CEL", "°C"),
        high=lambda _: 120.0,
    ),
    Shown(
        path="Monitoring.Power",
        signal="power",
        says=lambda m: round(m.power_kw, 1),
        unit=("KWT", "kW"),
        high=lambda s: s.power_kw * 1.2,
    ),
    Shown(
        path="Monitoring.Energy",
        signal="energy",
        says=lambda m: round(m.energy_kwh, 2),
        unit=("KWH", "kWh"),
        high=lambda _: 1e9,
    ),
    Shown(
        path="Monitoring.ToolWear",
        signal="tool_wear",
        says=lambda m: round(m.tool_wear * 100, 0),
        unit=("P1", "%"),
        high=lambda _: 150.0,
    ),
    Shown(
        path="Counters.Good", signal="parts_good", says=lambda m: m.good, type=ua.VariantType.UInt32
    ),
    Shown(
        path="Counters.Scrap",
        signal="parts_scrap",
        says=lambda m: m.scrap,
        type=ua.VariantType.UInt32,
    ),
    Shown(path="Counters.ToolChanges", says=lambda m: m.tool_changes, type=ua.VariantType.UInt32),
    Shown(path="Job.Order", signal="job_order", says=_order, type=ua.VariantType.String),
    Shown(path="Job.Item", signal="job_item", says=_item, type=ua.VariantType.String),
    Shown(path="Job.Quantity", signal="job_quantity", says=_asked, type=ua.VariantType.UInt32),
    Shown(path="Job.Id", says=_job, type=ua.VariantType.String),
    Shown(path="Job.Report", signal="job_report", says=_report, type=ua.VariantType.String),
    Shown(path="Job.Last", signal="job_last", says=_last, type=ua.VariantType.String),
    Shown(path="Job.Done", signal="job_done", says=lambda m: m.done, type=ua.VariantType.UInt32),
    Shown(path="Job.Waiting", says=lambda m: len(m.queue), type=ua.VariantType.UInt32),
)

REQUEST: dict[str, ua.VariantType] = {
    "Order": ua.VariantType.String,
    "Item": ua.VariantType.String,
    "Quantity": ua.VariantType.UInt32,
    "RunSeconds": ua.VariantType.Double,
    "SetupSeconds": ua.VariantType.Double,
    "CntrlCmd": ua.VariantType.Int32,
}
"""Variables of the folder Request, which a client with the right to write may set."""

MARKS = ("InjectedAt", "WarnAt", "CriticalAt", "TrippedAt")
"""When the demo's fault was injected, and when its signs were first written."""

_EMPTY: dict[ua.VariantType, Any] = {
    ua.VariantType.String: "",
    ua.VariantType.Double: 0.0,
    ua.VariantType.UInt32: 0,
    ua.VariantType.Int32: 0,
}


def node_id(machine: str, path: str, namespace: int) -> ua.NodeId:
    """The id of a machine's node: its key and path, so that it outlives a restart."""
    return ua.NodeId(f"{machine}.{path}", namespace)


async def folder(parent: Node, machine: str, path: str, namespace: int) -> Node:
    """A new folder below ``parent``."""
    name = path.rsplit(".", 1)[-1]
    return await parent.add_folder(
        node_id(machine, path, namespace), ua.QualifiedName(name, namespace)
    )


async def add_machine(server: Server, spec: MachineSpec, machines: Node, namespace: int) -> Node:
    """The object of one machine with all its variables.

    Returns:
        The machine's object node.
    """
    home = await machines.add_object(
        ua.NodeId(spec.key, namespace), ua.QualifiedName(spec.key, namespace)
    )
    if spec.title:
        await server.get_node(home.nodeid).write_attribute(
            ua.AttributeIds.DisplayName, ua.DataValue(ua.LocalizedText(spec.title))
        )
    await _identify(home, spec, namespace)
    places: dict[str, Node] = {"": home}
    for shown in SHOWN:
        await _add_shown(places, shown, spec, namespace)
    await _add_request(places[""], spec, namespace)
    return home


async def _identify(home: Node, spec: MachineSpec, namespace: int) -> None:
    place = await folder(home, spec.key, "Identification", namespace)
    for name, value in (
        ("Manufacturer", spec.manufacturer),
        ("Model", spec.model),
        ("SerialNumber", spec.serial or spec.key),
    ):
        await place.add_property(
            node_id(spec.key, f"Identification.{name}", namespace),
            ua.QualifiedName(name, namespace),
            value,
        )


async def _place(places: dict[str, Node], path: str, spec: MachineSpec, namespace: int) -> Node:
    if path not in places:
        above = path.rpartition(".")[0]
        parent = await _place(places, above, spec, namespace)
        places[path] = await folder(parent, spec.key, path, namespace)
    return places[path]


async def _add_shown(
    places: dict[str, Node], shown: Shown, spec: MachineSpec, namespace: int
) -> None:
    above, _, name = shown.path.rpartition(".")
    parent = await _place(places, above, spec, namespace)
    variable = await parent.add_variable(
        node_id(spec.key, shown.path, namespace),
        ua.QualifiedName(name, namespace),
        shown.says(Machine()),
        shown.type,
    )
    if shown.unit is None or shown.high is None:
        return
    await variable.add_property(
        node_id(spec.key, f"{shown.path}.EURange", namespace),
        ua.QualifiedName("EURange", 0),
        ua.Range(Low=0.0, High=shown.high(spec)),
    )
    await variable.add_property(
        node_id(spec.key, f"{shown.path}.EngineeringUnits", namespace),
        ua.QualifiedName("EngineeringUnits", 0),
        unit_of(*shown.unit),
    )


def unit_of(code: str, shown: str) -> ua.EUInformation:
    """A unit as OPC UA writes it: the UN/ECE code packed into a number (Part 8, 5.6.3)."""
    return ua.EUInformation(
        NamespaceUri=UNIT_NAMESPACE,
        UnitId=int.from_bytes(code.encode(), "big"),
        DisplayName=ua.LocalizedText(shown),
        Description=ua.LocalizedText(shown),
    )


async def _add_request(home: Node, spec: MachineSpec, namespace: int) -> None:
    place = await folder(home, spec.key, "Request", namespace)
    for name, kind in REQUEST.items():
        variable = await place.add_variable(
            node_id(spec.key, f"Request.{name}", namespace),
            ua.QualifiedName(name, namespace),
            _EMPTY[kind],
            kind,
        )
        await variable.set_writable()
