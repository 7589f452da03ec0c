"""A mirror can withhold and be late; it can neither forge, nor crowd out, nor hide two tongues."""

import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.match.market import START, House

from hanse.match import mirror as mirrors
from hanse.match.mirror import Equivocation, listing, proves, read_listing, take
from hanse.match.profile import LASTS, Profile, SignedProfile, sign_profile
from hanse.model import trade
from hanse.model.errors import BadMessage

URL, OTHER_URL = "https://mirror.sample/list", "https://other.sample/list"
CASTER = House("Caster", b"c" * 32)


def word(house=CASTER, **more):
    facts = {
        "party": trade.TradeParty(endpoint_id=house.did, name=house.party.name),
        "card": house.card,
        "seq": 1,
        "issue_date_time": START,
        "end_date_time": START + LASTS,
        "may_be_mirrored": True,
    }
    return sign_profile(Profile(**(facts | more)), house.signer)


def look(shown, *, known=None, heard=None, url=URL, at=START):
    return take(known or {}, shown, mirror=url, heard=heard or {}, at=at)


def test_what_a_mirror_shows_is_kept_as_a_candidate_in_the_firms_own_words():
    shown = read_listing(listing([word(region="north")], at=START))
    taken = look(shown)
    kept = taken.known[CASTER.did]
    assert (kept.profile.region, kept.mirror, taken.fresh) == ("north", URL, 1)


def test_a_firm_that_did_not_permit_it_is_neither_shown_nor_taken():
    private = word(may_be_mirrored=False)
    assert read_listing(listing([private], at=START)) == ()
    taken = look([private])
    assert (taken.known, taken.refused) == ({}, 1)


def test_mirror_forged_profile_is_not_taken():
    true = word()
    edited = SignedProfile(text=true.text.replace("Caster", "Forger"), signature=true.signature)
    thief = House("Thief", b"t" * 32)
    stolen_name = sign_profile(
        msgspec.structs.replace(msgspec.json.decode(true.text, type=Profile)), thief.signer
    )
    taken = look([edited, stolen_name])
    assert (taken.known, taken.refused) == ({}, 2)


def test_mirror_stale_profile_does_not_replace_a_newer_one():
    newer, older = word(seq=5, region="new"), word(seq=4, region="old")
    known = look([newer]).known
    taken = look([older], known=known, url=OTHER_URL)
    assert (taken.known[CASTER.did].profile.region, taken.stale) == ("new", 1)
    after = START + LASTS
    assert look([newer], known=known, at=after).known == {}


def test_mirror_profile_from_the_future_or_for_ever_is_not_taken():
    ahead = START + dt.timedelta(days=2)
    shown = [
        word(issue_date_time=ahead, end_date_time=ahead + LASTS),
        word(seq=2, end_date_time=START + 10 * LASTS),
    ]
    assert look(shown).refused == 2


def test_mirror_flood_is_capped_for_each_mirror_and_in_all(monkeypatch):
    monkeypatch.setattr(mirrors, "OF_ONE_MIRROR_MAX", 3)
    monkeypatch.setattr(mirrors, "MIRRORED_MAX", 5)
    fakes = [word(House(f"Fake {i}", bytes([i]) * 32)) for i in range(10)]
    first = look(fakes[:5])
    assert (len(first.known), first.refused) == (3, 2)
    second = look(fakes[5:], known=first.known, url=OTHER_URL)
    assert (len(second.known), second.refused) == (5, 3)
    assert look([word()], known=second.known).refused == 1


def test_mirror_size_bomb_is_refused_before_it_is_read():
    with pytest.raises(BadMessage, match="at most"):
        read_listing(b" " * (mirrors.LIST_BYTES_MAX + 1))
    for bomb in (b"[" * 200_000, b'{"profiles": 1}', b"\xff", b"not json"):
        with pytest.raises(BadMessage):
            read_listing(bomb)
    assert len(read_listing(msgspec.json.encode({"profiles": [word()] * 1_500}))) == 1_000


def test_mirror_equivocation_is_kept_as_evidence_that_anybody_can_check():
    one, other = word(region="north"), word(region="south")
    known = look([one]).known
    (proof,) = look([other], known=known, url=OTHER_URL).evidence
    assert (proof.did, proof.seq, proof.mirror) == (CASTER.did, 1, OTHER_URL)
    assert proves(proof)
    assert not proves(msgspec.structs.replace(proof, other=proof.one))
    forged = SignedProfile(text=other.text, signature=one.signature)
    assert not proves(msgspec.structs.replace(proof, other=forged))
    both = look([one, other])
    assert both.evidence[0].key == proof.key
    assert both.known[CASTER.did].profile.region == "north"


def test_mirror_equivocation_of_a_partner_or_of_our_own_key_is_found_out():
    heard = {CASTER.did: word(region="to us")}
    taken = look([word(region="to others")], heard=heard)
    assert [e.did for e in taken.evidence] == [CASTER.did]
    assert taken.known == {}
    assert look([word(region="to us")], heard=heard).evidence == ()


def test_mirror_that_names_an_innocent_firm_convicts_nobody():
    true = word(region="north")
    forged = SignedProfile(text=true.text.replace("north", "south"), signature=true.signature)
    assert look([forged], known=look([true]).known).evidence == ()


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from("ab")), max_size=8))
def test_whatever_mirrors_show_in_whatever_order_the_highest_number_stands(shown):
    houses = [House(f"Firm {i}", bytes([i + 1]) * 32) for i in range(3)]
    known, seen = {}, {}
    for number, (firm, seq, region) in enumerate(shown):
        signed = word(houses[firm], seq=seq, region=region)
        before = seen.get(firm, [])
        taken = look([signed], known=known, url=(URL, OTHER_URL)[number % 2])
        stands = known.get(houses[firm].did)
        twice = stands and (stands.profile.seq, stands.profile.region != region) == (seq, True)
        assert bool(taken.evidence) == bool(twice)
        assert all(proves(e) for e in taken.evidence)
        known, seen[firm] = taken.known, [*before, seq]
    for firm, numbers in seen.items():
        assert known[houses[firm].did].profile.seq == max(numbers)


def test_evidence_survives_its_way_through_json():
    proof = look([word(region="a"), word(region="b")]).evidence[0]
    assert proves(msgspec.json.decode(msgspec.json.encode(proof), type=Equivocation))
