"""The menu: what there is, for those who may see it."""

from __future__ import annotations

from msgspec import Struct

from hanse.model.text import Text
from hanse.web.doors.identity import Identity
from hanse.web.doors.permissions import Permission


class Entry(Struct, frozen=True):
    """One line of the menu."""

    href: str
    icon: str
    label: Text
    needs: Permission


ENTRIES: tuple[Entry, ...] = (
    Entry("/", "house", Text("Today", "今日"), Permission.HOME_READ),
    Entry("/chain", "waypoints", Text("Chain", "产业链"), Permission.CHAIN_READ),
    Entry("/loops", "repeat", Text("Loops", "闭环"), Permission.LOOPS_READ),
    Entry("/approvals", "circle-check-big", Text("Approvals", "待批"), Permission.APPROVALS_READ),
    Entry("/machines", "cpu", Text("Machines", "设备"), Permission.MACHINES_READ),
    Entry("/alarms", "bell", Text("Alarms", "报警"), Permission.ALARMS_READ),
    Entry("/rules", "git-branch", Text("Rules", "规则"), Permission.RULES_READ),
    Entry("/plan", "chart-gantt", Text("Plan", "排程"), Permission.PLAN_READ),
    Entry("/trade", "handshake", Text("Trade", "交易"), Permission.TRADE_READ),
    Entry("/ledger", "link", Text("Ledger", "账本"), Permission.LEDGER_READ),
    Entry("/network", "network", Text("Network", "网络"), Permission.PEERS_READ),
    Entry("/peers", "users", Text("Partners", "伙伴"), Permission.PEERS_READ),
    Entry("/connections", "cable", Text("Connections", "连接"), Permission.CONNECTIONS_READ),
    Entry("/import", "file-up", Text("Import", "导入"), Permission.IMPORT),
    Entry("/people", "user-cog", Text("People", "人员"), Permission.PEOPLE),
    Entry("/audit", "scroll-text", Text("Audit log", "审计日志"), Permission.AUDIT_READ),
    Entry("/health", "heart-pulse", Text("Health", "运行状况"), Permission.HEALTH_READ),
)


def menu_for(me: Identity, *, has_chain: bool) -> tuple[Entry, ...]:
    """The entries a person may open."""
    return tuple(
        entry
        for entry in ENTRIES
        if me.may(entry.needs) and (has_chain or entry.needs is not Permission.CHAIN_READ)
    )


def first_page(me: Identity, *, has_chain: bool = False) -> str:
    """Where a person lands after signing in: the chain where a demonstration runs."""
    if has_chain and me.may(Permission.CHAIN_READ):
        return "/chain"
    entries = menu_for(me, has_chain=False)
    return entries[0].href if entries else "/me"
