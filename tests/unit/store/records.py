"""A small whole record: a shop with a plan, dealings, messages and people."""

import datetime as dt
from decimal import Decimal

from hanse.match.books import Books
from hanse.match.ledger.chain import KeyCard, opening_body
from hanse.match.ledger.pair import (
    Intent,
    countersign,
    new_pair,
    propose,
    receive_countersignature,
    receive_proposal,
)
from hanse.model.door import AuditEntry, Role, Session, User
from hanse.model.event import Draft
from hanse.model.ids import Counter
from hanse.model.keys import Ed25519Signer
from hanse.model.order import WorkOrder
from hanse.model.plan import Assignment, PlanVersion
from hanse.model.plant import Machine, Signal
from hanse.model.product import Alternative, BomLine, Item, Routing, Step
from hanse.model.sample import Gap, GapReason
from hanse.model.text import Text
from hanse.model.time import UTC, StillClock
from hanse.store import Store, peer_lane

AT = dt.datetime(2026, 3, 1, tzinfo=UTC)
PEER = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"


def open_record(path):
    return Store.open(str(path), clock=StillClock(AT), ids=Counter())


def draft(kind="decide.alarm_active", subject="m1", **more):
    return Draft(kind=kind, subject=subject, text=Text("It is hot", "过热"), **more)


def assignment(order="o1", hour=0, machine="m1"):
    start = AT + dt.timedelta(hours=hour)
    end = start + dt.timedelta(hours=1)
    return Assignment(order=order, step="10", machine=machine, start=start, end=end)


def plan(number, *assignments):
    return PlanVersion(number=number, made_at=AT, cause=None, assignments=assignments)


def co_signed(length):
    """Our view of a chain of two firms, and its entries."""
    ours, theirs = Ed25519Signer(bytes(32)), Ed25519Signer(bytes([1] * 32))
    cards = [KeyCard(did=s.did, key=s.did) for s in (ours, theirs)]
    mine, other = new_pair(*cards), new_pair(*cards[::-1])
    made, until = [], AT + dt.timedelta(days=1)
    for n in range(length):
        body = opening_body(mine.chain) if n == 0 else {"id": f"d{n}"}
        intent = Intent(kind="order" if n else "open", body=body, exp=until)
        mine, proposal = propose(mine, intent, signer=ours, at=AT)
        fresh = receive_proposal(other, proposal, at=AT)
        other, _, counter = countersign(fresh.ledger, signer=theirs, at=AT)
        mine, signed = receive_countersignature(mine, counter, at=AT)
        made.append(signed)
    return mine, made


def fill(store):
    """Write one of everything that is checked."""
    store.write_sync(_plant)
    store.write_sync(_happenings)
    store.write_sync(_dealings)
    store.write_sync(_people)


def _plant(tx):
    tx.machines.put(Machine(key="m1", title="Lathe", asset_type="lathe", work_centre="turning"))
    tx.items.put_many([Item(key="shaft", title="Shaft"), Item(key="bar", title="Bar", make=False)])
    tx.bom_lines.put(BomLine(item="shaft", component="bar", quantity=Decimal(1)))
    step = Step(key="10", title="Turn", alternatives=(Alternative(machine="m1", run_s=60),))
    tx.routings.put(Routing(item="shaft", steps=(step,)))
    for n in (1, 2):
        tx.work_orders.put(WorkOrder(key=f"o{n}", item="shaft", quantity=Decimal(5), due=AT))
    tx.plans.put(plan(1, assignment()))
    tx.plans.put(plan(2, assignment(), assignment("o2", hour=1)))
    tx.signals.named(Signal(id=0, asset="m1", name="load"))
    gap = Gap(connection="plc", start_ns=5, end_ns=9, reason=GapReason.RESTARTED)
    tx.gaps.put(gap)


def _happenings(tx):
    first = tx.events.append(draft(loop="loop-1"))
    second = tx.events.append(draft("plan.repaired", cause=first.id))
    tx.events.append(draft("promise.broken", "o1", cause=second.id))
    tx.documents.put(b"signed words", kind="order")


def _dealings(tx):
    for n in range(3):
        tx.outbox.put(peer_lane(PEER), id=f"out{n}", kind="rfq", payload=b"hello %d" % n)
    for n in (1, 2, 4):
        tx.inbox.offer(PEER, id=f"in{n}", number=n, payload=b"well %d" % n)
        if n < 4:
            tx.inbox.taken(PEER, f"in{n}", answer=b"ok")
    view, entries = co_signed(3)
    for seq, signed in enumerate(entries):
        tx.desk.append(view.chain.id, seq, signed)
    Books(tx.desk).put_ledger(view)


def _people(tx):
    tx.users.put(User(name="anna", title="Anna", role=Role.OWNER, created_at=AT))
    seen = {"created_at": AT, "seen_at": AT, "expires_at": AT}
    tx.sessions.put(Session(hash="a" * 64, user="anna", kind="browser", **seen))
    for what in ("alarm.shelve", "plan.move"):
        line = AuditEntry(at=AT, by="anna", what=what, subject="m1", text=Text("done", "完成"))
        tx.audit.append(line)
