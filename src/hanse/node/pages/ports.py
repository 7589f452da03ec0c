"""All ports of the web application, joined to one node."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from hanse.node.context import Context
from hanse.node.dealing.nearby import Nearby
from hanse.node.pages.accounts import RecordAccounts
from hanse.node.pages.alarms import RecordAlarms
from hanse.node.pages.approvals import RecordApprovals
from hanse.node.pages.audit import RecordAudit
from hanse.node.pages.beginning import RecordBeginning
from hanse.node.pages.clearings import RecordClearings
from hanse.node.pages.connecting import RecordConnections
from hanse.node.pages.entering import RecordDoors
from hanse.node.pages.equipment import RecordImports
from hanse.node.pages.happenings import RecordHappenings
from hanse.node.pages.health import NodeHealth
from hanse.node.pages.ledgers import RecordLedger
from hanse.node.pages.life import RecordLives
from hanse.node.pages.live import LiveValues
from hanse.node.pages.losses import RecordLosses
from hanse.node.pages.machines import RecordMachines
from hanse.node.pages.notices import RecordNotices
from hanse.node.pages.peer_door import RecordPeerDoor
from hanse.node.pages.peers import RecordPeers
from hanse.node.pages.plans import RecordPlans
from hanse.node.pages.ripples import RecordRipples
from hanse.node.pages.rules import RecordRules
from hanse.node.pages.setting import RecordSetting
from hanse.node.pages.trading import RecordTrade
from hanse.web.ports import Chain, Ports
from hanse.web.views.people import FirmCard


def ports_of(context: Context, live: LiveValues, url: str, nearby: Nearby | None = None) -> Ports:
    """What the pages of this node are given."""
    firm = context.settings.firm
    return Ports(
        clock=context.clock,
        firm=FirmCard(
            name=firm.name_zh if firm.language == "zh" and firm.name_zh else firm.name,
            did=context.identity.did,
            currency=firm.currency,
            timezone=firm.timezone,
            language="zh" if firm.language == "zh" else "en",
            version=version("hanse"),
        ),
        accounts=RecordAccounts(context.store),
        audit=RecordAudit(context.store),
        happenings=RecordHappenings(context),
        approvals=RecordApprovals(context),
        machines=RecordMachines(context, live),
        alarms=RecordAlarms(context),
        losses=RecordLosses(context),
        lives=RecordLives(context),
        setting=RecordSetting(context, live),
        rules=RecordRules(context),
        notices=RecordNotices(context),
        plans=RecordPlans(context),
        trade=RecordTrade(context),
        ledger=RecordLedger(context),
        peers=RecordPeers(context, nearby),
        ripples=RecordRipples(context),
        clearings=RecordClearings(context),
        connections=RecordConnections(context, live, url),
        doors=RecordDoors(context, live),
        imports=RecordImports(context),
        beginning=RecordBeginning(context),
        health=NodeHealth(context),
        door=RecordPeerDoor(context, url),
        chain=_chain(context.settings.demonstration.chain),
    )


def _chain(note: str) -> Chain | None:
    """Only a demonstration pays for what shows it."""
    if not note:
        return None
    from hanse.node.chain.overview import Overview

    return Overview(Path(note))
