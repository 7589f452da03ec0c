"""Laying a chain out: one folder a firm, settings, records, connections, partners, an owner."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import msgspec
from msgspec import Struct

from hanse.match.counter import Context as Step
from hanse.match.ledger.chain import KeyCard
from hanse.model.plant import Machine
from hanse.model.sale import CustomerOrder
from hanse.model.time import Clock
from hanse.node.chain.equip import PLANT, connect_plant, plant_in, put_plants
from hanse.node.chain.replay import put_recording
from hanse.node.connections import setups
from hanse.node.context import Context
from hanse.node.dealing.desk import desk_in, keep
from hanse.node.dealing.partners import Partner, partners
from hanse.node.folder import Folder
from hanse.node.identity import Identity, load_identity
from hanse.node.offline import offline
from hanse.node.records import put_records
from hanse.node.settings import (
    ROLES,
    DemonstrationSettings,
    FirmSettings,
    PolicySettings,
    RoleName,
    Settings,
    WebSettings,
    write_settings,
)
from hanse.packs.load import load_shipped
from hanse.sim.chain import Chain, ChainFirm, records
from hanse.sim.wiring import job_doors, opcua_lines
from hanse.store import Tx

NOTE = "chain.json"
AWARD_ALONE_MINOR = 5_000_000
ASK_ABOVE_MINOR = 100
JOBS_PER_MINUTE = 30
LIGHT: tuple[RoleName, ...] = ("gate", "plan", "flow")
"""What a firm without machines on the network runs: it plans, quotes and deals."""


class Laid(Struct, frozen=True, kw_only=True):
    """A chain on disk: the firms' folders and ports."""

    folders: dict[str, str]
    web_ports: dict[str, int]
    plant_ports: dict[str, int]


class Wishes(Struct, frozen=True, kw_only=True):
    """How the chain shall run: speed-up of the plants, a person before awards, recordings."""

    speed_up: float | None = None
    ask: bool = False
    replay: str = ""


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on now, all different."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def lay(chain: Chain, folder: Path, clock: Clock, wishes: Wishes) -> Laid:
    """Make every firm's folder ready to start; nothing is made anew where a chain lies already.

    Raises:
        BadConfig: what lies there is not a chain's.
    """
    note = folder / NOTE
    if note.exists():
        return msgspec.json.decode(note.read_bytes(), type=Laid)
    folder.mkdir(parents=True, exist_ok=True)
    keys = list(chain.firms)
    with_plant = [key for key in keys if chain.firms[key].plant is not None]
    ports = free_ports(len(keys) + len(with_plant))
    laid = Laid(
        folders={key: str(folder / key) for key in keys},
        web_ports=dict(zip(keys, ports, strict=False)),
        plant_ports=dict(zip(with_plant, ports[len(keys) :], strict=True)),
    )
    where = laid.plant_ports
    put_plants(chain, folder, ports=where, speed_up=wishes.speed_up, clock=clock)
    identities = {}
    for key, firm in chain.firms.items():
        shows = note if key == chain.story.buyer else None
        settings = _settings(firm, laid, wishes, shows=shows)
        identities[key] = _lay_folder(firm, laid, clock, settings)
    for key in keys:
        _lay_records(chain, key, laid, identities)
    if wishes.replay:
        _lay_recording(chain, laid, Path(wishes.replay))
    note.write_bytes(msgspec.json.encode(laid))
    return laid


def _lay_folder(firm: ChainFirm, laid: Laid, clock: Clock, settings: Settings) -> Identity:
    folder = Folder(Path(laid.folders[firm.key]))
    folder.make()
    write_settings(folder.path, settings)
    return load_identity(folder, clock=clock)


def _settings(firm: ChainFirm, laid: Laid, wishes: Wishes, *, shows: Path | None) -> Settings:
    return Settings(
        firm=FirmSettings(
            name=firm.name.en,
            name_zh=firm.name.zh,
            currency=firm.currency,
            timezone=firm.timezone,
            language=firm.language,
        ),
        web=WebSettings(port=laid.web_ports[firm.key]),
        roles=LIGHT if firm.light else ROLES,
        policy=PolicySettings(
            award_alone_up_to_minor=ASK_ABOVE_MINOR if wishes.ask else AWARD_ALONE_MINOR,
            margin=firm.margin,
        ),
        demonstration=DemonstrationSettings(chain=str(shows.resolve()) if shows else ""),
    )


def _lay_records(chain: Chain, key: str, laid: Laid, identities: Mapping[str, Identity]) -> None:
    firm = chain.firms[key]
    with offline(Folder(Path(laid.folders[key]))) as context:
        found = records(chain, key, now=context.clock.now())

        def write(tx: Tx) -> None:
            put_records(tx, found)
            _put_customer_orders(tx, firm, context)
            _put_connection(tx, context, firm, found["machines"])
            for other in firm.partners:
                partner = chain.firms[other]
                able = _capabilities(chain, other, context)
                _put_partner(tx, partner, laid.web_ports[other], (identities[other], able))
                _greet(tx, context, identities[other])

        context.store.write_sync(write)


def _lay_recording(chain: Chain, laid: Laid, recordings: Path) -> None:
    """Real recordings in place of the simulated machine that fails in the story."""
    fails = chain.story.fails
    with offline(Folder(Path(laid.folders[fails.firm]))) as context:

        def write(tx: Tx) -> None:
            plant = setups(tx).need(PLANT)
            lines = tuple(line for line in plant.lines if line.asset != fails.machine)
            jobs = tuple(door for door in plant.jobs if door.asset != fails.machine)
            setups(tx).put(PLANT, msgspec.structs.replace(plant, lines=lines, jobs=jobs))
            put_recording(tx, tx.machines.need(fails.machine), recordings)

        context.store.write_sync(write)


def _put_customer_orders(tx: Tx, firm: ChainFirm, context: Context) -> None:
    now = context.clock.now().replace(microsecond=0)
    for told in firm.customer_orders:
        order = CustomerOrder(
            key=told.key,
            customer=f"customer-{told.key}",
            title=told.customer.en,
            item=told.item,
            quantity=Decimal(told.quantity),
            placed_at=now,
            due=now + dt.timedelta(seconds=told.due_s),
        )
        tx.customer_orders.put(order)


def _put_connection(
    tx: Tx, context: Context, firm: ChainFirm, machines: tuple[Machine, ...]
) -> None:
    if firm.plant is None:
        return
    shown = {m.spec.key for m in firm.plant.machines}
    pairs = [(m.key, m.asset_type) for m in machines if m.key in shown]
    connect_plant(
        tx,
        context,
        plant_in(context.folder.path.parent, firm.key),
        lines=opcua_lines(load_shipped(firm.pack), pairs),
        jobs=job_doors(sorted(shown), per_minute=JOBS_PER_MINUTE),
    )


def _capabilities(chain: Chain, firm: str, context: Context) -> tuple[str, ...]:
    items = records(chain, firm, now=context.clock.now())["items"]
    return tuple(sorted({item.capability for item in items if item.make and item.capability}))


def _put_partner(tx: Tx, firm: ChainFirm, port: int, who: tuple[Identity, tuple[str, ...]]) -> None:
    identity, able = who
    partner = Partner(
        did=identity.did,
        name=firm.name.en,
        url=f"https://127.0.0.1:{port}",
        pin=identity.certificate_pin,
        capabilities=able,
    )
    partners(tx).put(partner.did, partner)


def _greet(tx: Tx, context: Context, other: Identity) -> None:
    desk = desk_in(tx, context)
    mine = KeyCard(did=context.identity.did, key=context.identity.did)
    theirs = KeyCard(did=other.did, key=other.did)
    desk.add_peer(theirs, mine=mine, ctx=Step(at=context.clock.now()))
    keep(tx, context, desk, causes={})
