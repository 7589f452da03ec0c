"""What a simulated plant is made of: its machines, what they have to do, and where it listens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from hanse.model.errors import BadConfig
from hanse.model.ids import Key
from hanse.sim.plant import SPEED_UP_MAX, Job, MachineSpec

MACHINES_MAX = 200
PLANTS_MAX = 20
CONFIG_BYTES_MAX = 1_000_000


class SimulatedMachine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A machine and the jobs it starts with; with ``repeat`` they begin again when all are done."""

    spec: MachineSpec
    jobs: Annotated[tuple[Job, ...], Meta(max_length=200)] = ()
    repeat: bool = False


class PlantConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One plant: one OPC UA server on its own port."""

    key: Key
    port: Annotated[int, Meta(ge=1, le=65_535)]
    machines: Annotated[tuple[SimulatedMachine, ...], Meta(min_length=1, max_length=MACHINES_MAX)]
    host: str = "127.0.0.1"
    speed_up: Annotated[float, Meta(gt=0, le=SPEED_UP_MAX)] = 1.0
    update_s: Annotated[float, Meta(ge=0.01, le=60, description="Seconds between updates")] = 0.1
    seed: int = 1
    keys: Annotated[
        str, Meta(max_length=1_000, description="Folder of its certificate; empty: no security")
    ] = ""
    user: Annotated[str, Meta(max_length=200, description="Who may log in; empty: anyone")] = ""
    password: Annotated[str, Meta(max_length=400, description="With which password")] = ""

    @property
    def title(self) -> str:
        """What it calls itself, on its certificate too."""
        return f"Simulated plant {self.key}"

    @property
    def url(self) -> str:
        """Where a client finds it."""
        return f"opc.tcp://{self.host}:{self.port}/hanse/{self.key}"


class PlantsConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All plants that one process shows."""

    plants: Annotated[tuple[PlantConfig, ...], Meta(min_length=1, max_length=PLANTS_MAX)]


def read_plants(path: Path) -> PlantsConfig:
    """The plants of a TOML file, or of a JSON file by its suffix.

    Raises:
        BadConfig: the file is missing, too large, not TOML or JSON, or a field is wrong.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadConfig("cannot be read", subject=str(path), remedy="Check the path") from error
    if len(content) > CONFIG_BYTES_MAX:
        raise BadConfig(
            f"is over {CONFIG_BYTES_MAX} bytes", subject=str(path), remedy="Split the plants"
        )
    try:
        if path.suffix == ".json":
            return msgspec.json.decode(content, type=PlantsConfig)
        return msgspec.toml.decode(content, type=PlantsConfig)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadConfig(str(error), subject=str(path), remedy="Correct that field") from error


def write_plants(config: PlantsConfig) -> str:
    """The JSON text that `read_plants` reads back."""
    return msgspec.json.format(msgspec.json.encode(config)).decode()
