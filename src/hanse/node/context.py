"""What a role is handed: the real world, the record, the broker, the firm."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from pathlib import Path

from nats.aio.client import Client

from hanse.flows.policy import Policy
from hanse.model.firm import Identifier, Party
from hanse.node.folder import Folder
from hanse.node.identity import Identity
from hanse.node.settings import Settings
from hanse.node.world import RandomIds, RealClock
from hanse.store import Store, Tx


@dataclasses.dataclass(frozen=True, kw_only=True)
class Context:
    """Everything real that a role may use."""

    folder: Folder
    settings: Settings
    identity: Identity
    clock: RealClock
    ids: RandomIds
    dice: random.Random
    store: Store
    nats: Client
    stopping: asyncio.Event

    @property
    def party(self) -> Party:
        """This firm as it stands on documents."""
        firm = self.settings.firm
        names = (Identifier(scheme="VAT", id=firm.vat_id),) if firm.vat_id else ()
        return Party(did=self.identity.did, name=firm.name, country=firm.country, identifiers=names)

    @property
    def history(self) -> Path:
        """Where the history lies: in the node's folder, unless the settings name a shared one."""
        told = self.settings.history.folder
        return Path(told) if told else self.folder / "history"

    def policy_in(self, tx: Tx) -> Policy:
        """What may happen with no person asked: as set on the page, else as in the settings."""
        changed = tx.settings.get("policy", Policy)
        if changed is not None:
            return changed
        told = self.settings.policy
        return Policy(
            award_alone_up_to_minor=told.award_alone_up_to_minor,
            accept_alone_up_to_minor=told.accept_alone_up_to_minor,
            quote_alone=told.quote_alone,
            agree_changes_alone=told.agree_changes_alone,
            despatch_alone=told.despatch_alone,
            invoice_alone=told.invoice_alone,
            ripple_alone=told.ripple_alone,
            closing_s=told.closing_s,
        )
