import pytest

from hanse.flows import kinds
from hanse.model.errors import BadInput
from hanse.node.chain.lay import NOTE, Wishes, lay
from hanse.node.chain.overview import Overview
from hanse.node.world import RealClock
from hanse.sim.chain import read_chain


@pytest.fixture(scope="module")
def overview(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chain")
    lay(read_chain(), folder, RealClock(), Wishes())
    return Overview(folder / NOTE)


async def test_the_visitor_sees_every_firm_and_who_buys_from_whom(overview):
    view = await overview.view()
    chain = read_chain()
    assert {node.name for node in view.nodes} == {f.name.en for f in chain.firms.values()}
    buyer = chain.firms[chain.story.buyer]
    assert {b for a, b in view.links if a == buyer.name.en} == {
        chain.firms[p].name.en for p in buyer.partners if chain.firms[p].role != "maker"
    }
    assert len({node.did for node in view.nodes}) == len(chain.firms)


async def test_asking_again_is_an_event_of_the_buyer_and_a_step_of_the_story(overview):
    done = await overview.act("ask", {}, by="owner")
    steps = (await overview.view()).steps
    assert [(s.event, s.kind) for s in steps if s.event == done.event] == [
        (done.event, kinds.SOMETHING_WANTED)
    ]


async def test_only_machines_of_the_chain_can_be_broken(overview):
    with pytest.raises(BadInput, match="no such deed or machine"):
        await overview.act("break", {"machine": "nobody/lathe"}, by="owner")
    with pytest.raises(BadInput, match="no such deed or machine"):
        await overview.act("explode", {}, by="owner")
