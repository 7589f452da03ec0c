"""A disturbance that a person tells: a machine that stops, an order that is late, more demand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from hanse.match.books import Books
from hanse.match.reach import NOTHING, Lack, More, Place, Reach, down, hit_of, up
from hanse.model import tidings, trade
from hanse.model.errors import BadInput, Conflict, NotFound
from hanse.model.event import Event
from hanse.model.plan import Assignment
from hanse.model.quantity import quantity
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.node.context import Context
from hanse.node.dealing.partners import name_of, partners
from hanse.node.rippling.effect import Case, lack_of
from hanse.node.rippling.forecasts import pass_on
from hanse.node.rippling.keeping import Own, begin, begun
from hanse.node.rippling.place import place_in
from hanse.store import Tx
from hanse.web.drawing.moments import typed_instant
from hanse.web.views.common import Deed, Field, FieldKind, Option

HOURS_MAX = 10_000
CHOICES_MAX = 200
Values = Mapping[str, str]
_Told = tuple[Reach, str, str]


class _Form:
    """What was typed, read with its bounds."""

    def __init__(self, context: Context, values: Values) -> None:
        self._zone = context.settings.firm.timezone
        self._values = values

    def text(self, name: str) -> str:
        """A field that must be there.

        Raises:
            BadInput: it is empty.
        """
        typed = self._values.get(name, "").strip()
        if not typed:
            raise BadInput("a field is missing", subject=name, remedy="Fill it in")
        return typed

    def pieces(self) -> Decimal:
        """How many.

        Raises:
            BadInput: not over zero.
        """
        found = quantity(self.text("quantity")).value
        if found <= 0:
            raise BadInput("not a quantity over zero", subject=str(found))
        return found

    def at(self, name: str) -> Instant | None:
        """An instant in the firm's own time, or None."""
        typed = self._values.get(name, "").strip()
        return typed_instant(typed, timezone=self._zone) if typed else None

    def hours(self) -> dt.timedelta:
        """How long.

        Raises:
            BadInput: not between 0 and HOURS_MAX.
        """
        found = quantity(self.text("hours")).value
        if not 0 < found <= HOURS_MAX:
            raise BadInput("not a number of hours", subject=str(found))
        return dt.timedelta(hours=float(found))


def begin_by_hand(tx: Tx, context: Context, deed: str, values: Values, *, by: str) -> Event:
    """Tell partners of a disturbance.

    Raises:
        BadInput: no such kind, or a field that cannot be used.
        NotFound: a machine, order or item that is not on record.
    """
    if deed == FORECAST.name:
        return _forecast(tx, context, by)
    if deed not in _DEEDS:
        raise BadInput("there is no such disturbance", subject=deed)
    place, form = place_in(tx, context), _Form(context, values)
    reach, effect, cause = _DEEDS[deed](Case(tx, context, place, ""), form)
    now = context.clock.now()
    notice = tidings.Disturbance(
        id=context.ids.new("ripple"),
        issue_date_time=now,
        effect=effect,  # type: ignore[arg-type]
        leading_root_cause=cause,  # type: ignore[arg-type]
        start_date_time=now,
        hop_limit=context.settings.policy.ripple_hops,
    )
    own = Own(notice, reach)
    return begin(tx, context, begun(own, loop=context.ids.new("loop"), by=by), own)


def _forecast(tx: Tx, context: Context, by: str) -> Event:
    found = pass_on(tx, context, by=by)
    if not found:
        raise Conflict(
            "there is nothing new to tell",
            remedy="A supplier must be granted it, and three customers must stand behind it",
        )
    return found[-1]


def _machine(case: Case, form: _Form) -> _Told:
    """What the plan has on a machine while it stands, late by as long."""
    machine = case.tx.machines.need(form.text("machine"))
    now, stands = case.context.clock.now(), form.hours()
    plan = case.tx.plans.current()
    work = [
        a
        for a in (plan.assignments if plan else ())
        if a.machine == machine.key and a.end > now and a.start < now + stands
    ]
    lacks = list(_lacks(case, work, stands))
    return down(case.place, lacks), "capacity-reduced", "production-incident"


def _lacks(case: Case, work: Iterable[Assignment], stands: dt.timedelta) -> Iterable[Lack]:
    for one in work:
        order = case.tx.work_orders.get(one.order)
        if order is None:
            continue
        rest = max(NOTHING, case.place.needed(order.item) - one.pieces)
        yield Lack(
            item=order.item,
            quantity=Decimal(one.pieces),
            left=rest,
            until=one.end + stands,
            first=(order.demand,) if order.demand else (),
        )


def _late(case: Case, form: _Form) -> _Told:
    """An order of ours with a partner that comes late or not whole."""
    partner, order, name = (*form.text("order").split("|", 2), "", "")[:3]
    contract = Books(case.tx.desk).contract(partner, order)
    if contract is None:
        raise NotFound("no order of this number was signed", subject=order)
    name = name or next(iter(contract.terms.lines))
    standing = contract.terms.lines.get(name)
    if standing is None or not standing.deliveries:
        raise NotFound("the order has no such line", subject=f"{order} {name}")
    line = tidings.AffectedLine(
        order_reference=trade.DocumentReference(id=order),
        order_line_id=name,
        quantity_short=str(form.pieces()),
        agreed=max(d.date_time for d in standing.deliveries),
        expected=form.at("expected"),
    )
    lack = lack_of(Case(case.tx, case.context, case.place, partner), line)
    return down(case.place, [lack] if lack else []), "capacity-reduced", "material-shortage"


def _sale(case: Case, form: _Form) -> _Told:
    """An order somebody waits for that cannot be kept."""
    order, _, line = form.text("sale").partition("|")
    pieces, until = form.pieces(), form.at("expected")
    hits = tuple(
        hit_of(owed, min(pieces, owed.quantity), until=until)
        for owed in case.place.owed
        if owed.order == order and line in ("", owed.line)
    )
    if not hits:
        raise NotFound("nobody waits for an order of this number", subject=order)
    reach = Reach(own=hits, tell=tuple(h for h in hits if h.partner))
    return reach, "capacity-reduced", "production-incident"


def _demand(effect: str) -> Callable[[Case, _Form], _Told]:
    def told(case: Case, form: _Form) -> _Told:
        item, by = case.tx.items.need(form.text("item")), form.at("by")
        if by is None:
            raise BadInput("say by when", subject="by", remedy="Fill it in")
        wish = More(item=item.key, quantity=form.pieces(), by=by)
        return up(case.place, [wish]), effect, "demand-change"

    return told


_DEEDS: dict[str, Callable[[Case, _Form], _Told]] = {
    "machine": _machine,
    "late": _late,
    "sale": _sale,
    "more": _demand("demand-increased"),
    "less": _demand("demand-reduced"),
}


# ---------------------------------------------------------------- the forms

FORECAST = Deed(name="forecast", label=Text("Pass our forecast on now", "立即传递需求预测"))
_QUANTITY = Field(name="quantity", label=Text("Quantity", "数量"), kind=FieldKind.NUMBER)
_EXPECTED = Field(
    name="expected",
    label=Text("Expected when", "预计恢复时间"),
    kind=FieldKind.INSTANT,
    required=False,
    hint=Text("Empty: nobody knows", "留空表示未知"),
)
_SHORT = (_QUANTITY, _EXPECTED)
_BY = Field(name="by", label=Text("By when", "何时之前"), kind=FieldKind.INSTANT)


def forms(tx: Tx, context: Context) -> tuple[Deed, ...]:
    """What a person may tell here; nothing that has no choices."""
    place = place_in(tx, context)
    machines = [Option(m.key, Text(m.title, m.title)) for m in tx.machines.all()]
    items = [Option(i.key, Text(i.title, i.title)) for i in tx.items.all() if i.make]
    hours = Field(name="hours", label=Text("Stands for hours", "停机小时数"), kind=FieldKind.NUMBER)
    found = (
        _form("machine", Text("A machine stops", "设备停机"), (machines, hours)),
        _form("late", Text("Material is late", "物料延迟"), (_bought(tx, context), *_SHORT)),
        _form("sale", Text("An order cannot be kept", "订单无法按期"), (_owed(tx, place), *_SHORT)),
        _form("more", Text("More is wanted", "需求增加"), (items, _QUANTITY, _BY)),
        _form("less", Text("Less is wanted", "需求减少"), (items, _QUANTITY, _BY)),
    )  # fmt: skip
    books = Books(tx.desk)
    may = any(books.grants(p.did).gets_forecast for p in partners(tx).all())
    kept = tuple(deed for deed in found if deed.fields[0].options)
    return (*kept, FORECAST) if may else kept


_NAMED = {
    "machine": ("machine", Text("Machine", "设备")),
    "late": ("order", Text("Order of ours", "我方采购订单")),
    "sale": ("sale", Text("Order of a customer", "客户订单")),
    "more": ("item", Text("Item", "物料")),
    "less": ("item", Text("Item", "物料")),
}


def _form(deed: str, label: Text, rest: tuple[list[Option] | Field, ...]) -> Deed:
    options, *fields = rest
    name, words = _NAMED[deed]
    which = Field(
        name=name,
        label=words,
        kind=FieldKind.CHOICE,
        options=tuple(options)[:CHOICES_MAX],  # type: ignore[arg-type]
    )
    return Deed(name=deed, label=label, fields=(which, *fields))  # type: ignore[arg-type]


def _bought(tx: Tx, context: Context) -> list[Option]:
    found = []
    for partner, contract in Books(tx.desk).contracts():
        if contract.terms.buyer == context.identity.did:
            order, firm = contract.terms.order.id, name_of(tx, partner)
            for name, line in contract.terms.lines.items():
                label = f"{line.quantity:f} {line.item.buyers_item_identification} · {firm}"
                found.append(Option(f"{partner}|{order}|{name}", Text(label, label)))
    return found


def _owed(tx: Tx, place: Place) -> list[Option]:
    found = []
    for owed in place.owed:
        firm = name_of(tx, owed.partner) if owed.partner else owed.order
        label = f"{owed.quantity:f} {owed.item} · {firm}"
        found.append(Option(f"{owed.order}|{owed.line}", Text(label, label)))
    return found
