"""A group clears together: at closing, once, exactly, and nobody is bound by the convener."""

from decimal import Decimal

import msgspec
import pytest
from tests.unit.match.group_builders import (
    CLOSING,
    DIDS,
    HOUR,
    START,
    UNTIL,
    call,
    group,
    item,
    need,
    offer,
    word,
)

from hanse.match.grants import Grants, Meter, count
from hanse.match.group import (
    Given,
    Missed,
    clear_group,
    convene,
    given,
    invited,
    is_due,
    result_for,
    silent,
    solved,
    state,
    stated,
)
from hanse.model import trade
from hanse.model.clearing import ClearingPair
from hanse.model.errors import BadInput, BadMessage, Conflict, NotAllowed, NotFound

A, B, C, D, E = DIDS


def gathered(words):
    found = group()
    for did, one in words.items():
        found = state(found, did, one, at=START)
    return found


def cleared(words):
    return clear_group(gathered(words), at=CLOSING)


def result(found, did):
    return result_for(found, did, number="r-1", at=CLOSING)


def test_the_cheapest_way_for_all_is_found_where_first_come_would_fail():
    words = {
        A: word([need(10)], deals=(C, D)),
        B: word([need(10)], deals=(C,)),
        C: word(offers=[offer(10, "2")]),
        D: word(offers=[offer(10, "3")]),
    }
    fits = cleared(words).state.fits
    assert {(f.buyer, f.seller, f.quantity) for f in fits} == {(A, D, 10), (B, C, 10)}


def test_each_member_is_told_its_own_pairs_and_no_others():
    found = cleared({A: word([need(4)]), B: word([need(3)]), C: word(offers=[offer(9, "2")])})
    assert [(p.side, p.partner, p.quantity, p.price) for p in result(found, A).pair] == [
        ("buy", C, "4", "2")
    ]
    assert {(p.side, p.partner) for p in result(found, C).pair} == {("sell", A), ("sell", B)}
    assert result(found, D).pair == ()
    assert B not in str(msgspec.json.encode(result(found, A)))


def test_what_costs_more_than_it_is_worth_or_comes_too_late_stays_unmet():
    late = offer(5, "1", "o2", hours=9.5)
    words = {A: word([need(5, value=2)]), C: word(offers=[offer(5, "2.5"), late])}
    state_ = cleared(words).state
    assert (state_.fits, state_.unmet) == ((), 5)


def test_a_pair_needs_the_word_of_both():
    words = {A: word([need(5)], deals=(C,)), C: word(offers=[offer(5, "1")], deals=(B,))}
    assert cleared(words).state.fits == ()


def test_items_are_known_by_drawing_gtin_code_or_as_any_part_of_a_process():
    gtin = trade.Identification(scheme_id="GTIN", id="04012345123456")
    for wanted, offered in (
        ({"code": "X-1", "drawing": trade.Drawing(id="DRW-1")},) * 2,
        ({"code": "X-1", "standard_item_identification": gtin},) * 2,
        ({"code": "X-1", "capability": ("turning-cnc",)}, {"code": "turning-cnc"}),
    ):
        theirs = offered if offered is not wanted else offered | {"code": "Y-2"}
        words = {
            A: word([need(1, item=item(**wanted))]),
            B: word(offers=[offer(1, "1", item=item(**theirs))]),
        }
        assert len(cleared(words).state.fits) == 1
    words = {
        A: word([need(1, item=item("X", capability=("turning-cnc",)))]),
        B: word(offers=[offer(1, "1", item=item("Y", capability=("turning-cnc",)))]),
    }
    assert cleared(words).state.fits == ()


def test_parts_of_a_unit_are_allocated_to_the_thousandth():
    fits = cleared({A: word([need("2.5")]), B: word(offers=[offer("1.2505", "3")])}).state.fits
    assert [f.quantity for f in fits] == [Decimal("1.25")]


def test_a_statement_after_closing_or_from_elsewhere_is_refused_and_a_later_one_replaces():
    found = gathered({A: word([need(1)])})
    found = state(found, A, word([need(2)]), at=START)
    assert found.state.stated[A].need[0].quantity == "2"
    with pytest.raises(Conflict, match="after closing"):
        state(found, B, word(), at=CLOSING)
    with pytest.raises(NotFound):
        state(found, "did:key:z6MkStrangerStranger", word(), at=START)
    with pytest.raises(NotFound):
        state(found, B, word(clearing="other"), at=START)
    with pytest.raises(BadMessage, match="twice"):
        state(found, B, word([need(1), need(2)]), at=START)
    with pytest.raises(Conflict, match="cleared already"):
        state(clear_group(found, at=CLOSING), B, word(), at=START)


def test_it_is_cleared_at_closing_without_the_silent_or_as_soon_as_all_have_stated():
    found = gathered({A: word([need(1)]), B: word(offers=[offer(1, "1")])})
    assert silent(found) == (C, D, E)
    assert not is_due(found, at=CLOSING - HOUR)
    with pytest.raises(Conflict, match="may still come"):
        clear_group(found, at=START)
    with pytest.raises(Conflict, match="not cleared"):
        result(found, A)
    after = clear_group(found, at=CLOSING)
    assert (len(after.state.fits), after.state.stated) == (1, tuple(sorted((A, B))))
    assert clear_group(after, at=CLOSING) is after
    everyone = gathered(dict.fromkeys(DIDS, word()))
    assert is_due(everyone, at=START)


def test_a_group_without_its_convener_with_a_twin_or_out_of_time_is_not_convened():
    for more in (
        {"member": (B, C)},
        {"member": (A, B, B)},
        {"closing_date_time": START},
        {"until": CLOSING},
    ):
        with pytest.raises(BadInput):
            convene(call(**more), convener=A)


def test_a_member_takes_a_call_only_for_a_group_of_its_own_that_is_not_over():
    with pytest.raises(BadMessage, match="not ours"):
        invited(call(member=(A, B)), convener=A, me=C, at=START)
    with pytest.raises(BadMessage, match="not ours"):
        invited(call(member=(B, C)), convener=A, me=C, at=START)
    with pytest.raises(BadMessage, match="over"):
        invited(call(), convener=A, me=C, at=CLOSING)


def part(at=START, **lines):
    return stated(invited(call(), convener=A, me=B, at=START), word(**lines), at=at)


def told(*pairs):
    whole = result(cleared({}), B)
    return msgspec.structs.replace(whole, pair=pairs)


def pair(partner=C, quantity="5", price="2", *, side="buy", line="n1"):
    return ClearingPair(
        line_id=line, side=side, partner=partner, quantity=quantity, price=price, ready=START
    )


def test_a_member_goes_on_with_what_fits_its_own_statement_only():
    ours = part(needs=[need(10, value=3)], offers=[offer(4, "2")], deals=(A, C, D))
    pairs = (
        pair(),
        pair(quantity="6"),
        pair(price="4", quantity="1"),
        pair(partner=E, quantity="1"),
        pair(line="n9", quantity="1"),
        pair(side="sell", line="o1", quantity="4", price="1.9"),
        pair(side="sell", line="o1", quantity="4", price="2"),
        pair(side="sell", line="n1", quantity="1"),
    )
    after = given(ours, told(*pairs), by=A).state
    assert after.taken == (pairs[0], pairs[6])
    assert [why.partition(": ")[2] for why in after.left] == [
        "more than we stated",
        "dearer than it is worth",
        "a firm that we did not name",
        "not a need of ours",
        "under our price",
        "not an offer of ours",
    ]


def test_an_answer_of_another_firm_unasked_or_a_second_time_moves_nothing():
    ours = part(needs=[need(10)])
    with pytest.raises(BadMessage, match="another firm"):
        given(ours, told(pair()), by=C)
    with pytest.raises(BadMessage, match="nothing we stated"):
        given(invited(call(), convener=A, me=B, at=START), told(pair()), by=A)
    once = given(ours, told(pair()), by=A)
    assert isinstance(once.state, Given)
    assert given(once, told(pair(quantity="1")), by=A) is once
    with pytest.raises(Conflict):
        stated(once, word(), at=START)


def test_nobody_is_called_by_a_partner_that_was_not_granted_it():
    with pytest.raises(NotAllowed, match="may not call us"):
        count(Meter(), Grants(), kind="clearing_call", at=START)
    assert count(Meter(), Grants(may_clear=True), kind="clearing_call", at=START).letters == 1


def test_a_member_that_states_too_late_has_missed_it():
    ours = part(at=CLOSING, needs=[need(1)])
    assert ours.state == Missed()
    with pytest.raises(BadMessage):
        given(ours, told(), by=A)
    assert solved({}).unmet == 0
    assert UNTIL > CLOSING
