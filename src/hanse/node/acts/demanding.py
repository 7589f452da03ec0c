"""A request that a person writes: an item of the firm's own, or free words and a picked code."""

from __future__ import annotations

import re
from decimal import Decimal

from hanse.match.capability.search import catalogue
from hanse.model.errors import BadInput, NotFound
from hanse.model.event import Event
from hanse.model.product import Item
from hanse.model.quantity import quantity
from hanse.model.trade import Drawing, Requirement
from hanse.node.acts.buying import begin_demands
from hanse.node.context import Context
from hanse.node.dealing import files
from hanse.node.dealing.choosing import learn
from hanse.node.shelves import Demand
from hanse.store import Tx
from hanse.web.views.trading import AskForm, AskLine

SIDES_MAX = 3
_SIDES = re.compile(r"\s*[x×*]\s*", re.IGNORECASE)


def ask_by_hand(tx: Tx, context: Context, form: AskForm, *, by: str) -> Event:
    """Begin a request of a person's own, of one line or several.

    Raises:
        NotFound: there is no such item, code, file or customer's order.
        BadInput: neither an item nor words and a code; a size that cannot be read.
    """
    wanted = [_demand(tx, context, form, line) for line in (form, *form.lines)]
    return begin_demands(tx, context, wanted, by=by)


def _demand(tx: Tx, context: Context, form: AskForm, line: AskLine) -> Demand:
    item = tx.items.need(line.item) if line.item else _named(tx, context, line)
    if line.order:
        tx.customer_orders.need(line.order)
    return Demand(
        key=context.ids.new("demand"),
        item=item.key,
        wanted=Decimal(line.quantity),
        due=line.due,
        customer_order=line.order,
        firms=tuple(form.firms),
        note=form.note,
        drawing=_drawing(tx, line.drawing),
        requirement=_requirement(line),
    )


def _named(tx: Tx, context: Context, form: AskLine) -> Item:
    """What free words mean, as an item that is bought; the pick becomes a synonym."""
    if not form.words.strip() or not form.code:
        raise BadInput(
            "say what is needed",
            remedy="Name an item, or write it in your own words and pick what is meant",
        )
    if form.code not in {c.code for c in catalogue()}:
        raise NotFound("the capability list has no such code", subject=form.code)
    learn(tx, form.words, form.code)
    item = Item(
        key=context.ids.new("part"),
        title=form.words.strip()[:200],
        make=False,
        capability=form.code,
        material=form.material,
    )
    tx.items.put(item)
    return item


def _drawing(tx: Tx, digest: str) -> Drawing | None:
    if not digest:
        return None
    file = files.kept(tx).need(digest)
    return Drawing(id=file.name, digest=file.digest)


def sides_of(text: str) -> tuple[str, ...]:
    """The sides of a size written ``120 x 40``, longest first.

    Raises:
        BadInput: not a number, or more than three of them.
    """
    sides = sorted((quantity(s).value for s in _SIDES.split(text.strip()) if s), reverse=True)
    if len(sides) > SIDES_MAX:
        raise BadInput("a size has at most three sides", subject=text, remedy="Write 120 x 40")
    return tuple(str(side) for side in sides)


def _requirement(form: AskLine) -> Requirement | None:
    sides = sides_of(form.size_mm)
    if not sides and not form.tolerance_um:
        return None
    return Requirement(size_mm=sides, tolerance_um=form.tolerance_um or None)
