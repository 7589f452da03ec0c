"""Laws of places: whatever letters are lost, a place has one holder, and bidding ends in orders."""

from collections import Counter as Count

from benchmarks.auction_desks import ROUNDS_MAX, DeskWorld
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.match import enquiry as asking
from hanse.match.offer import Holding, Sold
from hanse.match.places import place_of


def worlds():
    return st.builds(
        DeskWorld,
        st.integers(3, 6),
        st.integers(1, 4),
        st.integers(0, 10_000),
        raise_least=st.sampled_from([0, 5, 40]),
        loss=st.sampled_from([0.0, 0.1, 0.4]),
        places=st.integers(1, 3),
    )


def holders(world):
    """(firm, place) of everything held or sold, as the sellers' own records say."""
    return Count(
        (number, place_of(offer))
        for number, firm in enumerate(world.firms)
        for offer in firm.desk().books.offers()
        if isinstance(offer.state, Holding | Sold)
    )


class Watched(DeskWorld):
    """Looks after every letter that came."""

    def take_in(self, pair, letter):
        events = super().take_in(pair, letter)
        assert all(count == 1 for count in holders(self).values())
        return events


@settings(max_examples=12, deadline=None)
@given(worlds())
def test_every_place_is_sold_at_most_once_and_every_job_is_placed_at_most_once(world):
    assert world.run() <= ROUNDS_MAX
    placed = world.placed()
    assert all(count == 1 for count in Count(name for name, _ in placed).values())
    assert all(count <= world.places for count in Count(firm for _, firm in placed).values())
    assert world.value() <= world.optimum() + 0.1


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.3]))
def test_no_place_ever_has_two_holders(seed, loss):
    world = Watched(4, 3, seed, raise_least=5, loss=loss, places=2)
    world.run()


@settings(max_examples=8, deadline=None)
@given(worlds())
def test_what_is_held_at_closing_is_ordered_by_both_and_nothing_else_is(world):
    world.run()
    talks = [
        (name, did, talk)
        for name, (owner, _, _) in world.jobs.items()
        if (enquiry := world.firms[owner].desk().books.enquiry(name)) is not None
        for did, talk in enquiry.talks.items()
    ]
    on_the_way = asking.Awarded | asking.Held | asking.Ordering
    assert not [talk for *_, talk in talks if isinstance(talk, on_the_way)]
    bought = {(n, did) for n, did, talk in talks if isinstance(talk, asking.Placed)}
    assert bought == {(n, world.firms[seller].did) for n, seller in world.placed()}


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000))
def test_bidding_ends_by_itself_because_every_taking_raises_what_a_place_brings(seed):
    world = DeskWorld(4, 3, seed, raise_least=40, loss=0.1, places=2)
    assert world.run() < ROUNDS_MAX
