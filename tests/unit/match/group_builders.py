"""Statements of small groups, for tests of clearing together."""

import datetime as dt

from tests.unit.match.market import START, House

from hanse.match.group import convene
from hanse.model import trade
from hanse.model.clearing import ClearingCall, ClearingNeed, ClearingOffer, ClearingStatement

HOUSES = [House(f"Member {i}", bytes([i + 1]) * 32) for i in range(5)]
DIDS = tuple(h.did for h in HOUSES)
HOUR = dt.timedelta(hours=1)
CLOSING, UNTIL = START + HOUR, START + 10 * HOUR


def call(**more):
    facts = {
        "id": "clearing-1",
        "issue_date_time": START,
        "closing_date_time": CLOSING,
        "until": UNTIL,
        "pricing_currency_code": "EUR",
        "member": DIDS,
    }
    return ClearingCall(**(facts | more))


def group(**more):
    return convene(call(**more), convener=DIDS[0])


def item(code="SHAFT", **more):
    return trade.TradeItem(buyers_item_identification=code, **more)


def need(quantity, value=None, number="n1", hours=9, **more):
    facts = {"item": item(), "latest": START + hours * HOUR, "value": value and str(value)}
    return ClearingNeed(id=number, quantity=str(quantity), **(facts | more))


def offer(quantity, price, number="o1", hours=5, **more):
    facts = {"item": item(), "ready": START + hours * HOUR}
    return ClearingOffer(id=number, quantity=str(quantity), price=str(price), **(facts | more))


def word(needs=(), offers=(), deals=DIDS, clearing="clearing-1"):
    return ClearingStatement(
        id="st-1",
        clearing_reference=trade.DocumentReference(id=clearing),
        issue_date_time=START,
        deals_with=tuple(deals),
        need=tuple(needs),
        offer=tuple(offers),
    )
