"""Defences that stand behind others, each by itself: none may be taken away unseen."""

import msgspec
import pytest
from tests.unit.match.market import DAY, START, House, buyer_and_seller, quotation, rfq
from tests.unit.match.test_attacks import resigned

from hanse.match import Letter
from hanse.match.enquiry import Quoted, ask, order_from, quoted
from hanse.match.ledger.chain import Head, KeyCard, extend, head_of, opening_body
from hanse.match.ledger.entry import DEPTH_MAX, ENTRY_BYTES_MAX, canonical, parse_entry, text_of
from hanse.match.ledger.pair import (
    Behind,
    Forked,
    Intent,
    compare,
    countersign,
    new_pair,
    propose,
    receive_countersignature,
    receive_proposal,
    restarted,
)
from hanse.match.messages import Incoming
from hanse.match.offer import check_order, quote, wanted
from hanse.match.profile import Profile, sign_profile
from hanse.model.errors import BadMessage, Conflict, TooMuch
from hanse.model.keys import Ed25519Signer

LEAD, FOLLOW = sorted((Ed25519Signer(b"1" * 32), Ed25519Signer(b"2" * 32)), key=lambda s: s.did)


@pytest.fixture
def opened():
    """The ledgers of both firms after their first entry, and that entry."""
    cards = [KeyCard(did=s.did, key=s.did) for s in (LEAD, FOLLOW)]
    a, b = new_pair(*cards), new_pair(*reversed(cards))
    opening = Intent(kind="open", body=opening_body(a.chain), exp=START + DAY)
    a, first = propose(a, opening, signer=LEAD, at=START)
    fresh = receive_proposal(b, first, at=START)
    b, signed, counter = countersign(fresh.ledger, signer=FOLLOW, at=START)
    a, _ = receive_countersignature(a, counter, at=START)
    return a, b, signed


def proposed(a, b):
    a, mine = propose(a, Intent(kind="pass", body={}, exp=START + DAY), signer=LEAD, at=START)
    return a, receive_proposal(b, mine, at=START).ledger


def test_an_entry_with_a_second_signature_of_nobody_does_not_go_on_the_chain(opened):
    a, b, _ = opened
    before = a.chain
    _, b = proposed(a, b)
    _, signed, _ = countersign(b, signer=FOLLOW, at=START)
    forged = msgspec.structs.replace(signed, sig2=text_of(LEAD.sign(b"something else")))
    with pytest.raises(BadMessage, match="countersignature"):
        extend(before, forged)


def test_an_entry_that_follows_another_one_at_the_same_place_does_not_go_on_the_chain(opened):
    a, b, _ = opened
    before = a.chain
    _, b = proposed(a, b)
    _, signed, _ = countersign(b, signer=FOLLOW, at=START)
    with pytest.raises(BadMessage, match="does not follow"):
        extend(before, resigned(signed, LEAD, FOLLOW, prev="0" * 64))
    with pytest.raises(BadMessage, match="another chain"):
        extend(before, resigned(signed, LEAD, FOLLOW, chain="another"))


def test_a_proposal_is_not_signed_after_its_end_nor_before_heads_were_exchanged(opened):
    _, b = proposed(*opened[:2])
    with pytest.raises(Conflict, match="lapsed"):
        countersign(b, signer=FOLLOW, at=START + DAY)
    with pytest.raises(Conflict, match="heads"):
        countersign(restarted(b), signer=FOLLOW, at=START)


def test_a_longer_head_says_that_entries_are_missing_and_another_that_someone_signed_twice(opened):
    ledger = opened[0]
    ours = head_of(ledger.chain)
    longer = Head(chain=ours.chain, length=ours.length + 1, hash="0" * 64)
    assert compare(ledger, longer) == Behind(seq=ours.length)
    other = msgspec.structs.replace(ours, hash="0" * 64)
    assert compare(ledger, other) == Forked(seq=ours.length - 1)


def test_an_entry_is_weighed_before_it_is_read_and_not_followed_too_deep():
    with pytest.raises(TooMuch, match="bytes"):
        parse_entry("x" * (ENTRY_BYTES_MAX + 1))
    deep: dict[str, object] = {}
    for _ in range(DEPTH_MAX + 2):
        deep = {"a": deep}
    with pytest.raises(TooMuch, match="deep"):
        canonical(deep)


def test_an_order_on_a_quotation_of_ours_that_has_lapsed_does_not_fit_it():
    buyer, seller = buyer_and_seller()
    asked, offered = rfq(buyer), quotation(seller)
    enquiry = ask(asked, (seller.did,), correlation="", causation="")
    enquiry = quoted(enquiry, seller.did, Quoted(quotation=offered, event_id="m1"), at=START)
    counts = {offered.quotation_line[0].id: 120}
    _, order = order_from(
        enquiry, seller.did, quantities=counts, number="O-1", buyer=buyer.paper, at=START
    )
    offer = wanted(asked, buyer.did, event_id="m0", correlation="", at=START)
    offer = quote(offer, offered, at=START)
    check_order(offer, order, at=START)
    with pytest.raises(Conflict, match="lapsed"):
        check_order(offer, order, at=offered.validity_period.end_date_time)


def test_a_profile_is_taken_from_its_own_firm_only():
    buyer, seller = buyer_and_seller()
    other = House("Other", b"o" * 32)
    profile = Profile(
        party=other.paper,
        card=other.card,
        seq=1,
        issue_date_time=START,
        end_date_time=START + DAY,
    )
    letter = Letter(profile=sign_profile(profile, other.signer))
    incoming = Incoming(id="m1", source=seller.did, kind="profile", letter=letter, at=START)
    desk = buyer.desk()
    with pytest.raises(BadMessage, match="another firm"):
        desk.intake._on_profile(incoming, None)
