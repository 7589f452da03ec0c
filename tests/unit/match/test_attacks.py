"""Every way we know to cheat with letters and ledgers, by name, and what happens to it."""

import datetime as dt
import json
from decimal import Decimal

import msgspec
import pytest
from tests.unit.match.market import (
    DAY,
    HOUR,
    START,
    House,
    Market,
    buyer_and_seller,
    ordered,
    quotation,
    quotation_line,
    rfq,
)
from tests.unit.match.test_desk import chain, change, dispute

from hanse.match import Incoming, Letter, decode_letter
from hanse.match.enquiry import Dropped
from hanse.match.grants import Grants
from hanse.match.ledger.audit import audit, prove_fork, to_line, verify_file
from hanse.match.ledger.chain import KeyCard, opening_body
from hanse.match.ledger.entry import (
    KNOWN_MAX,
    CoSigned,
    Proposal,
    canonical,
    countersigned_bytes,
    entry_text,
    known,
    parse_entry,
    proposal_digest,
    text_of,
)
from hanse.match.ledger.keys import recovery_hash
from hanse.match.ledger.pair import (
    Intent,
    countersign,
    new_pair,
    propose,
    receive_countersignature,
    receive_proposal,
)
from hanse.match.messages import LETTER_BYTES_MAX
from hanse.match.offer import Sold
from hanse.match.profile import (
    INTRODUCED_MAX,
    Directory,
    Profile,
    introduce,
    sign_profile,
    take_introduction,
    take_profile,
)
from hanse.model.errors import BadMessage, Conflict, NotAllowed, NotFound, TooMuch
from hanse.model.keys import Ed25519Signer


@pytest.fixture
def two():
    buyer, seller = buyer_and_seller()
    return Market(buyer, seller), buyer, seller


def quoted(market, buyer, seller):
    market.introduce(buyer, seller)
    market.act(buyer, lambda d: d.ask(rfq(buyer), (seller.did,), market.ctx()))
    market.run()
    market.act(seller, lambda d: d.quote(buyer.did, quotation(seller), market.ctx()))
    return market.run()


def order_now(market, buyer, seller):
    return market.act(
        buyer, lambda d: d.order("RFQ-1", seller.did, {"1": Decimal(120)}, ctx=market.ctx())
    )


def resigned(signed, first, second, **changes):
    """The same entry with changes, signed by both afresh (a forgery by two, or a fork)."""
    entry = msgspec.structs.replace(parse_entry(signed.entry), **changes)
    text = entry_text(entry)
    sig1 = text_of(first.sign(text.encode()))
    digest = proposal_digest(Proposal(entry=text, sig1=sig1))
    sig2 = text_of(second.sign(countersigned_bytes(digest, signed.at2)))
    return CoSigned(entry=text, sig1=sig1, at2=signed.at2, sig2=sig2)


# ---------------------------------------------------------------- messages


def test_replay_of_a_message_has_no_second_effect(two):
    market, buyer, seller = two
    number = ordered(market, buyer, seller)
    before = dict(seller.shelf.records), list(seller.events)
    for message in list(market.sent):
        market.deliver(*message)
    assert market.post == []
    assert (dict(seller.shelf.records), seller.events) == before
    assert seller.desk().contract(buyer.did, number).terms.changes == 0


def test_an_old_quotation_replayed_does_not_replace_a_newer_one(two):
    market, buyer, seller = two
    quoted(market, buyer, seller)
    first = next(m for m in market.sent if m[2].kind == "quotation")
    better = quotation(seller, "Q-2", lines=(quotation_line(price="11.00"),))
    market.act(seller, lambda d: d.quote(buyer.did, better, market.ctx()))
    market.run()
    market.deliver(*first)
    assert buyer.desk().books.enquiry("RFQ-1").talks[seller.did].quotation.id == "Q-2"


def test_wrong_signer_an_offer_in_another_firms_name_is_refused(two):
    market, buyer, seller = two
    thief = House("Thief", b"t" * 32)
    market.houses[thief.did] = thief
    market.introduce(buyer, thief)
    market.introduce(buyer, seller)
    market.act(buyer, lambda d: d.ask(rfq(buyer), (seller.did, thief.did), market.ctx()))
    market.run()
    market.act(thief, lambda d: d.quote(buyer.did, quotation(seller), market.ctx()))
    with pytest.raises(BadMessage, match="another firm's name"):
        market.run()


def test_wrong_signer_a_proposal_signed_with_another_key_is_refused(two):
    market, buyer, seller = two
    quoted(market, buyer, seller)
    order_now(market, buyer, seller)
    (message, source, out) = market.post.pop()
    entry = out.letter.proposal.entry
    forged = Proposal(entry=entry, sig1=text_of(seller.signer.sign(entry.encode())))
    forged_out = msgspec.structs.replace(out, letter=Letter(proposal=forged))
    with pytest.raises(BadMessage, match="signature is wrong"):
        market.deliver(message, source, forged_out)


def test_a_firm_we_do_not_know_is_not_heard(two):
    market, buyer, seller = two
    market.introduce(buyer, seller)
    stranger = House("Stranger", b"x" * 32)
    letter = Letter(document=msgspec.to_builtins(rfq(stranger)))
    incoming = Incoming(
        id="m1", source=stranger.did, kind="request_for_quotation", letter=letter, at=START
    )
    with pytest.raises(NotFound):
        seller.desk().receive(incoming)


def test_double_award_of_one_quotation_is_refused_the_second_time(two):
    market, buyer, seller = two
    quoted(market, buyer, seller)
    order_now(market, buyer, seller)
    order = market.post[0][2].letter.proposal
    market.run()
    body = {**parse_entry(order.entry).body, "id": "order-again"}
    intent = Intent(kind="order", body=body, exp=START + HOUR)
    market.act(buyer, lambda d: d.counter.propose(seller.did, intent, market.ctx()))
    market.run()
    assert seller.desk().contract(buyer.did, "order-again") is None
    assert buyer.desk().contract(seller.did, "order-again") is None
    gone = [e for e in buyer.events if e.kind == "match.turned_down"]
    assert "taken before" in gone[-1].text.en
    assert isinstance(seller.desk().books.offer(buyer.did, "RFQ-1").state, Sold)


def test_accept_after_expiry_is_judged_by_the_receivers_clock(two):
    market, buyer, seller = two
    quoted(market, buyer, seller)
    order_now(market, buyer, seller)
    market.at = START + 3 * HOUR
    market.run()
    assert not [e for e in seller.events if e.kind == "match.ordered"]
    assert isinstance(buyer.desk().books.enquiry("RFQ-1").talks[seller.did], Dropped)


def test_an_order_below_the_quoted_price_or_before_the_promised_date_is_refused(two):
    market, buyer, seller = two
    quoted(market, buyer, seller)
    order_now(market, buyer, seller)
    _, _, out = market.post.pop()
    body = parse_entry(out.letter.proposal.entry).body
    line = body["orderLine"][0]
    cheap = {**line, "price": {"priceAmount": "1.00"}}
    early = {
        **line,
        "requestedDelivery": [{"quantity": "120", "dateTime": "2026-01-06T06:00:00Z"}],
    }
    books = buyer.desk().books
    books.put_ledger(msgspec.structs.replace(books.ledger(seller.did), mine=None))
    for number, bad in (("o-cheap", cheap), ("o-early", early)):
        intent = Intent(
            kind="order", body={**body, "id": number, "orderLine": [bad]}, exp=START + HOUR
        )
        market.act(buyer, lambda d, i=intent: d.counter.propose(seller.did, i, market.ctx()))
        market.run()
    whys = [e.about["why"] for e in seller.events if e.kind == "match.refused"]
    assert whys == ["a price under the one we quoted", "a date before the one we promised"]


def test_accept_twice_signs_once(two):
    market, buyer, seller = two
    number = ordered(market, buyer, seller)
    market.act(buyer, lambda d: d.change(seller.did, change(number), market.ctx()))
    market.run()
    market.act(seller, lambda d: d.accept(buyer.did, market.ctx()))
    with pytest.raises(Conflict, match="nothing of this partner waits"):
        market.act(seller, lambda d: d.accept(buyer.did, market.ctx()))
    market.run()
    assert len(chain(buyer, seller)) == 3


def test_lost_acknowledgement_the_proposal_again_gets_the_same_signature_again(two):
    market, buyer, seller = two
    quoted(market, buyer, seller)
    order_now(market, buyer, seller)
    message, source, out = market.post.pop()
    market.deliver(message, source, out)
    lost = market.post.pop()
    market.deliver("m-again", source, out)
    again = market.post.pop()
    assert again[2].letter.countersignature == lost[2].letter.countersignature
    market.deliver(*again)
    market.deliver(*lost)
    assert chain(buyer, seller) == chain(seller, buyer)


def test_crash_between_sign_and_send_signs_the_same_again(two):
    market, buyer, seller = two
    quoted(market, buyer, seller)
    order_now(market, buyer, seller)
    (_, _, out) = market.post.pop()
    market.act(buyer, lambda d: d.start(market.ctx()))
    market.run()
    assert chain(buyer, seller) == chain(seller, buyer)
    assert chain(buyer, seller)[1].entry == out.letter.proposal.entry


def test_crash_before_the_signature_was_kept_leaves_one_order_on_both_sides(two):
    market, buyer, seller = two
    quoted(market, buyer, seller)
    before = dict(buyer.shelf.records)
    order_now(market, buyer, seller)
    market.post.clear()
    buyer.shelf.records = before
    order_now(market, buyer, seller)
    market.run()
    assert len(chain(buyer, seller)) == 2
    assert chain(buyer, seller) == chain(seller, buyer)


def test_clock_skew_up_to_five_minutes_is_borne_and_more_is_refused(two):
    market, buyer, seller = two
    quoted(market, buyer, seller)
    market.at = START + dt.timedelta(minutes=4)
    order_now(market, buyer, seller)
    market.at = START
    market.run()
    assert len(chain(seller, buyer)) == 2
    market.at = START + dt.timedelta(minutes=6)
    number = next(iter(seller.desk().books.contracts()))[1].terms.order.id
    market.act(buyer, lambda d: d.change(seller.did, change(number), market.ctx()))
    market.at = START
    with pytest.raises(BadMessage, match="future"):
        market.run()


def test_withheld_second_signature_lets_the_offer_lapse(two):
    market, buyer, seller = two
    quoted(market, buyer, seller)
    order_now(market, buyer, seller)
    market.post.clear()
    market.at = START + 3 * HOUR
    market.act(buyer, lambda d: d.tick(market.ctx()))
    assert isinstance(buyer.desk().books.enquiry("RFQ-1").talks[seller.did], Dropped)
    assert "match.lapsed" in buyer.kinds()
    assert buyer.desk().books.ledger(seller.did).mine is None


def test_a_lapsed_proposal_does_not_hold_up_the_next_one(two):
    market, buyer, seller = two
    number = ordered(market, buyer, seller)
    market.act(buyer, lambda d: d.change(seller.did, change(number), market.ctx()))
    market.post.clear()
    market.at = START + 2 * DAY
    market.act(buyer, lambda d: d.state(seller.did, dispute(number, "D-1"), market.ctx()))
    assert "match.lapsed" in buyer.kinds()
    market.run()
    assert len(chain(seller, buyer)) == 3


def test_a_signature_given_in_time_that_comes_late_is_taken_over_with_the_entries(two):
    market, buyer, seller = two
    number = ordered(market, buyer, seller)
    market.act(buyer, lambda d: d.change(seller.did, change(number), market.ctx()))
    market.run()
    market.act(seller, lambda d: d.accept(buyer.did, market.ctx()))
    late, market.post = market.post, []
    market.at = START + 2 * DAY
    market.act(buyer, lambda d: d.tick(market.ctx()))
    market.post += late
    market.run()
    assert chain(buyer, seller) == chain(seller, buyer)
    assert buyer.desk().contract(seller.did, number).terms.lines["1"].quantity == 80


def test_withheld_signature_given_too_late_is_void_on_the_chain(two):
    market, buyer, seller = two
    quoted(market, buyer, seller)
    order_now(market, buyer, seller)
    out = market.post.pop()[2]
    at2 = "2026-01-05T23:00:00Z"
    digest = proposal_digest(out.letter.proposal)
    sig2 = text_of(seller.signer.sign(countersigned_bytes(digest, at2)))
    late = CoSigned(
        entry=out.letter.proposal.entry, sig1=out.letter.proposal.sig1, at2=at2, sig2=sig2
    )
    market.at = START + 20 * HOUR
    incoming = Incoming(
        id="late", source=seller.did, kind="sync", letter=Letter(entries=(late,)), at=market.at
    )
    desk = buyer.desk()
    desk.receive(incoming)
    assert desk.contract(seller.did, parse_entry(late.entry).body["id"]) is None
    assert audit(chain(buyer, seller)).ok


def test_flood_is_stopped_at_the_partners_rate_and_goes_on_a_minute_later(two):
    market, buyer, seller = two
    market.introduce(buyer, seller)
    seller.desk().books.put_grants(buyer.did, Grants(asks_per_minute=10))
    for i in range(11):
        market.act(buyer, lambda d, n=i: d.ask(rfq(buyer, f"RFQ-{n}"), (seller.did,), market.ctx()))
    with pytest.raises(TooMuch, match="one minute"):
        market.run()
    assert len(seller.shelf.keys("offer")) == 10
    market.at += dt.timedelta(minutes=1)
    market.deliver(*market.sent[-1])
    assert len(seller.shelf.keys("offer")) == 11


def test_a_partner_without_the_right_to_ask_is_refused(two):
    market, buyer, seller = two
    market.introduce(buyer, seller)
    seller.desk().books.put_grants(buyer.did, Grants(may_ask=False))
    market.act(buyer, lambda d: d.ask(rfq(buyer), (seller.did,), market.ctx()))
    with pytest.raises(NotAllowed):
        market.run()


def test_size_bombs_are_refused_before_they_are_read():
    with pytest.raises(TooMuch):
        decode_letter(b'"' + b"x" * LETTER_BYTES_MAX + b'"')
    with pytest.raises((TooMuch, BadMessage)):
        decode_letter(b'{"document":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    with pytest.raises((TooMuch, BadMessage)):
        parse_entry("[" * 100_000 + "]" * 100_000)
    with pytest.raises(TooMuch):
        canonical({"a": "x" * 300_000})


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '{"b":1, "a":2}',
        '{"b":1,"a":2}',
        '{"a":1.5}',
        '{"a":1e3}',
        '{"a":9007199254740993}',
        '{"a":"\\u00e9"}',
        '{"ä":1}',
        '{"a":NaN}',
        '{"a":"\\ud800"}',
    ],
)
def test_canonicalisation_bombs_are_refused(text):
    with pytest.raises(BadMessage):
        parse_entry(text)


# ---------------------------------------------------------------- ledgers


def lines(house, partner, tmp_path, entries=None):
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"".join(to_line(s) for s in entries or chain(house, partner)))
    return path


def long_chain(market, buyer, seller, n=4):
    number = ordered(market, buyer, seller)
    for i in range(n):
        market.act(
            seller, lambda d, i=i: d.state(buyer.did, dispute(number, f"D-{i}"), market.ctx())
        )
        market.run()
    return chain(buyer, seller)


def test_reorder_is_seen(two, tmp_path):
    market, buyer, seller = two
    entries = long_chain(market, buyer, seller)
    swapped = [*entries[:2], entries[3], entries[2], *entries[4:]]
    found = verify_file(lines(buyer, seller, tmp_path, swapped))
    assert not found.ok
    assert found.entries == 2


def test_truncate_is_seen_by_the_partners_head(two):
    market, buyer, seller = two
    entries = long_chain(market, buyer, seller)
    assert audit(entries[:-1]).ok
    head = buyer.desk().books.ledger(seller.did).chain.head
    assert audit(entries[:-1]).head != head
    assert audit(entries).head == head


def test_edited_copy_is_seen(two, tmp_path):
    market, buyer, seller = two
    entries = long_chain(market, buyer, seller)
    edited = msgspec.structs.replace(entries[1], entry=entries[1].entry.replace("12.40", "11.40"))
    found = verify_file(lines(buyer, seller, tmp_path, [entries[0], edited, *entries[2:]]))
    assert not found.ok
    assert "signature" in found.problem


def test_a_line_with_a_repeated_key_or_an_extra_field_is_refused(two, tmp_path):
    market, buyer, seller = two
    entries = long_chain(market, buyer, seller, n=0)
    value = json.loads(to_line(entries[0]))
    path = tmp_path / "l.jsonl"
    path.write_text(json.dumps({**value, "note": "x"}) + "\n")
    assert not verify_file(path).ok


def test_cross_chain_replay_is_seen(two):
    market, buyer, seller = two
    entries = long_chain(market, buyer, seller)
    third = House("Third", b"3" * 32)
    market.houses[third.did] = third
    market.introduce(buyer, third)
    other = chain(buyer, third)
    assert not audit([*other, entries[1]]).ok
    moved = Letter(proposal=Proposal(entry=entries[1].entry, sig1=entries[1].sig1))
    incoming = Incoming(id="x", source=third.did, kind="order", letter=moved, at=START)
    with pytest.raises(BadMessage, match="another chain"):
        buyer.desk().receive(incoming)


def test_fork_by_the_countersigner_is_proved_against_it(two):
    market, buyer, seller = two
    entries = long_chain(market, buyer, seller, n=0)
    other = resigned(entries[1], buyer.signer, seller.signer, exp=START + DAY)
    keys = {buyer.did: buyer.did, seller.did: seller.did}
    fork = prove_fork(entries[1], other, keys=keys)
    assert fork.by == seller.did
    with pytest.raises(BadMessage, match="no fork"):
        prove_fork(entries[1], entries[1], keys=keys)
    with pytest.raises(BadMessage, match="signature"):
        prove_fork(entries[1], msgspec.structs.replace(other, sig2="A" * 86), keys=keys)


def test_fork_where_both_proposed_is_proved_against_the_leader(two):
    market, buyer, seller = two
    entries = long_chain(market, buyer, seller, n=0)
    order = entries[1]
    other = resigned(order, seller.signer, buyer.signer, by=seller.did)
    keys = {buyer.did: buyer.did, seller.did: seller.did}
    assert prove_fork(order, other, keys=keys).by == min(buyer.did, seller.did)


def test_fork_in_what_a_partner_sends_is_told_and_not_taken(two):
    market, buyer, seller = two
    entries = long_chain(market, buyer, seller, n=0)
    other = resigned(entries[1], buyer.signer, seller.signer, exp=START + DAY)
    incoming = Incoming(
        id="f", source=seller.did, kind="sync", letter=Letter(entries=(other,)), at=START
    )
    desk = buyer.desk()
    desk.receive(incoming)
    assert [e.kind for e in desk.events] == ["match.forked"]
    assert chain(buyer, seller)[1] == entries[1]


def test_the_leader_never_countersigns_where_it_proposed_itself():
    one, two_ = sorted((b"1" * 32, b"2" * 32), key=lambda s: Ed25519Signer(s).did)
    lead, follow = Ed25519Signer(one), Ed25519Signer(two_)
    cards = [KeyCard(did=s.did, key=s.did) for s in (lead, follow)]
    a, b = new_pair(*cards), new_pair(*reversed(cards))
    exp = START + DAY
    opening = Intent(kind="open", body=opening_body(a.chain), exp=exp)
    a, first = propose(a, opening, signer=lead, at=START)
    b, _, counter = countersign(
        receive_proposal(b, first, at=START).ledger, signer=follow, at=START
    )
    a, _ = receive_countersignature(a, counter, at=START)
    a, mine = propose(a, Intent(kind="pass", body={"n": 1}, exp=exp), signer=lead, at=START)
    b, theirs = propose(b, Intent(kind="pass", body={"n": 2}, exp=exp), signer=follow, at=START)
    assert receive_proposal(a, theirs, at=START).proposal == mine
    forced = msgspec.structs.replace(a, theirs=theirs)
    with pytest.raises(Conflict, match="ourselves"):
        countersign(forced, signer=lead, at=START)


@pytest.mark.parametrize("who", ["buyer", "seller"])
def test_restore_from_an_old_backup_does_not_fork(two, who):
    market, buyer, seller = two
    number = ordered(market, buyer, seller)
    house, partner = (buyer, seller) if who == "buyer" else (seller, buyer)
    backup = dict(house.shelf.records), {k: list(v) for k, v in house.shelf.chains.items()}
    for i in range(3):
        market.act(
            partner,
            lambda d, i=i: d.state(house.did, dispute(number, f"D-{i}"), market.ctx()),
        )
        market.run()
    house.shelf.records, house.shelf.chains = backup
    market.act(house, lambda d: d.start(market.ctx()))
    greetings, market.post = market.post, []
    market.act(house, lambda d: d.state(partner.did, dispute(number, "D-new"), market.ctx()))
    assert market.post == [], "nothing is signed before heads were exchanged"
    market.post = greetings
    market.run()
    assert chain(buyer, seller) == chain(seller, buyer)
    assert len(chain(buyer, seller)) == 6
    for h, p in ((buyer, seller), (seller, buyer)):
        documents = h.desk().contract(p.did, number).terms.documents
        assert {"D-0", "D-1", "D-2", "D-new"} <= set(documents)


def test_restore_that_forgot_its_own_open_proposal_gets_it_back(two):
    market, buyer, seller = two
    number = ordered(market, buyer, seller)
    backup = dict(buyer.shelf.records)
    market.act(buyer, lambda d: d.change(seller.did, change(number), market.ctx()))
    market.run()
    buyer.shelf.records = backup
    market.act(buyer, lambda d: d.start(market.ctx()))
    market.run()
    assert buyer.desk().books.ledger(seller.did).mine is not None
    market.act(seller, lambda d: d.accept(buyer.did, market.ctx()))
    market.run()
    assert chain(buyer, seller) == chain(seller, buyer)
    assert buyer.desk().contract(seller.did, number).terms.lines["1"].quantity == 80


# ---------------------------------------------------------------- keys


def with_ring(house, *signers):
    from hanse.match import Desk
    from hanse.model.did import did_of

    ring = {did_of(s.public_key): s for s in signers}
    house.desk = lambda: Desk(
        house.party, house.signer, house.shelf, ids=house.ids, policy=house.policy, ring=ring
    )


def test_rotated_key_the_old_one_no_longer_signs(two):
    market, buyer, seller = two
    number = ordered(market, buyer, seller)
    new = Ed25519Signer(b"N" * 32, seller.did)
    with_ring(seller, seller.signer, new)
    market.act(seller, lambda d: d.rotate(buyer.did, new, market.ctx()))
    market.run()
    market.act(seller, lambda d: d.state(buyer.did, dispute(number, "D-1"), market.ctx()))
    market.run()
    entries = chain(buyer, seller)
    assert entries == chain(seller, buyer)
    assert audit(entries).ok
    told = [e for e in buyer.events if e.kind == "match.key_changed"]
    assert told[0].about["did"] == seller.did
    old = Ed25519Signer(seller.seed)
    forged = resigned(entries[-1], old, buyer.signer)
    assert not audit([*entries[:-1], forged]).ok


def test_rotation_without_the_new_keys_own_signature_is_refused(two):
    market, buyer, seller = two
    ordered(market, buyer, seller)
    victim = Ed25519Signer(b"V" * 32)
    body = {"key": victim.did, "proof": text_of(seller.signer.sign(b"mine"))}
    intent = Intent(kind="rotate", body=body, exp=START + DAY)
    with pytest.raises(BadMessage, match="new key did not sign"):
        market.act(seller, lambda d: d.counter.propose(buyer.did, intent, market.ctx()))


def test_stolen_key_is_put_out_of_force_by_the_recovery_key(two):
    market, buyer, seller = two
    rescue, rescue2 = Ed25519Signer(b"R" * 32), Ed25519Signer(b"Q" * 32)
    seller.card = KeyCard(did=seller.did, key=seller.did, recovery=recovery_hash(rescue.public_key))
    number = ordered(market, buyer, seller)
    thief = Ed25519Signer(b"T" * 32, seller.did)
    with_ring(seller, seller.signer, thief)
    market.act(seller, lambda d: d.rotate(buyer.did, thief, market.ctx()))
    market.run()
    new = Ed25519Signer(b"N" * 32, seller.did)
    with_ring(seller, seller.signer, new)
    market.act(
        seller,
        lambda d: d.recover(
            buyer.did,
            new=new,
            recovery_key=rescue,
            next_hash=recovery_hash(rescue2.public_key),
            ctx=market.ctx(),
        ),
    )
    market.run()
    market.act(seller, lambda d: d.state(buyer.did, dispute(number, "D-1"), market.ctx()))
    market.run()
    entries = chain(buyer, seller)
    assert audit(entries).ok
    assert audit(entries).keys[seller.did] != seller.did
    by_thief = resigned(entries[-1], thief, buyer.signer)
    assert not audit([*entries[:-1], by_thief]).ok


def test_recovery_with_a_key_that_was_never_agreed_is_refused(two):
    market, buyer, seller = two
    ordered(market, buyer, seller)
    with pytest.raises(BadMessage, match="not the recovery key"):
        market.act(
            seller,
            lambda d: d.recover(
                buyer.did,
                new=Ed25519Signer(b"N" * 32, seller.did),
                recovery_key=Ed25519Signer(b"R" * 32),
                next_hash="0" * 64,
                ctx=market.ctx(),
            ),
        )


def test_revoked_key_signs_nothing_more_and_what_was_agreed_stays_provable(two):
    market, buyer, seller = two
    number = ordered(market, buyer, seller)
    market.act(seller, lambda d: d.revoke(buyer.did, "stolen", market.ctx()))
    market.run()
    with pytest.raises(BadMessage, match="revoked"):
        market.act(seller, lambda d: d.state(buyer.did, dispute(number, "D-1"), market.ctx()))
    assert audit(chain(buyer, seller)).ok
    assert buyer.desk().contract(seller.did, number) is not None
    market.act(buyer, lambda d: d.change(seller.did, change(number), market.ctx()))
    market.run()
    with pytest.raises(BadMessage, match="revoked"):
        market.act(seller, lambda d: d.accept(buyer.did, market.ctx()))


# ---------------------------------------------------------------- who knows whom


def profile_of(house, seq=1, **more):
    return Profile(
        party=house.paper,
        card=house.card,
        seq=seq,
        issue_date_time=START,
        end_date_time=START + 30 * DAY,
        **more,
    )


def test_sybil_introductions_are_capped_for_each_introducer():
    friend = House("Friend", b"f" * 32)
    me = House("Me", b"m" * 32)
    directory = Directory()
    for i in range(INTRODUCED_MAX + 1):
        fake = House(f"Fake {i}", i.to_bytes(32, "big"))
        word = introduce(
            sign_profile(profile_of(fake), fake.signer),
            to=me.did,
            hops=1,
            signer=friend.signer,
            at=START,
        )
        take = {"me": me.did, "introducer": friend.card, "at": START}
        if i < INTRODUCED_MAX:
            directory = take_introduction(directory, word, **take)
        else:
            with pytest.raises(TooMuch, match="introduces at most"):
                take_introduction(directory, word, **take)


def test_a_firm_with_two_profiles_of_one_number_is_found_out():
    firm = House("Two Faces", b"2" * 32)
    one = sign_profile(profile_of(firm, region="north"), firm.signer)
    other = sign_profile(profile_of(firm, region="south"), firm.signer)
    directory = take_profile(Directory(), one, by=firm.did, at=START)
    with pytest.raises(BadMessage, match="two profiles"):
        take_profile(directory, other, by=firm.did, at=START)


def test_an_older_profile_does_not_replace_a_newer_one():
    firm = House("Firm", b"2" * 32)
    new = sign_profile(profile_of(firm, seq=2, region="south"), firm.signer)
    old = sign_profile(profile_of(firm, seq=1, region="north"), firm.signer)
    directory = take_profile(Directory(), new, by=firm.did, at=START)
    directory = take_profile(directory, old, by=firm.did, at=START)
    assert directory.known[firm.did].profile.region == "south"


def test_a_profile_signed_by_another_firm_is_refused():
    firm, other = House("Firm", b"2" * 32), House("Other", b"o" * 32)
    with pytest.raises(BadMessage, match="not signed by its firm"):
        take_profile(
            Directory(), sign_profile(profile_of(firm), other.signer), by=other.did, at=START
        )


def test_nobody_introduces_itself_or_speaks_to_another():
    friend, me, other = (House(n, n.encode() * 32) for n in "fmo")
    mine = sign_profile(profile_of(friend), friend.signer)
    word = introduce(mine, to=me.did, hops=1, signer=friend.signer, at=START)
    with pytest.raises(Conflict, match="introduces itself"):
        take_introduction(Directory(), word, me=me.did, introducer=friend.card, at=START)
    with pytest.raises(BadMessage, match="for another firm"):
        take_introduction(Directory(), word, me=other.did, introducer=friend.card, at=START)


def test_only_texts_that_were_canonical_are_remembered_and_not_many_of_them():
    good, bad = known, '{"b":1, "a":2}'
    for _ in range(2):
        with pytest.raises(BadMessage):
            parse_entry(bad)
    assert bad not in good
    for number in range(KNOWN_MAX + 5):
        good.add(str(number))
    assert "0" not in good
    assert str(KNOWN_MAX + 4) in good
    good.clear()


def test_two_readers_of_one_entry_cannot_change_what_the_other_reads(two):
    market, buyer, seller = two
    ordered(market, buyer, seller)
    signed = next(iter(buyer.shelf.chains.values()))[1]
    one = parse_entry(signed.entry)
    one.body["id"] = "another"
    assert parse_entry(signed.entry).body["id"] != "another"
