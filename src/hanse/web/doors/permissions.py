"""Who may do what: one table, deny by default."""

from __future__ import annotations

import enum
from typing import Any

from hanse.model.door import Role


class Permission(enum.StrEnum):
    """What a route needs. The first six are about the door, the rest about the firm."""

    OPEN = "open"  # even before the node is claimed: alive, claim page, style sheets
    PUBLIC = "public"  # once claimed, without signing in: login, enrolment
    PEER = "peer"  # other firms' nodes; the message itself is signed
    DEVICE = "device"  # senders and codes on machines; a token in the call opens one door only
    SCRAPE = "scrape"  # figures, from loopback or with metrics.read
    SELF = "self"  # anyone signed in, about themselves

    HOME_READ = "home.read"
    LOOPS_READ = "loops.read"
    APPROVALS_READ = "approvals.read"
    APPROVALS_DECIDE = "approvals.decide"
    MACHINES_READ = "machines.read"
    ALARMS_READ = "alarms.read"
    ALARMS_ACT = "alarms.act"
    JOBS_ACT = "jobs.act"
    SIGNALS_SET = "signals.set"
    RULES_READ = "rules.read"
    RULES_CHANGE = "rules.change"
    NOTICES_READ = "notices.read"
    NOTICES_CHANGE = "notices.change"
    PLAN_READ = "plan.read"
    PLAN_CHANGE = "plan.change"
    TRADE_READ = "trade.read"
    TRADE_ACT = "trade.act"
    TRADE_RULES = "trade.rules"
    LEDGER_READ = "ledger.read"
    CONNECTIONS_READ = "connections.read"
    CONNECTIONS_CHANGE = "connections.change"
    IMPORT = "import"
    PEERS_READ = "peers.read"
    PEERS_CHANGE = "peers.change"
    RIPPLES_ACT = "ripples.act"
    PEOPLE = "people"
    AUDIT_READ = "audit.read"
    METRICS_READ = "metrics.read"
    HEALTH_READ = "health.read"
    CHAIN_READ = "chain.read"
    CHAIN_ACT = "chain.act"


DOOR = frozenset(
    {
        Permission.OPEN,
        Permission.PUBLIC,
        Permission.PEER,
        Permission.DEVICE,
        Permission.SCRAPE,
        Permission.SELF,
    }
)
SCOPES = tuple(p for p in Permission if p not in DOOR)
"""What a token may be narrowed to."""

_P = Permission
_SEE = frozenset({_P.HOME_READ, _P.LOOPS_READ, _P.MACHINES_READ, _P.ALARMS_READ, _P.HEALTH_READ})
_FLOOR = _SEE | {_P.PLAN_READ, _P.CHAIN_READ}
_OFFICE = _FLOOR | {_P.APPROVALS_READ, _P.TRADE_READ, _P.LEDGER_READ, _P.PEERS_READ}

ROLES: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(SCOPES),
    Role.PLANNER: _OFFICE
    | {
        _P.APPROVALS_DECIDE,
        _P.ALARMS_ACT,
        _P.JOBS_ACT,
        _P.SIGNALS_SET,
        _P.RULES_READ,
        _P.RULES_CHANGE,
        _P.NOTICES_READ,
        _P.PLAN_CHANGE,
        _P.RIPPLES_ACT,
        _P.CONNECTIONS_READ,
        _P.IMPORT,
    },
    Role.TECHNICIAN: _FLOOR
    | {
        _P.ALARMS_ACT,
        _P.JOBS_ACT,
        _P.SIGNALS_SET,
        _P.RULES_READ,
        _P.RULES_CHANGE,
        _P.NOTICES_READ,
        _P.CONNECTIONS_READ,
    },
    Role.BUYER: _OFFICE | {_P.APPROVALS_DECIDE, _P.TRADE_ACT, _P.RIPPLES_ACT},
    Role.OPERATOR: _FLOOR | {_P.ALARMS_ACT, _P.JOBS_ACT, _P.SIGNALS_SET, _P.RULES_READ},
    Role.AUDITOR: frozenset({_P.AUDIT_READ, _P.LEDGER_READ}),
    Role.KIOSK: frozenset({_P.MACHINES_READ, _P.ALARMS_READ, _P.PLAN_READ}),
}


def needs(permission: Permission) -> dict[str, Any]:
    """The ``opt`` of a route: what it needs."""
    return {"permission": permission}
