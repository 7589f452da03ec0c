"""What we know of a partner from our own dealings: on time, good, answered. Nothing from others."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from hanse.match.contract import Contract, LineStanding
from hanse.match.enquiry import Asked, Enquiry
from hanse.model.text import Text
from hanse.model.time import Instant


class PeerRecord(Struct, frozen=True, kw_only=True):
    """Pieces due and on time, received and rejected; requests sent and answered."""

    due: Decimal = Decimal(0)
    on_time: Decimal = Decimal(0)
    received: Decimal = Decimal(0)
    rejected: Decimal = Decimal(0)
    asked: int = 0
    answered: int = 0

    @property
    def on_time_share(self) -> float | None:
        """Pieces on time over pieces due; None before anything was due."""
        return float(self.on_time / self.due) if self.due else None

    @property
    def good_share(self) -> float | None:
        """Pieces accepted over pieces received; None before anything came."""
        return float(1 - self.rejected / self.received) if self.received else None

    @property
    def answered_share(self) -> float | None:
        """Requests answered over requests sent; None before any was sent."""
        return self.answered / self.asked if self.asked else None

    def text(self) -> Text:
        """The record in a sentence; with few dealings it says so."""
        on, good, back = self.on_time_share, self.good_share, self.answered_share
        values = [("-" if v is None else f"{100 * v:.0f} %") for v in (on, good, back)]
        return Text(
            f"On time {values[0]} of {self.due:f}, good {values[1]} of {self.received:f}, "
            f"answered {values[2]} of {self.asked}.",
            f"准时 {values[0]}（{self.due:f}），合格 {values[1]}（{self.received:f}），"
            f"答复 {values[2]}（{self.asked}）。",
        )


def _on_time(line: LineStanding, at: Instant) -> tuple[Decimal, Decimal]:
    """Pieces due by now, and pieces of them that had arrived by their own date."""
    due = on_time = Decimal(0)
    for part in sorted(line.deliveries, key=lambda d: d.date_time):
        if part.date_time > at:
            break
        due += Decimal(part.quantity)
        arrived = sum(
            (Decimal(a.quantity) for a in line.arrivals if a.date_time <= part.date_time),
            Decimal(0),
        )
        on_time += max(Decimal(0), min(Decimal(part.quantity), arrived - on_time))
    return due, on_time


def record_of(
    partner: str, contracts: Iterable[Contract], enquiries: Iterable[Enquiry], *, at: Instant
) -> PeerRecord:
    """The record of one seller, from our contracts with it and our requests to it."""
    due = on_time = received = rejected = Decimal(0)
    for contract in contracts:
        if contract.terms.seller != partner:
            continue
        for line in contract.terms.lines.values():
            a, b = _on_time(line, at)
            due, on_time = due + a, on_time + b
            received, rejected = received + line.received, rejected + line.rejected
    asked = answered = 0
    for enquiry in enquiries:
        talk = enquiry.talks.get(partner)
        if talk is None or enquiry.rfq.submission_due_date_time > at:
            continue
        asked += 1
        answered += not isinstance(talk, Asked)
    return PeerRecord(
        due=due,
        on_time=on_time,
        received=received,
        rejected=rejected,
        asked=asked,
        answered=answered,
    )
