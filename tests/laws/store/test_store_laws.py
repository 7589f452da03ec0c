"""Laws of the record: things are as last put, letters act once and in turn, events only grow."""

import itertools
import string
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.unit.store.records import open_record

from hanse.model.errors import BadMessage
from hanse.model.event import Draft
from hanse.model.plant import Machine
from hanse.model.text import Text
from hanse.store import BUS, Arrival, peer_lane
from hanse.store.verify import verify

FEW = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
PEERS = itertools.count()
KEYS = st.sampled_from(["a", "b", "B", "a1", "z.9"])
SITES = st.sampled_from(["north", "south"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


class ARecord(RuleBasedStateMachine):
    """Whatever is done to a record in any order, it is what a plain model of it is."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = open_record(Path(self.folder.name) / "record.sqlite")
        self.things, self.events, self.told, self.posted, self.settled = {}, [], 0, [], set()

    def teardown(self):
        assert verify(self.store).findings == ()
        self.store.close()
        self.folder.cleanup()

    @rule(key=KEYS, site=SITES)
    def put(self, key, site):
        thing = Machine(key=key, title="T", asset_type="t", work_centre="w", site=site)
        self.store.write_sync(lambda tx: tx.machines.put(thing))
        self.things[key] = thing

    @rule(key=KEYS)
    def delete(self, key):
        assert self.store.write_sync(lambda tx: tx.machines.delete(key)) == (key in self.things)
        self.things.pop(key, None)

    @rule(key=KEYS, site=SITES)
    def put_and_fail(self, key, site):
        def half(tx):
            tx.machines.put(Machine(key=key, title="X", asset_type="t", work_centre="w", site=site))
            tx.events.append(Draft(kind="a.b", subject=key, text=Text("x", "y")))
            raise KeyError(key)

        try:
            self.store.write_sync(half)
        except KeyError:
            return
        raise AssertionError("it must fail")

    @rule(subject=KEYS, says=TEXTS, data=st.data())
    def happen(self, subject, says, data):
        cause = data.draw(st.sampled_from([None, *(e.id for e in self.events)]))
        draft = Draft(kind="a.b", subject=subject, text=Text(says, says), cause=cause)
        self.events.append(self.store.write_sync(lambda tx: tx.events.append(draft)))

    @rule(n=st.integers(1, 3))
    def tell(self, n):
        due = self.store.read_sync(lambda tx: tx.outbox.due(BUS, limit=n))
        assert [x.id for x in due] == [e.id for e in self.events[self.told : self.told + n]]
        self.store.write_sync(lambda tx: tx.outbox.sent(BUS, *(x.number for x in due)))
        self.told += len(due)

    @rule(words=st.binary(max_size=30))
    def post(self, words):
        name = f"m{len(self.posted)}"
        put = lambda tx: tx.outbox.put(peer_lane("x"), id=name, kind="k", payload=words)  # noqa: E731
        assert self.store.write_sync(put).number == len(self.posted) + 1
        self.posted.append(words)

    @rule(answer=st.sampled_from(["answered", "dead"]))
    def settle(self, answer):
        more = {"answered": {"answer": b"ok"}, "dead": {"error": "no"}}[answer]

        def act(tx):
            for letter in tx.outbox.due(peer_lane("x"), limit=1):
                assert letter.payload == self.posted[letter.number - 1]
                getattr(tx.outbox, answer)(letter.lane, letter.id, **more)
                self.settled.add(letter.number)

        self.store.write_sync(act)

    @invariant()
    def it_is_what_the_model_says(self):
        def look(tx):
            due = [x.number for x in tx.outbox.due(peer_lane("x"))]
            return tx.machines.all(), [e for _, e in tx.events.after(0)], due

        things, events, due = self.store.read_sync(look)
        assert things == [self.things[k] for k in sorted(self.things)]
        assert events == self.events
        assert due == [n for n in range(1, len(self.posted) + 1) if n not in self.settled]


TestARecord = ARecord.TestCase
TestARecord.settings = FEW


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with open_record(tmp_path_factory.mktemp("laws") / "record.sqlite") as opened:
        yield opened
        assert verify(opened).findings == ()


@given(st.lists(st.tuples(st.integers(1, 8), st.booleans()), max_size=40))
@settings(FEW, max_examples=60)
def test_letters_act_once_and_in_turn_in_whatever_order_they_arrive(store, arrivals):
    effects, peer = [], f"p{next(PEERS)}"

    def arrive(tx, number, words):
        arrival, letter = tx.inbox.offer(peer, id=f"id{number}", number=number, payload=words)
        assert (arrival is Arrival.NEXT) <= (number == tx.inbox.expected(peer))
        while letter is not None and letter.state == "next":
            effects.append((letter.number, letter.payload))
            letter = tx.inbox.taken(peer, letter.id, answer=b"ok")

    seen = {}
    for number, other_words in arrivals:
        words = b"%d%d" % (number, other_words)
        try:
            store.write_sync(lambda tx, n=number, w=words: arrive(tx, n, w))
        except BadMessage:
            assert seen[number] != words
        seen.setdefault(number, words)
    first_missing = next(n for n in range(1, 10) if n not in seen)
    assert effects == [(n, seen[n]) for n in range(1, first_missing)]


@given(st.dictionaries(st.text(string.printable, max_size=8), st.integers() | TEXTS | st.none()))
@settings(FEW, max_examples=40)
def test_what_an_event_is_about_comes_back_as_it_went_in(store, about):
    draft = Draft(kind="a.b", subject="s", text=Text("x", "y"), about=about)
    event = store.write_sync(lambda tx: tx.events.append(draft))
    assert event.about == about
    assert store.read_sync(lambda tx: tx.events.get(event.id)) == event
