"""A firm's node is found by its domain, and what is found is never trusted by itself."""

import contextlib
import datetime as dt

import pytest
from tests.unit.node.doors import OTHER, SHOP, Door, Website, https, name_server

from hanse.match.whereabouts import Whereabouts, did_document, document, record_text
from hanse.model.errors import BadMessage, Conflict, NotFound, Refused, Unreachable
from hanse.node.dealing.finding import Dns, Web, allowed, is_domain, meet
from hanse.node.dealing.publishing import check_published, own_whereabouts, to_publish
from hanse.node.settings import Settings, WebSettings

DOMAIN = "works.example"
NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def door(tmp_path):
    return Door(tmp_path, NOW)


def txt(*texts):
    return {(f"_hanse.{DOMAIN}", "TXT"): [f'"{t}"' for t in texts]}


def at(port, did=SHOP.did):
    return Whereabouts(did=did, url=f"https://127.0.0.1:{port}")


@contextlib.asynccontextmanager
async def named(door, did=SHOP.did, cut=None, **shown):
    """The door is open, and a record of the domain names it."""
    async with https(door.pages(**shown), door.tls) as port:
        text = record_text(at(port, did))
        pieces = [f"{text[:cut]}", f"{text[cut:]}"] if cut else [text]
        quoted = " ".join(f'"{piece}"' for piece in pieces)
        table = {(f"_hanse.{DOMAIN}", "TXT"): ['"v=spf1 -all"', quoted]}
        async with name_server(table) as server:
            yield Dns(server), port


SITE = {(DOMAIN, "A"): ["127.0.0.1"]}


async def test_a_txt_record_leads_to_the_node_and_its_card_is_fetched(door):
    async with named(door) as (names, port):
        found = await meet(DOMAIN, names=names, private=True)
    assert found.by == "record"
    assert (found.met.partner.did, found.met.partner.pin) == (SHOP.did, door.pin)
    assert found.met.partner.url == f"https://127.0.0.1:{port}"


async def test_a_record_in_pieces_is_put_together(door):
    async with named(door, cut=40) as (names, _):
        assert (await meet(DOMAIN, names=names, private=True)).by == "record"


@pytest.mark.parametrize("path", ["/.well-known/hanse", "/.well-known/did.json"])
async def test_without_a_record_the_website_names_the_node(door, path):
    site = Website(DOMAIN)
    async with https(door.pages(), door.tls) as port:
        where = at(port)
        body = document(where) if path.endswith("hanse") else did_document(DOMAIN, where)
        async with https({path: body}, site.tls) as https_port, name_server(SITE) as server:
            web = Web(site.trust, https_port)
            found = await meet(DOMAIN, names=Dns(server), private=True, web=web)
    assert found.by in {"website", "did_document"}
    assert found.met.partner.did == SHOP.did


async def test_a_website_whose_certificate_does_not_hold_says_nothing():
    site, stranger = Website(DOMAIN), Website(DOMAIN)
    pages = {"/.well-known/hanse": document(at(1))}
    async with https(pages, stranger.tls) as port, name_server(SITE) as server:
        with pytest.raises(NotFound, match="certificate is not trusted"):
            await meet(DOMAIN, names=Dns(server), private=True, web=Web(site.trust, port))


async def test_a_website_that_sends_on_is_not_followed():
    site = Website(DOMAIN)
    pages = {"/.well-known/hanse": ("301 Moved", "Location: https://10.0.0.1/x\r\n", b"")}
    async with https(pages, site.tls) as port, name_server(SITE) as server:
        with pytest.raises(NotFound, match="not followed"):
            await meet(DOMAIN, names=Dns(server), private=True, web=Web(site.trust, port))


async def test_a_domain_without_any_of_it_says_what_was_looked_at():
    async with name_server({}) as server:
        with pytest.raises(NotFound, match="no such TXT record") as caught:
            await meet(DOMAIN, names=Dns(server))
    assert caught.value.name == "no-node-named"


async def test_two_records_that_differ_are_not_chosen_between():
    records = txt(record_text(at(1)), record_text(at(2)))
    async with name_server(records) as server:
        with pytest.raises(Conflict, match="more than one node") as caught:
            await meet(DOMAIN, names=Dns(server))
    assert caught.value.name == "several-nodes"


async def test_a_record_that_leads_to_another_firms_node_is_told(door):
    async with named(door, did=OTHER.did) as (names, _):
        with pytest.raises(BadMessage, match="is of") as caught:
            await meet(DOMAIN, names=names, private=True)
    assert caught.value.name == "points-elsewhere"


async def test_a_card_shown_behind_another_certificate_is_refused(door):
    async with named(door, shown="sha256:" + "0" * 64) as (names, _):
        with pytest.raises(BadMessage) as caught:
            await meet(DOMAIN, names=names, private=True)
    assert caught.value.name == "other-certificate"


@pytest.mark.parametrize("url", ["https://127.0.0.1:1", "https://inside.example:1"])
async def test_a_record_that_leads_into_our_own_network_is_refused_unless_said(url):
    where = Whereabouts(did=SHOP.did, url=url)
    table = {**txt(record_text(where)), ("inside.example", "A"): ["10.1.2.3"]}
    async with name_server(table) as server:
        with pytest.raises(Refused) as caught:
            await meet(DOMAIN, names=Dns(server))
    assert caught.value.name == "private-address"


async def test_the_metadata_address_of_a_cloud_is_never_connected():
    where = Whereabouts(did=SHOP.did, url="https://169.254.169.254")
    async with name_server(txt(record_text(where))) as server:
        with pytest.raises(Refused):
            await meet(DOMAIN, names=Dns(server), private=True)


async def test_a_record_that_cannot_be_read_is_told():
    for text in ("v=hanse1; did=did:key:z6Mk; url=ftp://x", "v=hanse1; url=https://x/path"):
        async with name_server(txt(text)) as server:
            with pytest.raises(BadMessage, match="cannot be used"):
                await meet(DOMAIN, names=Dns(server))


async def test_an_address_goes_where_it_says_without_any_name(door):
    async with https(door.pages(url="https://127.0.0.1"), door.tls) as port:
        found = await meet(f"127.0.0.1:{port}", names=Dns("127.0.0.1:9"))
        assert (found.by, found.met.partner.did) == ("address", SHOP.did)
    with pytest.raises(Unreachable):
        await meet(f"https://127.0.0.1:{port}", names=Dns("127.0.0.1:9"))


def test_what_a_domain_is_and_which_addresses_may_be_found():
    assert [is_domain(t) for t in ("example.com", "a.b.example", "münchen.example")] == [True] * 3
    for typed in ("localhost", "10.0.0.1", "::1", "a:1", "https://x.com", "x.com/y", "-", "a..b"):
        assert not is_domain(typed)
    assert allowed("9.9.9.9", private=False)
    assert not allowed("::ffff:127.0.0.1", private=False)
    assert allowed("::ffff:10.0.0.1", private=True)
    never = ("0.0.0.0", "169.254.1.1", "224.0.0.1", "fe80::1", "255.255.255.255")
    assert not any(allowed(a, private=True) for a in never)


async def test_an_owner_sees_what_to_publish_and_whether_it_stands():
    told = Settings(web=WebSettings(public_url="https://node.works.example:8443", domain=DOMAIN))
    line = to_publish(told, SHOP.did)
    assert f"_hanse.{DOMAIN}. 3600 IN TXT" in line
    where = own_whereabouts(told, SHOP.did)
    async with name_server(txt(record_text(where))) as server:
        assert "leads here" in await check_published(told, SHOP.did, Dns(server))
    async with name_server(txt(record_text(at(1)))) as server:
        with pytest.raises(Conflict, match="names did:key") as caught:
            await check_published(told, SHOP.did, Dns(server))
    assert record_text(where) in caught.value.remedy
    async with name_server({}) as server:
        with pytest.raises(NotFound):
            await check_published(told, SHOP.did, Dns(server))
    behind_proxy = Settings(web=WebSettings(tls=False))
    with pytest.raises(NotFound):
        own_whereabouts(behind_proxy, SHOP.did)
