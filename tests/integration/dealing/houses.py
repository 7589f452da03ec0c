"""Firms as nodes in one process: real records, web doors and letters; only the plan is a fake."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import socket

import msgspec
import uvicorn

from hanse.flows.react import react
from hanse.model.door import Role, User
from hanse.model.plan import Promise, PromiseKind, PromisePoint
from hanse.model.product import Alternative, Item, Routing, Step
from hanse.node.acts.carry import carry_out
from hanse.node.chain.lay import free_ports
from hanse.node.dealing import fetching
from hanse.node.dealing.desk import start_desk
from hanse.node.dealing.introducing import begin
from hanse.node.dealing.partners import Partner, partners
from hanse.node.dealing.view import TxView
from hanse.node.folder import Folder
from hanse.node.grouping import running as clearings
from hanse.node.offline import offline
from hanse.node.pages.accounts import RecordAccounts
from hanse.node.pages.live import LiveValues
from hanse.node.pages.ports import ports_of
from hanse.node.planning import wire
from hanse.node.roles import flow
from hanse.node.settings import FirmSettings, PolicySettings, Settings, WebSettings, write_settings
from hanse.store import Store
from hanse.web.app import create_app
from hanse.web.settings import WebSettings as Pages

WAIT_S = 60.0


async def until(find, what=""):
    """What ``find`` gives once it gives something; WAIT_S is only for a test that has failed."""
    async with asyncio.timeout(WAIT_S):
        while not (found := find()):
            await asyncio.sleep(0.02)
        return found


class FakePlan:
    """Answers the plan role's commands as one machine that is always free would."""

    def __init__(self):
        self.asked = []

    async def request(self, subject, data, timeout):
        del timeout
        command = subject.removeprefix("command.")
        self.asked.append((command, msgspec.json.decode(data)))
        if command == wire.QUOTE:
            question = msgspec.json.decode(data, type=wire.QuoteAsk)
            ready = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
            hold = f"h{len(self.asked)}"
            answer = wire.QuoteAnswer(quantity=question.quantity, ready=ready, hold=hold, version=1)
        elif command == wire.PROMISE:
            question = msgspec.json.decode(data, type=wire.PromiseAsk)
            now = dt.datetime.now(dt.UTC)
            ready = now + dt.timedelta(minutes=question.quantity)
            point = PromisePoint(kind=PromiseKind.UNTOUCHED, ready_at=ready)
            answer = Promise(
                item=question.item,
                quantity=question.quantity,
                asked_at=now,
                version=1,
                curve=(point,),
            )
        else:
            answer = wire.PlanChanged(version=1)
        ok = msgspec.Raw(msgspec.json.encode(answer))
        return type("Msg", (), {"data": msgspec.json.encode({"ok": ok})})


class House:
    """One sample firm at work between `__aenter__` and `__aexit__`; its record stays on disk."""

    def __init__(self, folder, name, **policy):
        self.folder, self.name = Folder(folder / name), name
        self.folder.make()
        (self.port,) = free_ports(1)
        settings = Settings(
            firm=FirmSettings(name=name),
            web=WebSettings(port=self.port),
            policy=PolicySettings(**{"answer_within_s": 2.0, **policy}),
        )
        write_settings(self.folder.path, settings)
        self.plan = FakePlan()
        with offline(self.folder) as context:
            self.did, self.pin = context.identity.did, context.identity.certificate_pin
        self.url = f"https://127.0.0.1:{self.port}"
        self.errors = []

    async def __aenter__(self):
        self._stack = contextlib.ExitStack()
        context = self._stack.enter_context(offline(self.folder))
        self.context = dataclasses.replace(context, nats=self.plan)
        self._server, self._tasks = None, []
        self.context.store.write_sync(lambda tx: start_desk(tx, self.context))
        accounts, now = RecordAccounts(context.store), context.clock.now()
        await accounts.put_user(User(name="owner", title="Owner", role=Role.OWNER, created_at=now))
        await self._serve()
        self._letters = flow._letters(self.context)
        loop = asyncio.get_running_loop()
        poke = lambda lanes: [loop.call_soon_threadsafe(self._letters.poke, x) for x in lanes]  # noqa: E731
        self.context.store.on_commit(poke)
        work = (
            self._letters.run(),
            self._react(),
            flow._close_windows(self.context),
            fetching.run(self.context),
            clearings.run(self.context),
        )
        self._tasks += [asyncio.create_task(w) for w in work]
        await asyncio.sleep(0)  # they run to their first wait: no event is missed
        return self

    async def __aexit__(self, *_):
        self._server.should_exit = True
        for task in self._tasks[1:]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listening.close()
        self._stack.close()

    async def _serve(self):
        identity = self.context.identity
        ports = ports_of(self.context, LiveValues(), self.url)
        listening = self._listening = socket.create_server(("127.0.0.1", self.port))
        config = uvicorn.Config(
            create_app(ports, Pages(base_url=self.url)),
            ssl_certfile=identity.certificate_file,
            ssl_keyfile=identity.key_file,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None
        self._tasks.append(asyncio.create_task(self._server.serve(sockets=[listening])))
        await until(lambda: self._server.started)

    async def _react(self):
        """What the flow role does with events off the bus, straight off the record."""
        store, me = self.context.store, self.did
        last = store.read_sync(lambda tx: tx.events.head()[0])
        while True:
            found = await store.read(lambda tx, since=last: tx.events.after(since))
            for last, event in found:  # noqa: B007 (kept for the next round)
                decide = lambda tx, e=event: react(e, TxView(tx, me), self.context.policy_in(tx))  # noqa: E731
                for command in await store.read(decide):
                    await self._carry(event, command)
            await asyncio.sleep(0.01 if not found else 0)

    async def _carry(self, event, command):
        try:
            await carry_out(self.context, event, command)
        except Exception as error:  # noqa: BLE001 (the role would record it; a test looks at it)
            self.errors.append((event.kind, repr(error)))

    def read(self, fn):
        return self.context.store.read_sync(fn)

    def write(self, fn):
        return self.context.store.write_sync(fn)

    def kinds(self):
        return [e.kind for e in self.read(lambda tx: tx.events.find())]

    def events(self, kind):
        return self.read(lambda tx: tx.events.find(kind=kind))

    def as_partner(self):
        return Partner(
            did=self.did, name=self.name, url=self.url, pin=self.pin, capabilities=("turning-cnc",)
        )

    def backup(self, to):
        clock, ids = self.context.clock, self.context.ids
        with Store.open(self.folder.record_url, clock=clock, ids=ids) as store:
            store.backup(to)

    def restore(self, kept):
        for old in self.folder.path.glob("record.sqlite*"):
            old.unlink()
        (self.folder / "record.sqlite").write_bytes(kept.read_bytes())


def meet(*houses):
    """Every firm knows every other, as after comparing codes. Call it before they work."""
    for house in houses:
        with offline(house.folder) as context:
            for other in houses:
                if other is not house:
                    context.store.write_sync(lambda tx, o=other: _pin(tx, context, o))


def _pin(tx, context, other):
    partners(tx).put(other.did, other.as_partner())
    begin(tx, context, other.did)


def makes(house, key="SHAFT-40", price_minor=1_240, drawing="DRW-40"):
    """Put an item into a firm's record that it makes (price) or buys (None)."""
    item = Item(
        key=key,
        title="Shaft 40 mm",
        drawing=drawing,
        capability="turning-cnc",
        make=price_minor is not None,
        price_minor=price_minor,
    )
    lathe = Alternative(machine="LATHE-1", run_s=60.0)
    with offline(house.folder) as context:

        def write(tx):
            tx.items.put(item)
            if item.make:
                turn = Step(key="10", title="Turn", alternatives=(lathe,))
                tx.routings.put(Routing(item=key, steps=(turn,)))

        context.store.write_sync(write)
