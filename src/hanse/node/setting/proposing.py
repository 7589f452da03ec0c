"""A rule proposes that a signal is set; it never sets one. A person does, or nobody."""

from __future__ import annotations

from hanse.collect.settable import value_of
from hanse.model.event import Event
from hanse.model.plant import SignalKind
from hanse.model.setting import SetState, SignalSet
from hanse.node.setting.records import keep_set, open_sets, settable
from hanse.store import Tx

RULE = "rule:"


def propose(tx: Tx, alarm: Event) -> None:
    """What the owner wants proposed when an alarm comes up: on record, for a person to carry out.

    One proposal of a rule for a signal waits at a time.
    """
    rule, asset = str(alarm.about.get("rule", "")), str(alarm.about.get("asset", ""))
    for setup, allowed in settable(tx, asset) if rule else ():
        if allowed.rule != rule or not setup.enabled:
            continue
        by = f"{RULE}{rule}"
        waits = (one for one in open_sets(tx).all() if one.state is SetState.WAITING)
        if any((one.by, one.asset, one.name) == (by, asset, allowed.name) for one in waits):
            continue
        kinds = [s.kind for s in tx.signals.where(asset=asset) if s.name == allowed.name]
        wish = SignalSet(
            id=tx.ids.new("set"),
            at=tx.clock.now(),
            asset=asset,
            name=allowed.name,
            value=value_of(allowed.rule_value, is_text=SignalKind.TEXT in kinds),
            by=by,
            reason=alarm.text.en[:400],
            event=alarm.id,
        )
        keep_set(tx, wish)
