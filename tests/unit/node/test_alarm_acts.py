"""Every act on an alarm that a page offers can be done, is a step of its life, and is refused
where it makes no sense."""

import pytest

from hanse.decide import AlarmBook, Transition, parse_rules
from hanse.model.errors import BadInput, Conflict
from hanse.model.text import Text
from hanse.node.deciding.acts import VERBS, perform
from hanse.node.pages.alarms import _deeds, _state
from hanse.node.watching import AlarmAct

S = 1_000_000_000
RULE = """[[rule]]
key = "hot"
kind = "limit"
asset_type = "lathe"
signal = "t"
high = 80
confirm = true
latch = true
"""


def transition(at_s, *, active):
    return Transition(
        rule="hot", asset="L1", side="high", at_ns=at_s * S, active=active, since_ns=at_s * S,
        severity=600, text=Text("Lathe 1: Hot: t 90", "车床 1:过热:t 90"), name="Lathe 1",
    )  # fmt: skip


@pytest.fixture
def book():
    made = AlarmBook(parse_rules(RULE))
    made.take([transition(1, active=True)])
    return made


def act(book, verb, *, note="because", for_s=None, at_s=2):
    wish = AlarmAct(alarm="hot.high/L1", verb=verb, by="ada", note=note, for_s=for_s)
    return perform(book, wish, at_ns=at_s * S)


def offered(book):
    return {deed.name for deed in _deeds(book.get("hot.high/L1"))}


def test_a_life_from_seen_to_reset_is_all_events(book):
    steps = [act(book, "acknowledge"), act(book, "comment"), act(book, "confirm")]
    book.take([transition(5, active=False)])
    steps.append(act(book, "reset", at_s=6))
    assert [s[0].what for s in steps] == ["acknowledged", "commented", "confirmed", "latched_reset"]
    assert all(s[0].by == "ada" for s in steps)
    assert steps[0][0].text.en == "Lathe 1: Hot: acknowledged by ada"
    assert steps[1][0].text.zh.endswith("because")
    assert not book.get("hot.high/L1").retain


@pytest.mark.parametrize(
    ("quiet", "again", "state"),
    [
        ("shelve", "unshelve", "shelved"),
        ("suppress", "unsuppress", "suppressed"),
        ("out_of_service", "in_service", "out_of_service"),
    ],
)
def test_each_way_to_keep_it_quiet_has_its_end_and_is_shown(book, quiet, again, state):
    act(book, quiet, for_s=60 if quiet == "shelve" else None)
    assert _state(book.get("hot.high/L1")).name == state
    assert again in offered(book)
    assert quiet not in offered(book)
    with pytest.raises(Conflict):
        act(book, quiet, for_s=60)
    (told,) = act(book, again)
    assert told.annunciate, "it is active and nobody has seen it: it calls again"


def test_only_what_can_be_done_is_offered(book):
    for verb in sorted(set(VERBS) - offered(book)):
        with pytest.raises(Conflict):
            act(book, verb)
    for verb in sorted(offered(book)):
        fresh = AlarmBook(parse_rules(RULE))
        fresh.take([transition(1, active=True)])
        assert act(fresh, verb, for_s=60 if verb == "shelve" else None)


def test_quiet_needs_a_reason_and_shelving_has_a_maximum(book):
    for verb in ("suppress", "out_of_service", "comment"):
        with pytest.raises(BadInput):
            act(book, verb, note=" ")
    with pytest.raises(BadInput, match="at most"):
        act(book, "shelve", for_s=8 * 86_400)
    with pytest.raises(BadInput):
        act(book, "explode")
