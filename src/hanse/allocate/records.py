"""What a plan is made from: the node's records of one plant, as one value."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.order import Progress, WorkOrder
from hanse.model.plan import Assignment, Outage, Overtime, Pin
from hanse.model.plant import Calendar, Machine, Person
from hanse.model.product import BomLine, Item, Routing, SetupChange, Stock, Tool, Transport

MOVE_COST_MINOR_MAX = 10**7


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How calm a plan must stay.

    Nothing that starts within ``frozen_s`` from now is moved, unless its machine is down.
    A move of an operation that starts within ``near_s`` costs ``move_minor``, and a change of its
    machine ``machine_minor``; a version is adopted only if it gains more. A search changes the
    machine of at most ``change_share`` of the operations (1: of all) a version; what
    was only just laid out, and a what-if, may change whole. ``overtime_alone``: a search opens
    overtime by itself where that saves more than it costs; otherwise a planner does. Above
    ``compiled_from_ops`` operations the compiled decoder is used, once it is warm.
    """

    frozen_s: Annotated[int, Meta(ge=0, le=90 * 86_400)] = 0
    near_s: Annotated[int, Meta(ge=0, le=90 * 86_400)] = 86_400
    move_minor: Annotated[int, Meta(ge=0, le=MOVE_COST_MINOR_MAX)] = 10
    machine_minor: Annotated[int, Meta(ge=0, le=MOVE_COST_MINOR_MAX)] = 100
    change_share: Annotated[float, Meta(ge=0, le=1)] = 0.05
    stay_s: Annotated[int, Meta(ge=0, le=7 * 86_400)] = 3 * 3_600
    overtime_alone: bool = False
    compiled_from_ops: Annotated[int, Meta(ge=0)] = 400
    horizon_days: Annotated[int, Meta(ge=1, le=3_650)] = 370


class Records(Struct, frozen=True, kw_only=True):
    """A plant's records: what there is, what must be made, and how far it is.

    ``plan`` is what was laid out before, so that a restart does not move what has started;
    ``overtime`` what has been opened of the hours that calendars offer.
    """

    machines: tuple[Machine, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    people: tuple[Person, ...] = ()
    tools: tuple[Tool, ...] = ()
    items: tuple[Item, ...] = ()
    bom: tuple[BomLine, ...] = ()
    routings: tuple[Routing, ...] = ()
    setups: tuple[SetupChange, ...] = ()
    transports: tuple[Transport, ...] = ()
    stock: tuple[Stock, ...] = ()
    orders: tuple[WorkOrder, ...] = ()
    outages: tuple[Outage, ...] = ()
    progress: tuple[Progress, ...] = ()
    pins: tuple[Pin, ...] = ()
    plan: tuple[Assignment, ...] = ()
    overtime: tuple[Overtime, ...] = ()
    rules: Rules = Rules()
