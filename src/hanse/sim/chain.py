"""Sample chains: invented firms with their machines, records, prices and the story that is played.

A chain is a folder of data: ``chain.toml`` and, for each firm, the CSV files that it would hand to
``hanse import``. Everything a node of the chain knows goes in by the doors a real firm uses.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from hanse.links.imports import KINDS, Setting, Sheet, read_file
from hanse.model.errors import BadConfig, NotFound
from hanse.model.ids import Key
from hanse.model.money import Currency
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.sim.config import PlantConfig, PlantsConfig, SimulatedMachine

CHAINS = ("pumps",)
FIRMS_MAX = 50
PARTNERS_MAX = 50
_Seconds = Annotated[float, Meta(ge=0, le=365 * 86_400)]


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of ``chain.toml``."""


class Failure(_Part, frozen=True, kw_only=True):
    """What goes wrong in the story, at which machine, and how long it takes to."""

    firm: Key
    machine: Key
    fault: str
    over_s: _Seconds


class Story(_Part, frozen=True, kw_only=True):
    """Who asks for what by when, and what then fails. Times count from the start."""

    buyer: Key
    item: Key
    quantity: Annotated[int, Meta(gt=0)]
    due_s: _Seconds
    customer_order: Key
    fails: Failure


class CustomerOrder(_Part, frozen=True, kw_only=True):
    """What a customer of a firm waits for."""

    key: Key
    customer: Text
    item: Key
    quantity: Annotated[int, Meta(gt=0)]
    due_s: _Seconds


class FirmPlant(_Part, frozen=True, kw_only=True):
    """The simulated machines of a firm, and what they are doing at the start.

    A ``secure`` plant speaks encrypted only where it is given keys.
    """

    machines: Annotated[tuple[SimulatedMachine, ...], Meta(min_length=1)]
    seed: int = 1
    speed_up: float = 1.0
    secure: bool = False


class ChainFirm(_Part, frozen=True, kw_only=True):
    """One invented firm. ``margin`` is what it adds to cost in its quotes.

    A ``light`` one has no machines on the network and runs only what dealing needs.
    """

    key: Key
    name: Text
    role: Literal["maker", "shop", "stockholder"]
    pack: Key
    language: Annotated[str, Meta(pattern=r"^(en|zh)$")] = "en"
    timezone: Annotated[str, Meta(max_length=64)] = "UTC"
    currency: Currency = "EUR"
    margin: Annotated[float, Meta(ge=0, le=10)] = 0.15
    partners: Annotated[tuple[Key, ...], Meta(max_length=PARTNERS_MAX)] = ()
    customer_orders: tuple[CustomerOrder, ...] = ()
    plant: FirmPlant | None = None
    light: bool = False


class Chain(Struct, frozen=True, kw_only=True):
    """A chain of firms, its story, and the files of each firm by firm and name."""

    key: Key
    title: Text
    story: Story
    firms: dict[str, ChainFirm]
    files: dict[str, dict[str, bytes]]

    def firm(self, key: str) -> ChainFirm:
        """A firm of the chain.

        Raises:
            NotFound: there is none of that key.
        """
        if key not in self.firms:
            raise NotFound("no such firm", subject=key[:80], remedy=f"Use {', '.join(self.firms)}")
        return self.firms[key]


class _File(_Part, frozen=True, kw_only=True):
    key: Key
    title: Text
    story: Story
    firm: Annotated[tuple[ChainFirm, ...], Meta(min_length=1, max_length=FIRMS_MAX)]


def read_chain(chain: str | Traversable = "pumps") -> Chain:
    """A sample chain by its name, or one of your own by its folder.

    Raises:
        NotFound: no such sample.
        BadConfig: the folder is no chain, or names a firm or machine that is not in it.
    """
    folder = _shipped(chain) if isinstance(chain, str) else chain
    try:
        document = tomllib.loads((folder / "chain.toml").read_text(encoding="utf-8"))
        file = msgspec.convert(document, _File)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadConfig(str(error), subject="chain.toml", remedy="Correct that line") from error
    made = Chain(
        key=file.key,
        title=file.title,
        story=file.story,
        firms={firm.key: firm for firm in file.firm},
        files={firm.key: _files(folder / firm.key) for firm in file.firm},
    )
    _check(made)
    return made


def widened(chain: Chain, firms: int, *, like: str = "job-shop") -> Chain:
    """The chain with more firms of one kind, up to so many in all, each a partner of the buyer.

    They have the records of ``like``, no simulated plant, and run light.
    """
    buyer, model = chain.story.buyer, chain.firm(like)
    more = {
        f"{like}-{number}": msgspec.structs.replace(
            model,
            key=f"{like}-{number}",
            name=Text(f"{model.name.en} {number}", f"{model.name.zh} {number}"),
            partners=(buyer,),
            plant=None,
            light=True,
        )
        for number in range(len(chain.firms) + 1, min(firms, FIRMS_MAX) + 1)
    }
    known = chain.firm(buyer)
    asks = msgspec.structs.replace(known, partners=(*known.partners, *more)[:PARTNERS_MAX])
    return msgspec.structs.replace(
        chain,
        firms={**chain.firms, buyer: asks, **more},
        files={**chain.files, **dict.fromkeys(more, chain.files[like])},
    )


def _shipped(name: str) -> Traversable:
    if name not in CHAINS:
        raise NotFound("no such sample", subject=name[:80], remedy=f"Use {', '.join(CHAINS)}")
    return resources.files("hanse.sim") / "chains" / name


def _files(folder: Traversable) -> dict[str, bytes]:
    """The files of a firm in the order in which a node takes them in."""
    found = {f.name: f.read_bytes() for f in folder.iterdir() if f.name.endswith(".csv")}
    order = [f"{kind}.csv" for kind in KINDS]
    return {name: found[name] for name in sorted(found, key=order.index)}


def _check(chain: Chain) -> None:
    named = {chain.story.buyer, chain.story.fails.firm}
    named |= {p for firm in chain.firms.values() for p in firm.partners}
    missing = sorted(named - set(chain.firms))
    plant = chain.firms[chain.story.fails.firm].plant if not missing else None
    machines = {m.spec.key for m in plant.machines} if plant else set()
    if missing or chain.story.fails.machine not in machines:
        raise BadConfig(
            f"it names {', '.join(missing) or chain.story.fails.machine}, which is not in it",
            subject="chain.toml",
            remedy="Correct the name",
        )


def records(chain: Chain, firm: str, *, now: Instant) -> dict[str, tuple[Any, ...]]:
    """What a firm has on file, read as ``hanse import`` would, by kind of sheet.

    Raises:
        BadConfig: a row of a sample file cannot be read.
    """
    setting = Setting(now=now, timezone=_zone(chain.firm(firm).timezone))
    sheets = [
        sheet
        for name, content in chain.files[firm].items()
        for sheet in read_file(name, content, setting=setting).sheets
    ]
    wrong = [p for sheet in sheets for p in sheet.problems]
    if wrong:
        raise BadConfig(wrong[0].in_("en"), subject=firm, remedy="Correct the sample file")
    return _by_kind(sheets)


def _zone(name: str) -> dt.tzinfo:
    return ZoneInfo(name)


def _by_kind(sheets: list[Sheet]) -> dict[str, tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = dict.fromkeys(KINDS, ())
    for sheet in sheets:
        found[sheet.kind] += sheet.values
    found["outages"] += found.pop("absences")
    return found


def plants(
    chain: Chain, ports: Mapping[str, int], *, speed_up: float | None = None, keys: str = ""
) -> PlantsConfig:
    """The simulated plants of a chain for one process, by the ports they listen on.

    ``ports`` has a port for each firm whose plant is wanted; ``speed_up`` overrides the chain's;
    with a folder for ``keys`` the secure plants have a certificate of their own in it.
    """
    wanted = [(chain.firm(key), port) for key, port in ports.items()]
    return PlantsConfig(
        plants=tuple(
            PlantConfig(
                key=firm.key,
                port=port,
                machines=firm.plant.machines,
                seed=firm.plant.seed,
                speed_up=speed_up or firm.plant.speed_up,
                keys=f"{keys}/{firm.key}" if keys and firm.plant.secure else "",
            )
            for firm, port in wanted
            if firm.plant is not None
        )
    )
