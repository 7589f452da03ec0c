"""What must hold in any world that has come to rest, whatever the weather was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product

from hanse.allocate.check import check
from hanse.match.contract import Running
from hanse.match.ledger.audit import audit
from hanse.sim.world.house import House, quantity_of
from hanse.sim.world.world import World


def broken_laws(world: World) -> list[str]:
    """The laws that do not hold, each with the firms and numbers concerned; empty is good."""
    return [
        *(x for b, s in product(world.buyers, world.shops) for x in _between(b, s)),
        *(x for shop in world.shops for x in _plan(shop)),
        *(x for buyer in world.buyers for x in _needs(buyer)),
    ]


def _chain(house: House, partner: House) -> list[object]:
    ledger = house.desk().books.ledger(partner.did)
    return [] if ledger is None else list(house.shelf.chains.get(ledger.chain.id, []))


def _between(buyer: House, shop: House) -> Iterator[str]:
    """Both hold the same chain, it verifies, and they read the same contracts from it."""
    mine, theirs = _chain(buyer, shop), _chain(shop, buyer)
    if mine != theirs:
        yield f"{buyer.name} and {shop.name} hold different chains: {len(mine)}, {len(theirs)}"
        return
    finding = audit(mine)  # type: ignore[arg-type]
    if mine and not finding.ok:
        yield f"the chain of {buyer.name} and {shop.name} does not verify: {finding.problem}"
    for need in buyer.needs.values():
        for seller, order in need.orders:
            if seller != shop.did:
                continue
            ours, other = (
                buyer.desk().contract(shop.did, order),
                shop.desk().contract(buyer.did, order),
            )
            if ours != other:
                yield f"{buyer.name} and {shop.name} read order {order} differently"


def _plan(shop: House) -> Iterator[str]:
    """The plan keeps the shop's rules and makes what was signed, no more and no less."""
    for violation in check(shop.plan.shop, shop.plan.current)[:3]:
        yield f"{shop.name}'s plan breaks {violation.rule}: {violation.subject} {violation.text}"
    planned = Counter({j.key: j.made_pieces for j in shop.plan.shop.jobs if j.active})
    for assignment in shop.plan.version().assignments:
        planned[assignment.order] += assignment.pieces
    signed = {}
    for order, buyer in shop.sales.items():
        contract = shop.desk().contract(buyer, order)
        if isinstance(contract, Running) and quantity_of(contract) > 0:
            signed[order] = quantity_of(contract)
    if planned != signed:
        differing = sorted(set(planned.items()) ^ set(signed.items()))[:4]
        yield f"{shop.name} plans other than it signed: {differing}"


def _needs(buyer: House) -> Iterator[str]:
    """Nothing is bought twice, and what is missing was asked for."""
    for need in buyer.needs.values():
        covered = buyer.covered(need)
        if covered > need.wanted:
            yield f"{buyer.name} bought {covered} for a need of {need.wanted} ({need.key})"
        if covered < need.wanted and not need.rfqs:
            yield f"{buyer.name} never asked for {need.key}"
