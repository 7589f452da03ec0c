"""Products: items, bills of material, routings (ISA-95 material and operations definitions)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.ids import Key, Title
from hanse.model.quantity import UnitCode

STEPS_MAX = 200
BOM_LINES_MAX = 2_000
DURATION_S_MAX = 10 * 365 * 86_400

Seconds = Annotated[int, Meta(ge=0, le=DURATION_S_MAX)]


class Item(Struct, frozen=True, kw_only=True):
    """Something bought, made or sold. ``lead_time_s`` is how long it takes to get when bought.

    An order of more than ``lot_max`` pieces is made in lots that go their own way; 0 never splits.
    ``carbon_kg`` is what making one sets free, in kg of CO2 equivalents, where it is known.
    """

    key: Key
    title: Title
    unit: UnitCode = "C62"
    make: bool = True
    lead_time_s: Seconds = 0
    price_minor: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    capability: Annotated[str, Meta(max_length=80)] = ""
    material: Annotated[str, Meta(max_length=80)] = ""
    gtin: Annotated[str, Meta(max_length=14)] = ""
    drawing: Annotated[str, Meta(max_length=200)] = ""
    lot_max: Annotated[int, Meta(ge=0, le=10**6)] = 0
    carbon_kg: Decimal | None = None


class BomLine(Struct, frozen=True, kw_only=True):
    """So much of ``component`` goes into one ``item``, taken at the start of ``step``."""

    item: Key
    component: Key
    quantity: Decimal
    step: Key = "10"


class Alternative(Struct, frozen=True, kw_only=True):
    """A machine or work centre that can do a step, with its own time.

    With ``subcontract`` it is another firm's: never full, back after ``lead_s``, at ``cost_minor``
    a piece; ``machine`` is then only its name.
    """

    machine: Key
    run_s: Annotated[float, Meta(gt=0, le=DURATION_S_MAX, description="Seconds a piece")]
    setup_s: Seconds = 0
    subcontract: bool = False
    lead_s: Seconds = 0
    cost_minor: Annotated[int, Meta(ge=0, le=10**9)] = 0


class Step(Struct, frozen=True, kw_only=True):
    """One step of a routing: ``setup_s`` once, then ``run_s`` a piece, on any of its machines.

    ``family`` names the setup family: a change between families on a machine costs the time in
    the setup matrix. ``skill`` names what a person must have who attends it: during setup and the
    first ``attended`` share of the run. ``setter`` names the skill of who sets up, where that is
    somebody else. ``tool`` is occupied from start to end. ``transfer`` pieces go on to the next
    step before the rest is done; 0 hands over the whole lot. A piece scrapped there is worked again
    there with ``rework``; otherwise it is made anew from the first step on.
    """

    key: Key
    title: Title
    alternatives: tuple[Alternative, ...]
    family: Annotated[str, Meta(max_length=80)] = ""
    skill: Annotated[str, Meta(max_length=80)] = ""
    queue_s: Seconds = 0
    transport_s: Seconds = 0
    may_pause: bool = True
    attended: Annotated[float, Meta(ge=0, le=1)] = 1.0
    setter: Annotated[str, Meta(max_length=80)] = ""
    tool: Annotated[str, Meta(max_length=120)] = ""
    transfer: Annotated[int, Meta(ge=0, le=10**6)] = 0
    rework: bool = False


class Routing(Struct, frozen=True, kw_only=True):
    """How an item is made: steps in order."""

    item: Key
    steps: Annotated[tuple[Step, ...], Meta(min_length=1, max_length=STEPS_MAX)]


class SetupChange(Struct, frozen=True, kw_only=True):
    """Seconds to change a machine (or every machine of a work centre) between setup families."""

    machine: Key
    before: Annotated[str, Meta(max_length=80)]
    after: Annotated[str, Meta(max_length=80)]
    seconds: Seconds


class Tool(Struct, frozen=True, kw_only=True):
    """A tool or fixture of which there are ``copies``; each serves one operation at a time."""

    key: Key
    title: Title
    copies: Annotated[int, Meta(ge=1, le=1_000)] = 1


class Transport(Struct, frozen=True, kw_only=True):
    """Seconds from one site to another, one way."""

    before: Key
    after: Key
    seconds: Seconds


class Stock(Struct, frozen=True, kw_only=True):
    """What is on hand of an item, or arrives at an instant (``at`` None means now)."""

    item: Key
    quantity: Decimal
    at_ns: int | None = None
    source: str = ""
