"""A node and a plain web server pass signed profiles on; what they show are candidates only."""

import datetime as dt

import msgspec
import pytest
from click.testing import CliRunner
from tests.integration.dealing.houses import House, meet, until
from tests.unit.match.test_mirror import word
from tests.unit.node.doors import Website, https

from hanse.cli.main import root
from hanse.match.mirror import Listing
from hanse.model.errors import BadInput, Refused, TooMuch
from hanse.node.dealing import mirroring
from hanse.node.pages.mirrors import ADD, OFF, ON, REMOVE
from hanse.node.pages.peers import RecordPeers
from hanse.node.pages.trading import RecordTrade
from hanse.web.views.trading import AskForm


def peers(house):
    return RecordPeers(house.context)


async def our(house, deed, **values):
    return await peers(house).act(house.did, deed, values, by="owner")


@pytest.fixture
def firms(tmp_path):
    return [House(tmp_path, n) for n in ("pump-works", "turning-shop", "steel-stock")]


async def test_a_node_passes_on_who_permits_it_and_what_is_shown_is_a_candidate_only(firms):
    looker, shop, mirror = firms
    meet(mirror, shop)
    async with looker, shop, mirror:
        await our(shop, "offer", code="turning-cnc")
        await our(shop, "describe", region="north", may_be_mirrored="true")
        await until(lambda: len(mirror.events("match.profiled")) >= 3)
        done = await our(looker, ADD, url=mirror.url)
        assert "404" in done.text.en
        await our(mirror, ON)
        done = await our(looker, ADD, url=mirror.url)
        assert "1 new" in done.text.en
        (row,) = await peers(looker).mirrored()
        assert (row.did, row.mirror) == (shop.did, mirror.url + mirroring.LIST_PATH)
        assert await peers(looker).rows() == ()
        due = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
        form = AskForm(quantity="1", due=due, words="shaft", code="turning-cnc")
        await RecordTrade(looker.context).ask(form, by="owner")
        await until(lambda: looker.events("flows.no_offer"))
        assert shop.events("match.wanted") == []
        with pytest.raises(Refused, match="private network"):
            await peers(looker).add(row.address, by="owner", named=row.did)
        added = await peers(looker).add(row.address, by="owner", named=row.did, private=True)
        assert (added.did, added.pinned) == (shop.did, False)
        assert await peers(looker).mirrored() == ()
        await our(mirror, OFF)
        assert "404" in (await mirroring.look(looker.context, row.mirror)).error


async def test_a_plain_web_server_is_a_mirror_and_two_tongues_are_kept_and_shown(firms):
    looker, now = firms[0], dt.datetime.now(dt.UTC).replace(microsecond=0)
    dated = {"issue_date_time": now, "end_date_time": now + dt.timedelta(days=20)}
    one, other = word(region="north", **dated), word(region="south", **dated)
    pages = {"/firms.json": msgspec.json.encode(Listing((one, other)))}
    async with looker, https(pages, Website("127.0.0.1").tls) as port:
        url = f"https://127.0.0.1:{port}/firms.json"
        await our(looker, ADD, url=url)
        (row,) = await peers(looker).doubtful()
        assert (row.name, row.mirror) == ("Caster", url)
        await mirroring.look(looker.context, url)
        assert len(looker.events("match.equivocated")) == 1
        assert len(await peers(looker).mirrored()) == 1
        facts = {f.value.en for f in (await peers(looker).peer(looker.did)).facts}
        assert any(url in fact for fact in facts)
        await our(looker, REMOVE, url=url)
        assert await peers(looker).mirrored() == ()
        assert len(await peers(looker).doubtful()) == 1


async def test_mirrors_have_addresses_and_a_limit(firms):
    looker = firms[0]
    async with looker:
        for typed in (
            "http://x",
            "ftp://x",
            "https://",
            "https://a b",
            "https://u:p@x",
            "https://x:99999",
        ):
            with pytest.raises(BadInput):
                await our(looker, ADD, url=typed)
        add = lambda n: looker.write(lambda tx: mirroring.add_mirror(tx, f"m{n}.sample"))  # noqa: E731
        for n in range(mirroring.MIRRORS_MAX):
            assert add(n) == f"https://m{n}.sample{mirroring.LIST_PATH}"
        add(0)
        with pytest.raises(TooMuch):
            add(99)


def test_the_command_line_lists_what_a_mirror_gave(firms):
    folder = str(firms[0].folder.path)
    run = lambda *a: CliRunner().invoke(root, ["peer", "mirror", *a, "--folder", folder])  # noqa: E731
    added = run("add", "https://127.0.0.1:9/x", "--json")
    assert msgspec.json.decode(added.stdout)["mirrors"][0]["error"]
    assert "127.0.0.1:9" in run("list").stdout
    assert run("remove", "https://127.0.0.1:9/x").exit_code == 0
    assert msgspec.json.decode(run("list", "--json").stdout) == {"mirrors": []}
