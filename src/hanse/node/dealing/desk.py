"""One step at the desk within one transaction: events and letters kept with what they change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeVar

import msgspec

from hanse.flows import kinds
from hanse.match.counter import Context as Step
from hanse.match.desk import Desk
from hanse.match.messages import Incoming, Outgoing, decode_letter, encode_letter
from hanse.match.policy import Policy
from hanse.match.words import kind_name
from hanse.model import tidings
from hanse.model.event import Draft, Event
from hanse.model.text import Text
from hanse.node.context import Context
from hanse.node.dealing.fetching import note_files
from hanse.node.dealing.partners import heard_profile
from hanse.node.dealing.selling_rules import selling
from hanse.store import Tx, peer_lane
from hanse.transmit.peerlink.envelope import Message, seal

LETTER_LASTS = dt.timedelta(days=30)
MINOR = Decimal(100)

R = TypeVar("R")


def desk_in(tx: Tx, context: Context) -> Desk:
    """The firm's desk in a transaction; what it gathers is kept by `keep`."""
    limit = Decimal(context.policy_in(tx).accept_alone_up_to_minor) / MINOR
    return Desk(
        context.party,
        context.identity.signer,
        tx.desk,
        ids=context.ids,
        policy=Policy(accept_order_max=limit, raise_least=selling(tx).raise_least),
    )


def at_desk(tx: Tx, context: Context, event: Event, act: Callable[[Desk, Step], R]) -> R:
    """Do something at the desk because of an event, and keep what comes of it."""
    desk = desk_in(tx, context)
    step = Step(at=context.clock.now(), correlation=event.loop or "", causation=event.id)
    result = act(desk, step)
    keep(tx, context, desk, causes={})
    return result


def start_desk(tx: Tx, context: Context) -> None:
    """Greet every partner with our head: nothing is signed before theirs was seen.

    The record may be a backup that is older than what was signed since (decision 0063).
    """
    desk = desk_in(tx, context)
    desk.start(Step(at=context.clock.now()))
    keep(tx, context, desk, causes={})


def take_in(tx: Tx, context: Context, message: Message) -> None:
    """The effect of a partner's letter: an arrival on record, and what the desk makes of it."""
    arrival = tx.events.append(_arrival(message))
    desk = desk_in(tx, context)
    incoming = Incoming(
        id=message.id,
        source=message.source,
        kind=message.kind,
        letter=decode_letter(message.data),
        at=context.clock.now(),
        correlation=message.correlation,
        causation=message.causation,
        digest=digest_text(message.digest),
    )
    desk.receive(incoming)
    note_files(tx, incoming)
    if incoming.kind == "profile":
        heard_profile(tx, incoming.source)
    if incoming.kind == "forecast":
        heard_forecast(tx, incoming)
    if incoming.kind.startswith("clearing_"):
        heard_clearing(tx, context, incoming, cause=arrival.id)
    keep(tx, context, desk, causes={message.id: arrival.id})


def heard_clearing(tx: Tx, context: Context, incoming: Incoming, *, cause: str) -> None:
    """A member of a group that clears together sent word."""
    from hanse.node.grouping.keeping import hear  # it posts letters by this desk

    hear(tx, context, incoming, cause=cause)


def heard_forecast(tx: Tx, incoming: Incoming) -> None:
    """A customer said what its customers will want."""
    from hanse.node.rippling.forecasts import hear  # it posts letters by this desk

    hear(tx, incoming.source, msgspec.convert(incoming.letter.document, tidings.Forecast))


def digest_text(hexadecimal: str) -> str:
    """A digest as documents write it: ``sha-256:`` and base64url without padding (RFC 6920)."""
    import base64

    raw = base64.urlsafe_b64encode(bytes.fromhex(hexadecimal)).decode().rstrip("=")
    return f"sha-256:{raw}" if raw else ""


def keep(tx: Tx, context: Context, desk: Desk, *, causes: Mapping[str, str]) -> None:
    """Record the desk's events, with causes that are in this record, and post its letters."""
    for draft in desk.events:
        cause = causes.get(draft.cause or "", draft.cause)
        tx.events.append(msgspec.structs.replace(draft, cause=cause))
    for outgoing in desk.send:
        _post(tx, context, outgoing)


def _post(tx: Tx, context: Context, outgoing: Outgoing) -> None:
    lane = peer_lane(outgoing.to)
    now = context.clock.now()
    message = Message(
        id=context.ids.new("letter"),
        source=context.identity.did,
        audience=outgoing.to,
        number=tx.outbox.next_number(lane),
        kind=outgoing.kind,
        at=now,
        expires=now + LETTER_LASTS,
        subject=outgoing.subject,
        correlation=outgoing.correlation,
        causation=outgoing.causation,
        data=encode_letter(outgoing.letter),
    )
    sealed = seal(message, context.identity.signer)
    tx.outbox.put(lane, id=message.id, kind=message.kind, payload=sealed)


def _arrival(message: Message) -> Draft:
    name = kind_name(message.kind)
    return Draft(
        kind=kinds.MESSAGE_RECEIVED,
        subject=message.subject or message.id,
        text=Text(f"A partner's letter came: {name.en}", f"收到伙伴来函:{name.zh}"),
        loop=message.correlation or None,
        by=message.source,
        about={
            "message": message.id,
            "kind": message.kind,
            "source": message.source,
            "caused_by": message.causation,
        },
    )
