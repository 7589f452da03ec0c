"""Simulated machines on a real OPC UA server, one server a plant, several plants a process.

Variables are written only when what they say has changed (rounded to what an instrument would
show), with the source time of the step. Jobs come in through the ``Request`` variables of a machine
or the method ``StartJob``. The folder ``Simulation`` is the demo's back door and is no part of what
a real machine has: ``InjectFault``, ``Repair``, ``SetSpeedUp``, and for each machine the instants
at which the signs of a fault were first written.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Self

from asyncua import Node, ua
from msgspec import ValidationError, convert, to_builtins
from msgspec.structs import replace

from hanse.collect.connectors.opcua.keys import keys_in
from hanse.model.errors import BadInput, HanseError, NotFound
from hanse.model.plant import PackMLState
from hanse.model.time import Clock, Instant, format_instant
from hanse.sim.config import PlantConfig, read_plants
from hanse.sim.memory import EVERY_S, Kept, recall, remember
from hanse.sim.methods import Deed, add_method
from hanse.sim.nodes import MARKS, REQUEST, SHOWN, add_machine, node_id
from hanse.sim.plant import (
    SPEED_UP_MAX,
    Command,
    Fault,
    Job,
    Machine,
    MachineSpec,
    command,
    drop_jobs,
    end_job,
    inject,
    load_job,
    repair,
    step,
)
from hanse.sim.space import OneUser, StandardNodes

NAMESPACE = "urn:hanse:sim"
STEP_WALL_S_MAX = 2.0
SPEED_UP_MIN = 0.01
_log = logging.getLogger(__name__)


class SimulatedPlant:
    """One plant: its machines, and the server that shows them.

    With a ``memory`` file it begins where it was when its process died. Use as
    ``async with SimulatedPlant(config, clock) as plant``; `run` moves it until cancelled.
    """

    def __init__(
        self,
        config: PlantConfig,
        clock: Clock,
        standard: StandardNodes | None = None,
        *,
        memory: Path | None = None,
    ) -> None:
        self.config = config
        self.speed_up = config.speed_up
        self.machines: dict[str, Machine] = {}
        self.specs: dict[str, MachineSpec] = {}
        self.marks: dict[str, dict[str, Instant]] = {}
        self.writes = 0
        self._clock = clock
        self._dice = Random(config.seed)
        self._standard = standard or StandardNodes()
        self._server: Any = None
        self._namespace = 2
        self._ids: dict[str, list[ua.NodeId]] = {}
        self._said: dict[str, list[Any]] = {}
        self._again: dict[str, tuple[Job, ...]] = {}
        self._memory = memory
        kept = recall(memory)
        for machine in config.machines:
            key = machine.spec.key
            self.specs[key] = machine.spec
            self.machines[key] = kept.machines.get(key, Machine(queue=machine.jobs))
            self.marks[key] = dict(kept.marks.get(key, {}))
            self._again[key] = machine.jobs if machine.repeat else ()

    async def __aenter__(self) -> Self:
        server = self._server = await self._standard.server()
        server.set_endpoint(self.config.url)
        server.set_server_name(self.config.title)
        self._admit(server)
        await self._secure(server)
        self._namespace = await server.register_namespace(NAMESPACE)
        machines = await server.nodes.objects.add_folder(
            ua.NodeId("Machines", self._namespace), ua.QualifiedName("Machines", self._namespace)
        )
        homes = {}
        for spec in self.specs.values():
            homes[spec.key] = await add_machine(server, spec, machines, self._namespace)
            self._ids[spec.key] = [node_id(spec.key, s.path, self._namespace) for s in SHOWN]
            self._said[spec.key] = [None] * len(SHOWN)
        await self._add_doors(homes)
        for key, marks in self.marks.items():
            for name, at in marks.items():
                await self._show_mark(key, name, at)
        await server.start()
        return self

    def _admit(self, server: Any) -> None:
        """Anyone, or who knows name and password where the plant has them."""
        if not self.config.user:
            server.set_identity_tokens([ua.AnonymousIdentityToken])
            return
        server.set_identity_tokens([ua.UserNameIdentityToken])
        server.iserver.user_manager = OneUser(self.config.user, self.config.password)

    async def _secure(self, server: Any) -> None:
        """Offer sign-and-encrypt alone where there is a folder for keys, no security otherwise."""
        if not self.config.keys:
            server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
            return
        keys = keys_in(Path(self.config.keys), at=self._clock.now(), name=self.config.title)
        await server.set_application_uri(keys.application_uri)
        await server.load_certificate(str(keys.certificate))
        await server.load_private_key(str(keys.key))
        server.set_security_policy(
            [
                ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
                ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
            ]
        )

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    async def run(self) -> None:
        """Move the machines and show what they say, until cancelled."""
        last_s = kept_s = self._clock.monotonic_s()
        while True:
            states = self._states()
            await asyncio.sleep(self.config.update_s)
            now_s = self._clock.monotonic_s()
            await self.advance(min(now_s - last_s, STEP_WALL_S_MAX) * self.speed_up)
            last_s = now_s
            if now_s - kept_s >= EVERY_S or states != self._states():
                self._remember()
                kept_s = now_s

    def _states(self) -> list[PackMLState]:
        return [machine.state for machine in self.machines.values()]

    def _remember(self) -> None:
        if self._memory is not None:
            remember(self._memory, Kept(self.machines, self.marks))

    async def advance(self, seconds: float) -> None:
        """Move all machines some simulated seconds on and write what changed."""
        for key, spec in self.specs.items():
            await self._obey(key)
            after = step(self._busy(key), spec, seconds=seconds, dice=self._dice)
            self.machines[key] = after
            at = self._clock.now()
            await self._show(key, after, at)
            await self._mark_signs(key, after, at)

    def _busy(self, key: str) -> Machine:
        """The machine; with its first jobs again where it repeats them and has none left."""
        machine = self.machines[key]
        if machine.state is PackMLState.IDLE and machine.job is None and not machine.queue:
            return replace(machine, queue=self._again[key])
        return machine

    async def _show(self, key: str, machine: Machine, at: Instant) -> None:
        said = self._said[key]
        for i, shown in enumerate(SHOWN):
            value = shown.says(machine)
            if value != said[i]:
                said[i] = value
                await self._write(self._ids[key][i], value, shown.type, at)

    async def _write(self, node: ua.NodeId, value: Any, kind: ua.VariantType, at: Instant) -> None:
        naive = at.replace(tzinfo=None)
        self.writes += 1
        await self._server.write_attribute_value(
            node,
            ua.DataValue(ua.Variant(value, kind), SourceTimestamp=naive, ServerTimestamp=naive),
        )

    async def _mark_signs(self, key: str, machine: Machine, at: Instant) -> None:
        spec = self.specs[key]
        if machine.vibration_mm_s >= spec.warn_mm_s:
            await self._mark(key, "WarnAt", at)
        if machine.vibration_mm_s >= spec.critical_mm_s:
            await self._mark(key, "CriticalAt", at)
        if machine.state in (PackMLState.ABORTING, PackMLState.ABORTED):
            await self._mark(key, "TrippedAt", at)

    async def _mark(self, key: str, name: str, at: Instant) -> None:
        if name in self.marks[key]:
            return
        self.marks[key][name] = at
        await self._show_mark(key, name, at)

    async def _show_mark(self, key: str, name: str, at: Instant) -> None:
        node = node_id(key, f"Fault.{name}", self._namespace)
        await self._write(node, format_instant(at), ua.VariantType.String, at)

    async def _obey(self, key: str) -> None:
        """Do what a client wrote into the machine's Request variables."""
        node = self._server.get_node(node_id(key, "Request.CntrlCmd", self._namespace))
        number = await node.read_value()
        if not number:
            return
        await node.write_value(0, ua.VariantType.Int32)
        try:
            self._take(key, number, await self._request(key))
        except (HanseError, ValidationError, ValueError) as error:
            _log.warning("%s: command %s refused: %s", key, number, error)

    async def _request(self, key: str) -> dict[str, Any]:
        paths = [node_id(key, f"Request.{n}", self._namespace) for n in REQUEST]
        return {
            name: await self._server.get_node(path).read_value()
            for name, path in zip(REQUEST, paths, strict=True)
        }

    def _take(self, key: str, number: int, asked: dict[str, Any]) -> None:
        order = Command(number)
        if order is Command.START and asked["Order"]:
            self.start_job(
                key,
                Job(
                    order=asked["Order"],
                    item=asked["Item"],
                    quantity=int(asked["Quantity"]),
                    run_s=asked["RunSeconds"],
                    setup_s=asked["SetupSeconds"],
                ),
            )
        else:
            self.machines[key] = command(self.machines[key], order)

    def start_job(self, key: str, job: Job) -> None:
        """Give a machine a job; it starts when the ones before it are done.

        Raises:
            BadInput: a field of the job is out of its range.
            NotFound: there is no such machine.
        """
        try:
            checked = convert(to_builtins(job), Job)
        except ValidationError as error:
            raise BadInput(str(error), subject=key, remedy="Correct the job") from error
        self.machines[key] = load_job(self._machine(key), checked)

    def end_job(self, key: str, name: str) -> None:
        """Take a job away from a machine by its name; the piece in hand is finished."""
        self.machines[key] = end_job(self._machine(key), name)

    def cancel_job(self, key: str, order: str) -> None:
        """Take a work order away from a machine."""
        self.machines[key] = drop_jobs(self._machine(key), order)

    async def inject(self, key: str, kind: str, over_s: float) -> Instant:
        """Make a fault begin; the marks of an earlier one are forgotten.

        Returns:
            The instant at which it began.

        Raises:
            NotFound: there is no such machine or no such kind of fault.
        """
        machine = self._machine(key)
        if kind not in set(Fault):
            raise NotFound(f"no fault is called {kind}", remedy=f"Use one of {', '.join(Fault)}")
        self.machines[key] = inject(machine, Fault(kind), over_s=over_s)
        at = self._clock.now()
        await self._forget_marks(key)
        await self._mark(key, "InjectedAt", at)
        return at

    async def repair(self, key: str) -> None:
        """Give a machine a new bearing and reset it."""
        self.machines[key] = repair(self._machine(key))
        await self._forget_marks(key)

    async def _forget_marks(self, key: str) -> None:
        for name in self.marks.pop(key, {}):
            await self._write(
                node_id(key, f"Fault.{name}", self._namespace),
                "",
                ua.VariantType.String,
                self._clock.now(),
            )
        self.marks[key] = {}

    def _machine(self, key: str) -> Machine:
        if key not in self.machines:
            raise NotFound("no such machine", subject=key[:120], remedy="Browse Machines")
        return self.machines[key]

    async def _add_doors(self, homes: dict[str, Node]) -> None:
        ns = self._namespace
        for key, home in homes.items():
            await add_method(
                home,
                "StartJob",
                self._starter(key),
                at=node_id(key, "StartJob", ns),
                inputs={
                    "Order": str,
                    "Item": str,
                    "Quantity": int,
                    "RunSeconds": float,
                    "SetupSeconds": float,
                    "Job": str,
                },
            )
            end = node_id(key, "EndJob", ns)
            await add_method(home, "EndJob", self._ender(key), at=end, inputs={"Job": str})
        door = await self._server.nodes.objects.add_folder(
            ua.NodeId("Simulation", ns), ua.QualifiedName("Simulation", ns)
        )
        for key in homes:
            await self._add_marks(door, key)
        doors: tuple[tuple[str, Deed, dict[str, type]], ...] = (
            ("InjectFault", self._inject, {"Machine": str, "Kind": str, "OverSeconds": float}),
            ("Repair", self._repair, {"Machine": str}),
            ("CancelJob", self._cancel, {"Machine": str, "Order": str}),
            ("SetSpeedUp", self._set_speed_up, {"Factor": float}),
        )
        for name, deed, inputs in doors:
            await add_method(
                door, name, deed, at=ua.NodeId(f"Simulation.{name}", ns), inputs=inputs
            )

    async def _add_marks(self, door: Node, key: str) -> None:
        ns = self._namespace
        name = ua.QualifiedName(f"{key}.Fault", ns)
        place = await door.add_folder(node_id(key, "Fault", ns), name)
        for mark in MARKS:
            at = node_id(key, f"Fault.{mark}", ns)
            await place.add_variable(at, ua.QualifiedName(mark, ns), "")

    def _starter(self, key: str) -> Deed:
        async def start(order: str, item: str, quantity: int, *more: Any) -> bool:
            run_s, setup_s, name = more
            job = Job(
                order=order, item=item, quantity=quantity, run_s=run_s, setup_s=setup_s, id=name
            )
            self.start_job(key, job)
            return True

        return start

    def _ender(self, key: str) -> Deed:
        async def end(name: str) -> bool:
            self.end_job(key, name)
            return True

        return end

    async def _inject(self, machine: str, kind: str, over_s: float) -> str:
        return format_instant(await self.inject(machine, kind, over_s))

    async def _repair(self, machine: str) -> bool:
        await self.repair(machine)
        return True

    async def _cancel(self, machine: str, order: str) -> bool:
        self.cancel_job(machine, order)
        return True

    async def _set_speed_up(self, factor: float) -> float:
        self.speed_up = min(max(factor, SPEED_UP_MIN), SPEED_UP_MAX)
        return self.speed_up


async def serve(plants: Sequence[PlantConfig], clock: Clock, *, memory: Path | None = None) -> None:
    """Show several plants, each on its port, until cancelled.

    With a folder for ``memory`` they begin where they were when their process died.
    """
    standard = StandardNodes()
    async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        for config in plants:
            kept = None if memory is None else memory / f"{config.key}.json"
            made = SimulatedPlant(config, clock, standard, memory=kept)
            plant = await stack.enter_async_context(made)
            _log.info("%s listens on %s", config.key, config.url)
            group.create_task(plant.run())


def run(config_path: Path, clock: Clock) -> None:
    """Show the plants of a file until interrupted: the whole life of a simulation process.

    What they remember lies beside the file, in a folder of its name that ends in ``.memory``.
    """
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            found = read_plants(config_path).plants
            runner.run(serve(found, clock, memory=config_path.with_suffix(".memory")))
        except KeyboardInterrupt:
            _log.info("stopped")
