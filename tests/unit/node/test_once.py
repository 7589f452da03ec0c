"""What is done for an event is done once, for as long as the event can come again."""

import asyncio

from hanse.flows.commands import CloseRequest
from hanse.model.event import Draft
from hanse.model.ids import Counter
from hanse.model.text import Text
from hanse.model.time import StillClock
from hanse.node.acts.once import KEPT_S, MARK, forget_marks, once
from hanse.store import Store

DONE = CloseRequest(partner="did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", order="o1")


def seen(store):
    draft = Draft(kind="test.seen", subject="s", text=Text("seen", "看到"))
    return store.write_sync(lambda tx: tx.events.append(draft))


def test_an_effect_happens_once_and_its_mark_goes_when_the_event_cannot_come_again(tmp_path):
    clock, effects = StillClock(), []
    with Store.open(f"sqlite:///{tmp_path}/r", clock=clock, ids=Counter()) as store:

        def do(event):
            return asyncio.run(once(store, event, DONE, effects.append))

        old = seen(store)
        assert (do(old), do(old), len(effects)) == (True, False, 1)
        clock.advance(KEPT_S - 1)
        assert store.write_sync(lambda tx: forget_marks(tx, clock)) == 0
        seen(store)
        clock.advance(10)
        new = seen(store)
        assert do(new)
        clock.advance(KEPT_S - 5)
        assert store.write_sync(lambda tx: forget_marks(tx, clock)) == 1
        assert store.read_sync(lambda tx: tx.settings.names(MARK)) == [
            f"{MARK}{new.id}/CloseRequest"
        ]
        assert not do(new)
