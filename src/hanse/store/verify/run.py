"""All checks of a record, one after the other, each in one state of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hanse.store import deciding as _deciding  # noqa: F401 (its tables are looked at as well)
from hanse.store.store import Store
from hanse.store.tx import Tx
from hanse.store.verify import chains, messages, plant, rows, trade
from hanse.store.verify.finding import FINDINGS_MAX, Looking, Report

Check = Callable[[Tx, Looking], None]


def verify(store: Store, *, keys: Mapping[str, str] | None = None) -> Report:
    """Check every invariant of a record.

    Args:
        store: the record; it may be in use.
        keys: current public keys (as did:key) of firms whose DID is not a did:key.
    """
    known = keys or {}

    def ledgers(tx: Tx, looking: Looking) -> None:
        trade.ledgers(tx, looking, known)

    checks: dict[str, Check] = {
        "database": rows.database,
        "things": rows.things,
        "bytes": rows.exact_bytes,
        "events": chains.events,
        "audit": chains.audit,
        "outbox": messages.outbox,
        "inbox": messages.inbox,
        "names": plant.names,
        "balances": plant.balances,
        "plan": plant.plan,
        "ledgers": ledgers,
        "contracts": trade.contracts,
    }
    return _report([_run(store, name, check) for name, check in checks.items()])


def _run(store: Store, name: str, check: Check) -> Looking:
    looking = Looking(name)
    try:
        store.read_sync(lambda tx: check(tx, looking))
    except Exception as error:  # noqa: BLE001 (damaged rows break checks in any way: told, not raised)
        looking.found(name, f"the check broke off: {error}", f"检查中断:{error}")
    return looking


def _report(looked: list[Looking]) -> Report:
    findings = [f for looking in looked for f in looking.findings]
    more = sum(looking.more for looking in looked) + max(0, len(findings) - FINDINGS_MAX)
    return Report(
        looked_at={looking.check: looking.count for looking in looked},
        findings=tuple(findings[:FINDINGS_MAX]),
        more=more,
    )
