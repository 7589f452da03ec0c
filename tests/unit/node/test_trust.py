"""What a device's certificate goes through: shown, asked about once, trusted by someone, kept."""

import datetime as dt

import pytest

from hanse.cli.trusting import AskedTrust
from hanse.collect.connectors.opcua.keys import certificate_in, keys_in
from hanse.collect.ports import Certificate
from hanse.model.errors import NotFound, Refused
from hanse.model.time import UTC
from hanse.node.chain.equip import PLANT, connect_plant, plant_in, put_plants
from hanse.node.connections import ASKED, TRUSTED, RecordTrust, pins, setups, trust
from hanse.node.folder import Folder
from hanse.node.offline import offline
from hanse.node.world import RandomIds, RealClock
from hanse.sim.chain import read_chain
from hanse.store import Store

NOON = dt.datetime(2026, 3, 9, 12, tzinfo=UTC)
CHAIN = read_chain()


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'r'}", clock=RealClock(), ids=RandomIds()) as store:
        yield store


def shown(letter, before=""):
    return Certificate(
        connection="plc",
        fingerprint=letter * 64,
        subject=f"CN={letter}",
        not_after=NOON,
        der=b"",
        before=before,
    )


def events(store, kind):
    return store.read_sync(lambda tx: tx.events.find(kind=kind))


async def test_a_certificate_nobody_has_seen_is_asked_about_once(store):
    asks = RecordTrust(store)
    assert not await asks.decide(shown("a"))
    assert not await asks.decide(shown("a"))
    (event,) = events(store, ASKED)
    assert "Is it trusted?" in event.text.en
    assert "是否信任" in event.text.zh


async def test_who_trusted_what_and_when_is_on_record(store):
    asks = RecordTrust(store)
    await asks.decide(shown("a"))
    store.write_sync(lambda tx: trust(tx, "plc", by="owner"))
    assert await asks.decide(shown("a"))
    pin = store.read_sync(lambda tx: pins(tx).need("plc"))
    assert (pin.fingerprint, pin.holder, pin.by, pin.asked) == ("a" * 64, "CN=a", "owner", "")
    (event,) = events(store, TRUSTED)
    assert (event.at, event.by, event.about["fingerprint"]) == (pin.at, "owner", "a" * 64)


async def test_another_certificate_is_asked_about_again_and_the_old_one_stays_trusted(store):
    asks = RecordTrust(store)
    await asks.decide(shown("a"))
    store.write_sync(lambda tx: trust(tx, "plc", by="owner"))
    assert not await asks.decide(shown("b", before="a" * 64))
    assert asks.pinned("plc") == "a" * 64
    assert await asks.decide(shown("a"))
    assert [e.about["before"] for e in events(store, ASKED)] == ["", "a" * 64]


def test_what_was_never_shown_cannot_be_trusted(store):
    with pytest.raises(NotFound):
        store.write_sync(lambda tx: trust(tx, "plc", by="owner"))


async def test_at_the_command_line_a_certificate_is_trusted_by_its_beginning_or_by_an_answer(store):
    for trust_of in (
        AskedTrust(store, named="AA:" * 7 + "aaaa"),
        AskedTrust(store, ask=lambda asked: asked.subject == "CN=a"),
    ):
        assert await trust_of.decide(shown("a"))
        store.write_sync(lambda tx, kept=trust_of: kept.keep(tx, "mill"))
    pin = store.read_sync(lambda tx: pins(tx).need("mill"))
    assert (pin.fingerprint, pin.by, len(events(store, TRUSTED))) == ("a" * 64, "command line", 2)


@pytest.mark.parametrize("named", ["", "a" * 15, "b" * 64])
async def test_at_the_command_line_nothing_is_trusted_by_chance(store, named):
    asked = AskedTrust(store, named=named)
    with pytest.raises(Refused, match="not trusted yet") as refused:
        await asked.decide(shown("a"))
    assert refused.value.remedy.endswith("a" * 64)
    store.write_sync(lambda tx: asked.keep(tx, "mill"))
    assert events(store, TRUSTED) == []


def lay_plants(folder):
    ports = {"turning-shop": 48_400, "job-shop": 48_401}
    put_plants(CHAIN, folder, ports=ports, speed_up=None, clock=RealClock())


def connect(folder, firm):
    home = Folder(folder / firm)
    home.make()
    with offline(home) as context:

        def write(tx):
            connect_plant(tx, context, plant_in(folder, firm), lines=(), jobs=())
            return setups(tx).need(PLANT), pins(tx).get(PLANT), tx.events.find(kind=TRUSTED)

        return context.store.write_sync(write)


def test_a_secure_plant_of_a_chain_is_trusted_on_record_and_its_password_is_named_only(tmp_path):
    lay_plants(tmp_path)
    setup, pin, decided = connect(tmp_path, "turning-shop")
    plant = plant_in(tmp_path, "turning-shop")
    assert (setup.settings["policy"], setup.settings["insecure"]) == ("Basic256Sha256", False)
    assert setup.settings["password"].startswith("secret:")
    assert plant.password not in str(setup)
    keys = keys_in(tmp_path / "plant-keys" / "turning-shop", at=NOON)
    there = certificate_in(keys.certificate.read_bytes(), connection=PLANT)
    assert (pin.fingerprint, pin.holder) == (there.fingerprint, "CN=Simulated plant turning-shop")
    assert [e.about["fingerprint"] for e in decided] == [there.fingerprint]
    assert (tmp_path / "plants.json").stat().st_mode & 0o077 == 0


def test_an_old_plant_without_keys_is_reached_without_security(tmp_path):
    lay_plants(tmp_path)
    setup, pin, decided = connect(tmp_path, "job-shop")
    assert (setup.settings["policy"], setup.settings["insecure"]) == ("None", True)
    assert pin is None
    assert decided == []
