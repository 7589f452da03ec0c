"""Laws of the pair ledger: canonical bytes, chains that any interleaving keeps alike, trees."""

import datetime as dt

import hypothesis.strategies as st
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.unit.match.market import DAY, START, Market, buyer_and_seller, ordered

from hanse.match.ledger.audit import audit
from hanse.match.ledger.disclosure import chain_leaf, disclose, firm_root, verify_disclosure
from hanse.match.ledger.entry import INTEGER_MAX, canonical
from hanse.match.ledger.tree import Tree, verify_consistency, verify_inclusion
from hanse.model import trade
from hanse.model.errors import BadInput, BadMessage, Conflict

texts = st.text(st.characters(codec="utf-8"), max_size=20)
keys = st.text(st.characters(max_codepoint=127), max_size=8)
values = st.recursive(
    st.one_of(texts, st.booleans(), st.none(), st.integers(-INTEGER_MAX, INTEGER_MAX)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)


@given(values)
def test_our_canonical_bytes_are_those_of_rfc_8785(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(st.one_of(st.floats(), st.integers(min_value=INTEGER_MAX + 1)))
def test_what_json_readers_disagree_about_is_refused(number):
    with pytest.raises(BadMessage):
        canonical({"n": number})


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_every_leaf_is_proved_under_the_root_and_nothing_else_is(leaves, data):
    tree = Tree(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    path, root = tree.inclusion(index), tree.root()
    proved = {"index": index, "size": len(leaves), "path": path, "root": root}
    assert verify_inclusion(leaves[index], **proved)
    assert not verify_inclusion(leaves[index] + b"x", **proved)
    assert not verify_inclusion(leaves[index], **{**proved, "root": b"\0" * 32})


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_a_grown_tree_is_proved_to_begin_with_the_old_one(leaves, data):
    tree = Tree(leaves)
    old = data.draw(st.integers(1, len(leaves)))
    proof = {"old": old, "new": len(leaves), "path": tree.consistency(old)}
    old_root = Tree(leaves[:old]).root()
    assert tree.root(old) == old_root
    assert verify_consistency(**proof, old_root=old_root, new_root=tree.root())
    if old < len(leaves):
        other = Tree([*leaves[: old - 1], leaves[old - 1] + b"x"]).root()
        assert not verify_consistency(**proof, old_root=other, new_root=tree.root())


def test_the_root_is_that_of_the_rfcs_own_recursion():
    import hashlib

    def mth(items):
        if not items:
            return hashlib.sha256(b"").digest()
        if len(items) == 1:
            return hashlib.sha256(b"\0" + items[0]).digest()
        k = 1
        while k * 2 < len(items):
            k *= 2
        return hashlib.sha256(b"\1" + mth(items[:k]) + mth(items[k:])).digest()

    for n in range(35):
        items = [bytes([i]) for i in range(n)]
        assert Tree(items).root() == mth(items)


def test_one_trade_is_disclosed_and_no_other():
    buyer, seller = buyer_and_seller()
    market = Market(buyer, seller)
    ordered(market, buyer, seller)
    ledger = buyer.desk().books.ledger(seller.did)
    entries = buyer.shelf.chains[ledger.chain.id]
    leaves = [chain_leaf(ledger.chain, entries)]
    root = firm_root(leaves, signer=buyer.signer, at=START)
    shown = disclose([1], entries=entries, leaves=leaves, chain=ledger.chain.id, root=root)
    both = {buyer.did: buyer.did, seller.did: seller.did}
    assert [e.kind for e in verify_disclosure(shown, keys=both)] == ["order"]
    from msgspec.structs import replace

    moved = replace(shown, shown=(replace(shown.shown[0], seq=0),))
    with pytest.raises(BadMessage):
        verify_disclosure(moved, keys=both)
    with pytest.raises(BadMessage):
        verify_disclosure(replace(shown, firm=replace(root, size=2)), keys=both)


class TwoFirms(RuleBasedStateMachine):
    """Two firms act in any order over a post that delays, repeats and loses letters; both restart.

    Whatever happens, the two chains never differ at any place, both audit clean, and once the post
    works again they are equal.
    """

    def __init__(self):
        super().__init__()
        self.buyer, self.seller = buyer_and_seller()
        self.market = Market(self.buyer, self.seller)
        self.order = ordered(self.market, self.buyer, self.seller)
        self.lost = []
        self.n = 0

    def house(self, mine):
        return (self.buyer, self.seller) if mine else (self.seller, self.buyer)

    def deliver(self, item):
        try:
            self.market.deliver(*item)
        except (BadInput, Conflict):
            return

    def dispute(self):
        self.n += 1
        return trade.Dispute(
            id=f"D-{self.n}",
            issue_date_time=START,
            order_reference=trade.DocumentReference(id=self.order),
            reason=trade.Reason(code="QUALITY"),
        )

    @rule(mine=st.booleans())
    def state_a_fact(self, mine):
        house, partner = self.house(mine)
        document = self.dispute()
        self.market.act(house, lambda d: d.state(partner.did, document, self.market.ctx()))

    @rule(mine=st.booleans())
    def propose_a_change(self, mine):
        house, partner = self.house(mine)
        self.n += 1
        change = trade.OrderChange(
            id=f"C-{self.n}",
            issue_date_time=START,
            order_reference=trade.DocumentReference(id=self.order),
            order_line=(
                trade.ChangedLine(
                    id="1",
                    quantity=trade.Measure(value=str(10 + self.n)),
                    price=trade.Price(price_amount="12.40"),
                    requested_delivery=(
                        trade.Delivery(quantity=str(10 + self.n), date_time=START + DAY),
                    ),
                ),
            ),
            reason=trade.Reason(code="CHANGE"),
        )
        self.market.act(house, lambda d: d.change(partner.did, change, self.market.ctx()))

    @rule(mine=st.booleans(), yes=st.booleans())
    def decide(self, mine, yes):
        house, partner = self.house(mine)
        if house.desk().waiting(partner.did) is None:
            return
        ctx = self.market.ctx()
        try:
            if yes:
                self.market.act(house, lambda d: d.accept(partner.did, ctx))
            else:
                self.market.act(house, lambda d: d.refuse(partner.did, "no", ctx))
        except Conflict:
            return

    @rule()
    def deliver_one(self):
        if self.market.post:
            self.deliver(self.market.post.pop(0))

    @rule()
    def lose_one(self):
        if self.market.post:
            self.market.post.pop(0)

    @rule()
    def repeat_one(self):
        if self.market.post:
            self.deliver(self.market.post[0])

    @rule(mine=st.booleans())
    def restart(self, mine):
        house, _ = self.house(mine)
        self.market.act(house, lambda d: d.start(self.market.ctx()))

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours):
        self.market.at += dt.timedelta(hours=hours)
        for house in (self.buyer, self.seller):
            self.market.act(house, lambda d: d.tick(self.market.ctx()))

    def chains(self):
        ledger = self.buyer.desk().books.ledger(self.seller.did)
        return [h.shelf.chains[ledger.chain.id] for h in (self.buyer, self.seller)]

    @invariant()
    def no_two_entries_stand_at_one_place(self):
        one, two = self.chains()
        short = min(len(one), len(two))
        assert one[:short] == two[:short]
        assert abs(len(one) - len(two)) <= 1

    def teardown(self):
        for house in (self.buyer, self.seller):
            self.market.act(house, lambda d: d.start(self.market.ctx()))
        while self.market.post:
            self.deliver(self.market.post.pop(0))
        one, two = self.chains()
        assert one == two
        assert audit(one).ok
        contracts = [
            h.desk().contract(p.did, self.order)
            for h, p in ((self.buyer, self.seller), (self.seller, self.buyer))
        ]
        assert contracts[0] == contracts[1]


TestTwoFirms = TwoFirms.TestCase
TestTwoFirms.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
