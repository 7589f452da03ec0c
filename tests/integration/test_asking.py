"""With the policy set tighter the loop stops before the award, asks, and goes on when agreed."""

import asyncio
from pathlib import Path

from hanse.flows import kinds
from hanse.model.running import QuestionState
from hanse.node.acts.people import answer_question
from hanse.node.chain.lay import Wishes, lay
from hanse.node.chain.owners import sign_in_links
from hanse.node.chain.running import RunningChain
from hanse.node.chain.story import play
from hanse.node.folder import Folder
from hanse.node.offline import offline
from hanse.node.world import RealClock
from hanse.sim.chain import read_chain

NEEDED = 2


async def agree_to_everything(folder):
    """What the owner does on the page, as often as asked; nothing is ordered before."""
    answered = []
    with offline(Folder(Path(folder))) as context:
        while len(answered) < NEEDED:
            waiting = await context.store.read(lambda tx: tx.questions.where(state="open"))
            for question in waiting:
                before = await context.store.read(lambda tx: tx.events.count(kind=kinds.ORDERED))
                assert before == len(answered)
                await context.store.write(
                    lambda tx, key=question.id: answer_question(tx, key, agreed=True, by="owner")
                )
                answered.append(question)
            await asyncio.sleep(0.1)
        kept = await context.store.read(lambda tx: tx.questions.all())
    return answered, kept


async def test_a_person_is_asked_before_money_is_spent_and_the_loop_goes_on(tmp_path):
    clock, chain, wishes = RealClock(), read_chain(), Wishes(ask=True)
    laid = lay(chain, tmp_path / "chain", clock, wishes)
    await asyncio.to_thread(sign_in_links, laid)
    async with RunningChain(tmp_path / "chain", laid, clock) as running:
        await running.ready()
        owner = asyncio.create_task(agree_to_everything(laid.folders[chain.story.buyer]))
        told = await play(chain, laid, wishes)
        answered, kept = await owner
    assert all(question.value_minor > 0 for question in answered)
    assert {question.state for question in kept} == {QuestionState.AGREED}
    names = [step.name for step in told.steps]
    assert names.count(kinds.QUESTION) == names.count(kinds.ANSWER) == NEEDED
    assert names.index(kinds.QUESTION) < names.index(kinds.ANSWER) < names.index(kinds.ORDERED)
