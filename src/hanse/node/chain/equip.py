"""The simulated plants of a chain as equipment of its firms: where each is, and why it is trusted.

A secure plant has a certificate and a login of its own. Its firm trusts that certificate by a
decision on record, as a person makes it on the connection's page.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.collect.connectors.opcua.config import OpcUaConfig
from hanse.collect.connectors.opcua.keys import Keys, certificate_in, keys_in
from hanse.collect.job_doors import JobDoor
from hanse.collect.mapping import Line
from hanse.model.time import Clock
from hanse.node.collecting.secrets import settled
from hanse.node.connections import Setup, mapping_of, setups, trust_now
from hanse.node.context import Context
from hanse.sim.chain import Chain, plants
from hanse.sim.config import PlantConfig, PlantsConfig, read_plants, write_plants
from hanse.store import Tx

if TYPE_CHECKING:
    from asyncua import Client

PLANTS_FILE = "plants.json"
PLANT = "plant"
USER = "hanse"
POLICY = "Basic256Sha256"
PUBLISHING_S = 0.05
_KEYS, _VISITOR = "plant-keys", "visitor"
_PASSWORD_BYTES = 18
LAID_BY = "hanse demo"


def put_plants(
    chain: Chain, folder: Path, *, ports: dict[str, int], speed_up: float | None, clock: Clock
) -> None:
    """Write the plants of a chain to its folder, with keys and logins for the secure ones."""
    keys = folder / _KEYS
    found = plants(chain, ports, speed_up=speed_up, keys=str(keys))
    laid = PlantsConfig(plants=tuple(_locked(plant, clock) for plant in found.plants))
    file = folder / PLANTS_FILE
    file.touch(mode=0o600)
    file.write_text(write_plants(laid), encoding="utf-8")


def plant_in(folder: Path, firm: str) -> PlantConfig:
    """The plant of a firm, as it was laid out in the chain's folder."""
    return next(p for p in read_plants(folder / PLANTS_FILE).plants if p.key == firm)


def connect_plant(
    tx: Tx, context: Context, plant: PlantConfig, *, lines: Sequence[Line], jobs: Sequence[JobDoor]
) -> None:
    """Make the connection to a plant, trusted where it is a secure one."""
    setup = Setup(
        key=PLANT,
        protocol="opcua",
        settings=_settings(context, plant),
        lines=tuple(lines),
        jobs=tuple(jobs),
    )
    setups(tx).put(setup.key, setup)
    mapping_of(tx, setup)
    if plant.keys:
        shown = certificate_in(Keys(Path(plant.keys)).certificate.read_bytes(), connection=PLANT)
        trust_now(tx, shown, by=LAID_BY)


async def introduce(client: Client, plant: PlantConfig, clock: Clock) -> None:
    """Have a client speak to a secure plant as a visitor with keys of its own."""
    if not plant.keys:
        return
    from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256

    here = Path(plant.keys)
    mine = keys_in(here.parent / _VISITOR, at=clock.now(), name="Visitor of the demonstration")
    client.set_user(plant.user)
    client.set_password(plant.password)
    client.application_uri = mine.application_uri
    await client.set_security(
        SecurityPolicyBasic256Sha256,
        str(mine.certificate),
        str(mine.key),
        server_certificate=str(Keys(here).certificate),
    )


def _locked(plant: PlantConfig, clock: Clock) -> PlantConfig:
    """A secure plant's certificate is made and its login chosen; any other stays as it is."""
    if not plant.keys:
        return plant
    keys_in(Path(plant.keys), at=clock.now(), name=plant.title)
    password = token_urlsafe(_PASSWORD_BYTES)
    return msgspec.structs.replace(plant, user=USER, password=password)


def _settings(context: Context, plant: PlantConfig) -> dict[str, Any]:
    """How its firm reaches a plant; the password is kept with the firm's keys."""
    how: dict[str, Any] = {"policy": "None", "insecure": True}
    if plant.keys:
        how = {"policy": POLICY, "user": plant.user, "password": plant.password}
    asked = OpcUaConfig(url=plant.url, publishing_s=PUBLISHING_S, **how)
    return settled(context.folder, PLANT, asked)
