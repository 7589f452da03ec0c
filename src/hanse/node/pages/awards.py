"""Provisional awards as people see them: until when, at which premium, and who gave way."""

from __future__ import annotations

from hanse.match.enquiry import Awarded, Enquiry, Held, Outbid, Talk
from hanse.match.offer import Holding, Offer
from hanse.match.offer import Outbid as GaveWay
from hanse.model import trade
from hanse.model.text import Text
from hanse.model.time import format_minute
from hanse.web.views.common import Fact, State, Tone

AWARDED = State("awarded", Text("awarded", "已授予"), Tone.BUSY)
HELD = State("held", Text("held until closing", "保留至截止"), Tone.BUSY)
OUTBID = State("outbid", Text("outbid", "被更高出价取代"), Tone.WARN)


def standing(enquiry: Enquiry) -> frozenset[str]:
    """Firms that an award of ours stands with."""
    talks = enquiry.talks.items()
    return frozenset(did for did, talk in talks if isinstance(talk, Awarded | Held))


def state_of(talk: Talk) -> State | None:
    """Where an award of ours stands; None where there is none."""
    match talk:
        case Awarded():
            return AWARDED
        case Held():
            return HELD
        case Outbid():
            return OUTBID
        case _:
            return None


def facts_of(talk: Talk, currency: str) -> tuple[Fact, ...]:
    """Closing and premium of an award of ours, or what would take it back."""
    match talk:
        case Awarded(award=award) | Held(award=award):
            return _award(award, currency)
        case Outbid(premium=premium):
            label = Text("Premium that would take it back", "重新取得所需加价")
            return (Fact(label, _money(premium, currency)),)
        case _:
            return ()


def given(offer: Offer, firm: str) -> tuple[State | None, tuple[Fact, ...]]:
    """A quotation of ours that was awarded, as we see it: to whom, until when, at which premium."""
    currency = offer.rfq.pricing_currency_code
    match offer.state:
        case Holding(award=award):
            who = Fact(Text("Awarded by", "授予方"), Text(firm, firm))
            return HELD, (who, *_award(award, currency))
        case GaveWay():
            note = Text("another pays more for the place", "另一方为该产能出价更高")
            return OUTBID, (Fact(Text("Gave way", "已让位"), note),)
        case _:
            return None, ()


def _award(award: trade.Award, currency: str) -> tuple[Fact, ...]:
    closing = format_minute(award.closing_date_time)
    found = [Fact(Text("Bidding ends", "竞价截止"), Text(closing, closing))]
    if award.premium_amount != "0":
        label = Text("Premium to be kept", "保留加价")
        found.append(Fact(label, _money(award.premium_amount, currency)))
    return tuple(found)


def _money(amount: str, currency: str) -> Text:
    return Text(f"{amount} {currency}", f"{amount} {currency}")
