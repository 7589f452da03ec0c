"""The node as the pages see it, in memory: ports of a few lines each over the samples."""

import asyncio
import hashlib

import msgspec
from msgspec import structs
from tests.unit.web import samples as s
from tests.unit.web.deciding import PERFORMANCE, LossesInMemory, NoticesInMemory, RulesInMemory
from tests.unit.web.lives import LivesInMemory
from tests.unit.web.setting import SettingInMemory

from hanse.allocate.versions import between
from hanse.model.door import Role
from hanse.model.errors import BadInput, Conflict, NotAllowed, NotFound
from hanse.model.plan import Search, SearchState
from hanse.model.text import Text
from hanse.model.time import StillClock, from_ns, to_ns
from hanse.web.ports import Ports
from hanse.web.views.common import Done, Option
from hanse.web.views.entering import Taken
from hanse.web.views.people import AuditPage
from hanse.web.views.running import FirstStep, PeerAnswer
from hanse.web.views.trading import FileRow

DRAWING = "sha-256:" + "A" * 43
DONE = Done(text=Text("Done", "已完成"), event="event-0005")


def found(thing, what):
    if thing is None:
        raise NotFound("there is no such thing", subject=str(what))
    return thing


class AccountsInMemory:
    def __init__(self):
        self._users, self._sessions, self._links, self._tokens = {}, {}, {}, {}

    async def claimed(self):
        return any(u.role is Role.OWNER for u in self._users.values())

    async def users(self):
        return tuple(sorted(self._users.values(), key=lambda u: u.name))

    async def user(self, name):
        return self._users.get(name)

    async def put_user(self, user):
        self._users[user.name] = user

    async def put_session(self, session):
        self._sessions[session.hash] = session

    async def session(self, hash_):
        return self._sessions.get(hash_)

    async def sessions(self, user=None):
        return tuple(x for x in self._sessions.values() if user in {None, x.user})

    async def end_sessions(self, *, user="", hash_=""):
        ended = [k for k, x in self._sessions.items() if (user and x.user == user) or k == hash_]
        for key in ended:
            del self._sessions[key]
        return len(ended)

    async def put_link(self, link):
        self._links[link.hash] = link

    async def link(self, hash_):
        return self._links.get(hash_)

    async def take_link(self, hash_):
        return self._links.pop(hash_, None)

    async def put_token(self, token):
        self._tokens[token.hash] = token

    async def token(self, hash_):
        return self._tokens.get(hash_)

    async def tokens(self, user=None):
        return tuple(x for x in self._tokens.values() if user in {None, x.user})

    async def end_token(self, hash_):
        self._tokens.pop(hash_, None)


class AuditInMemory:
    def __init__(self):
        self.entries = []

    async def note(self, entry):
        before = self.entries[-1].hash if self.entries else ""
        whole = hashlib.sha256((before + entry.what + entry.subject).encode()).hexdigest()
        self.entries.append(structs.replace(entry, hash=whole))

    async def page(self, *, limit, before=None):
        rows = [e for e in reversed(self.entries) if before is None or e.at < before]
        return AuditPage(entries=tuple(rows[:limit]), whole=True, total=len(self.entries))


class HappeningsInMemory:
    def __init__(self):
        self.readers = {}

    async def loops(self, *, limit):
        return s.LOOPS[:limit]

    async def loop(self, loop):
        row = found(next((r for r in s.LOOPS if r.id == loop), None), loop)
        return row, tuple(e for e in s.EVENTS if e.loop == loop)

    async def event(self, event):
        return found(next((e for e in s.EVENTS if e.id == event), None), event)

    async def causes(self, event):
        chain = [await self.event(event)]
        while chain[0].cause:
            chain.insert(0, await self.event(chain[0].cause))
        return tuple(chain)

    async def effects(self, event):
        return tuple(e for e in s.EVENTS if e.cause == event)

    async def recent(self, *, limit, subject="", before=None):
        return tuple(e for e in reversed(s.EVENTS) if subject in {"", e.subject})[:limit]

    async def follow(self):
        news = asyncio.Queue()
        self.readers[news] = asyncio.get_running_loop()
        try:
            while True:
                yield await news.get()
        finally:
            del self.readers[news]

    def tell(self, event):
        """From any thread: all who follow hear of it."""
        for news, loop in self.readers.items():
            loop.call_soon_threadsafe(news.put_nowait, event)


class ApprovalsInMemory:
    def __init__(self):
        self.asked = {s.APPROVAL.id: s.APPROVAL}

    async def rows(self, *, open_only, limit):
        return tuple(a for a in self.asked.values() if a.open or not open_only)[:limit]

    async def one(self, approval):
        return found(self.asked.get(approval), approval)

    async def decide(self, approval, *, choice, note, by):
        asked = await self.one(approval)
        if not asked.open:
            raise Conflict("it was decided", subject=approval)
        if choice is not None and choice not in {c.name for c in asked.choices}:
            raise BadInput("no such choice", subject=choice)
        self.asked[approval] = structs.replace(asked, open=False, decided_by=by, state=s.CLOSED)
        return Done(text=Text("Agreed", "已同意") if choice else Text("Declined", "已拒绝"))


class MachinesInMemory:
    async def rows(self):
        return s.MACHINES

    async def machine(self, key):
        row = found(next((m for m in s.MACHINES if m.key == key), None), key)
        return structs.replace(s.MACHINE, row=row)

    async def history(self, signals, *, start, end, points):
        n = min(points, 600)
        length_s = max(1e-3, (end - start).total_seconds())
        return s.series(signals, start.timestamp(), n, length_s / n)

    async def act(self, key, deed, values, *, by):
        found(next((m for m in s.MACHINES if m.key == key), None), key)
        return DONE

    async def live(self, signals):
        at = s.T0.timestamp()
        while True:
            yield s.series(signals, at, 50, 0.002)
            at += 0.1
            await asyncio.sleep(0.1)


class AlarmsInMemory:
    def __init__(self):
        self.kept = {a.id: a for a in s.ALARMS}

    async def rows(self, *, limit):
        return tuple(self.kept.values())[:limit]

    async def one(self, alarm):
        return found(self.kept.get(alarm), alarm)

    async def act(self, alarm, deed, values, *, by):
        row = await self.one(alarm)
        if deed == "acknowledge":
            changed = {"acknowledged": True, "acknowledged_by": by, "state": s.ALARMS[1].state}
        elif deed == "shelve":
            changed = {"shelved_until": s.after(3_600), "state": s.ALARMS[2].state}
        else:
            raise Conflict("that cannot be done now", subject=alarm)
        self.kept[alarm] = structs.replace(row, **changed)
        return DONE

    async def performance(self, *, hours):
        return PERFORMANCE


class PlansInMemory:
    def __init__(self):
        self.plan = s.PLAN

    async def current(self, number=None):
        if number not in {None, self.plan.version.number, 17}:
            raise NotFound("no such version", subject=str(number))
        return self.plan

    async def versions(self, *, limit):
        return s.VERSIONS[:limit]

    async def order(self, key):
        row = found(next((o for o in s.ORDERS if o.key == key), None), key)
        return row, s.EVENTS[3:5]

    async def move(self, wish, *, by):
        bars = []
        for bar in self.plan.version.assignments:
            if (bar.order, bar.step) != (wish.order, wish.step):
                bars.append(bar)
                continue
            if bar.started:
                raise Conflict("it has started", subject=f"{wish.order}/{wish.step}")
            length = bar.end - bar.start
            bars.append(
                structs.replace(
                    bar, machine=wish.machine, start=wish.start, end=wish.start + length
                )
            )
        version = structs.replace(
            self.plan.version, assignments=tuple(bars), number=self.plan.version.number + 1
        )
        note = Text("1 operation moved", "移动 1 道工序")
        self.plan = structs.replace(self.plan, version=version, note=note)
        return self.plan

    async def try_move(self, wish):
        bars = self.plan.version.assignments
        bar = next((b for b in bars if (b.order, b.step) == (wish.order, wish.step)), None)
        if found(bar, wish.order).started:
            raise Conflict("it has started", subject=f"{wish.order}/{wish.step}")
        placed = structs.replace(bar, start=wish.start, end=wish.start + (bar.end - bar.start))
        return structs.replace(s.COMPARED, placed=placed, moved=1)

    async def free(self, wish, *, by):
        return self.plan

    async def adopt(self, wish, *, cost_minor, by, key=""):
        self.adopted = (wish, cost_minor, by)
        return self.plan

    async def holds(self):
        return s.HOLDS

    async def hold(self, item, quantity, *, expires, harmless, key=""):
        return key or "hold-2", expires

    async def changes(self, number, *, since=None):
        old = (await self.current(number)).version
        moved = [structs.replace(a, start=a.start + (a.end - a.start)) for a in old.assignments]
        return between(old, structs.replace(old, assignments=tuple(moved[:2])))

    async def release(self, hold):
        found(next((h for h in s.HOLDS if h.key == hold), None), hold)

    async def confirm(self, hold, order, *, by):
        found(next((h for h in s.HOLDS if h.key == hold), None), hold)
        return self.plan

    async def loads(self):
        return s.LOADS

    async def offers(self):
        return s.OFFERS

    async def stop_search(self):
        return Search(state=SearchState.RESTING)

    async def promise(self, item, quantity, *, curve=True):
        return structs.replace(s.PROMISE, item=item, quantity=quantity)

    async def why(self, order):
        found(next((o for o in s.ORDERS if o.key == order), None), order)
        return s.WHY

    async def what_if(self, wish):
        return s.COMPARED

    async def relief(self, machine):
        return s.RELIEF

    async def search(self):
        return Search(state=SearchState.SEARCHING, share=0.25, saved_minor=0, slices=5)


class TradeInMemory:
    async def rfqs(self, *, limit):
        return (s.RFQ, s.RFQ_IN)[:limit]

    async def rfq(self, rfq):
        return found(s.RFQ_VIEW if rfq == s.RFQ.id else None, rfq)

    async def orders(self, *, limit):
        return (s.TRADE_ORDER, s.TRADE_BUY)[:limit]

    async def order(self, order):
        return found(s.TRADE_VIEW if order == s.TRADE_ORDER.id else None, order)

    async def rules(self):
        return s.TRADE_RULES

    async def change_rules(self, deed, values, *, by):
        return structs.replace(DONE, href="/trade/rules")

    async def paper(self, order, seq, form):
        await self.order(order)
        return found(("order-1.xml", b"<Order/>") if seq == 1 and form == "ubl" else None, form)

    async def ask(self, form, *, by):
        self.asked = form
        return structs.replace(DONE, href=f"/trade/rfqs/{s.RFQ.id}")

    async def candidates(self, words):
        return (Option(value="turning", label=Text("Turning", "车削"), hint=Text("shaft", "轴")),)

    async def capabilities(self):
        return (Option(value="turning", label=Text("Turning", "车削")),)

    async def keep_file(self, name, content, *, by):
        return FileRow(digest=DRAWING, name=name, size=len(content))

    async def file(self, digest):
        return found(("drawing.pdf", b"%PDF") if digest == DRAWING else None, digest)

    async def act(self, subject, deed, values, *, by):
        if deed not in {"award", "refuse", "cancel", "despatch"}:
            raise Conflict("that cannot be done now", subject=subject)
        return DONE


class LedgerInMemory:
    async def chains(self):
        return s.LEDGERS

    async def chain(self, chain, *, limit):
        row = found(next((c for c in s.LEDGERS if c.id == chain), None), chain)
        return row, s.ENTRIES[:limit]

    async def verify(self, chain):
        return (await self.chain(chain, limit=1))[0]

    async def export(self, chain):
        await self.chain(chain, limit=1)
        return b'{"sample":true}\n'


class PeersInMemory:
    async def own(self):
        return s.OWN

    async def rows(self):
        return s.PEERS

    async def introduced(self):
        return (s.INTRODUCED,)

    async def nearby(self):
        return ()

    async def peer(self, did):
        if did == s.FIRM.did:
            row = structs.replace(s.PEERS[0], did=did, name=s.FIRM.name)
            return structs.replace(s.PEER, row=row, own=True, deeds=(s.OFFER,))
        return structs.replace(
            s.PEER, row=found(next((p for p in s.PEERS if p.did == did), None), did)
        )

    async def mirrored(self):
        return (s.MIRRORED,)

    async def doubtful(self):
        return (s.DOUBTFUL,)

    async def add(self, address, *, by, private=False, named=""):
        return s.PEERS[1]

    async def act(self, did, deed, values, *, by):
        await self.peer(did)
        if deed == "pin" and values.get("code") != s.PEERS[1].code:
            raise BadInput("the codes differ", remedy="Ask again by telephone")
        return DONE

    async def network(self, *, ripple=""):
        return s.NETWORK


class RipplesInMemory:
    async def forecasts(self):
        return (s.FORECAST,)

    async def rows(self, *, limit):
        return (s.RIPPLE.row,)[:limit]

    async def one(self, ripple):
        return found(s.RIPPLE if ripple == s.RIPPLE.row.id else None, ripple)

    async def deeds(self):
        return s.RIPPLE_DEEDS

    async def begin(self, deed, values, *, by):
        if deed not in {d.name for d in s.RIPPLE_DEEDS}:
            raise BadInput("there is no such disturbance", subject=deed)
        return DONE


class ConnectionsInMemory:
    async def rows(self):
        return s.CONNECTIONS

    async def one(self, name):
        row = found(next((c for c in s.CONNECTIONS if c.name == name), None), name)
        return structs.replace(s.CONNECTION, row=row)

    async def kinds(self):
        return s.KINDS

    async def add(self, kind, values, *, by):
        if not values.get("name"):
            raise BadInput("the connection has no name")
        return structs.replace(DONE, href="/connections/plant/browse")

    async def browse(self, name, *, limit):
        await self.one(name)
        return s.FOUND[:limit]

    async def asset_types(self):
        return (Option(value="lathe", label=Text("CNC lathe", "数控车床")),)

    async def choose(self, name, chosen, *, by):
        await self.one(name)
        self.chosen = chosen
        return DONE

    async def act(self, name, deed, values, *, by):
        await self.one(name)
        return DONE

    async def add_url(self, url, *, name, by):
        if "://" not in url:
            raise BadInput("not an address", subject=url)
        return structs.replace(DONE, href="/connections/plant/browse")

    async def mapping(self, name):
        await self.one(name)
        return '[[signal]]\nasset = "lathe-1"\nname = "load"\naddress = "i=1"\n'

    async def put_mapping(self, name, text, *, by):
        if "[[signal]]" not in text:
            raise BadInput("there is no [[signal]]", subject=name)
        return structs.replace(DONE, href="/connections/plant")

    async def link(self, name):
        await self.one(name)
        return s.DOOR_SHEET

    async def networks(self):
        return ("192.168.1.0/24",)

    async def scan(self, network):
        if not network.startswith("192."):
            raise BadInput("not a private network", subject=network)
        return s.ANSWERING


class BeginningInMemory:
    def __init__(self):
        self.shown = True

    async def steps(self):
        rows = (("connect", "Connect a machine", "连接设备"), ("rule", "Set a rule", "设置规则"))
        made = tuple(
            FirstStep(
                name=name, href="/connect", title=Text(en, zh), about=Text(en, zh), done=n == 0
            )
            for n, (name, en, zh) in enumerate(rows)
        )
        return made if self.shown else ()

    async def hide(self):
        self.shown = False


class DoorsInMemory:
    def __init__(self):
        self.entered = []

    async def push(self, name, body, *, content_type, token):
        await self.sheet(name, token=token)
        return Taken(taken=len(msgspec.json.decode(body)))

    async def sheet(self, name, *, token):
        if token != "good-token":
            raise NotAllowed("this code is not good", code="token")
        return s.ENTRY_SHEET

    async def enter(self, name, entered, *, token):
        self.entered.append(entered)
        return Taken(taken=1)


class ImportsInMemory:
    async def samples(self):
        return s.SAMPLE_FILES

    async def sample(self, name):
        found(next((f for f in s.SAMPLE_FILES if f.name == name), None), name)
        return b"order,item,quantity,due\n"

    async def check(self, file, content, *, by):
        if not content:
            raise BadInput("the file is empty", subject=file)
        return s.REPORT

    async def one(self, report):
        return found(s.REPORT if report == s.REPORT.id else None, report)

    async def apply(self, report, *, by):
        return structs.replace(await self.one(report), applied=True, event="event-0005")


class HealthInMemory:
    def __init__(self):
        self.readiness = s.READY

    async def ready(self):
        return self.readiness

    async def metrics(self):
        return b"# HELP hanse_samples_total Samples accepted\nhanse_samples_total 12\n"


class DoorInMemory:
    async def receive(self, body, *, address):
        return PeerAnswer(body=b"ack:" + body[:16])

    async def profile(self):
        return PeerAnswer(body=b"signed.profile.bytes")

    async def whereabouts(self):
        return PeerAnswer(body=b'{"did":"x"}', media_type="application/json")

    async def profiles(self):
        return PeerAnswer(body=b'{"profiles":[]}', media_type="application/json")

    async def did_document(self):
        return PeerAnswer(body=b'{"id":"x"}', media_type="application/json")

    async def file(self, body):
        return PeerAnswer(body=b"piece", media_type="application/octet-stream")


class ClearingsInMemory:
    async def view(self):
        return s.CLEARINGS

    async def trial(self):
        return s.CLEARINGS.trial

    async def convene(self, form, *, by):
        if form.hours >= form.days * 24:
            raise BadInput("it closes after the last date it looks at")
        return DONE


class ChainInMemory:
    async def view(self):
        return s.CHAIN

    async def deeds(self):
        return (
            s.Deed(
                name="wear",
                label=Text("Wear the spindle bearing of lathe 1", "磨损车床 1 主轴轴承"),
                main=True,
            ),
        )

    async def act(self, deed, values, *, by):
        return DONE


def ports(*, chain=True) -> Ports:
    clock = StillClock(from_ns(to_ns(s.T0) + 2_000_000_000))
    return Ports(
        clock=clock,
        firm=s.FIRM,
        accounts=AccountsInMemory(),
        audit=AuditInMemory(),
        happenings=HappeningsInMemory(),
        approvals=ApprovalsInMemory(),
        machines=MachinesInMemory(),
        alarms=AlarmsInMemory(),
        losses=LossesInMemory(),
        lives=LivesInMemory(),
        setting=SettingInMemory(),
        beginning=BeginningInMemory(),
        rules=RulesInMemory(),
        notices=NoticesInMemory(),
        plans=PlansInMemory(),
        trade=TradeInMemory(),
        ledger=LedgerInMemory(),
        peers=PeersInMemory(),
        ripples=RipplesInMemory(),
        clearings=ClearingsInMemory(),
        connections=ConnectionsInMemory(),
        doors=DoorsInMemory(),
        imports=ImportsInMemory(),
        health=HealthInMemory(),
        door=DoorInMemory(),
        chain=ChainInMemory() if chain else None,
    )
