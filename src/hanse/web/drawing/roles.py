"""What each role is for, in a sentence."""

from __future__ import annotations

from hanse.model.door import Role
from hanse.model.text import Text

DUTIES: dict[Role, Text] = {
    Role.OWNER: Text(
        "Everything: people, connections, partners, money", "全部权限:人员、连接、伙伴、资金"
    ),
    Role.PLANNER: Text(
        "Lays out the plan, brings in orders, accepts maintenance", "排程、导入订单、确认维护安排"
    ),
    Role.TECHNICIAN: Text(
        "Sees machines, deals with alarms, sets rules, explains stops",
        "查看设备、处理报警、设置规则、说明停机原因",
    ),
    Role.BUYER: Text("Asks for quotes, makes offers, signs orders", "询价、报价、签署订单"),
    Role.OPERATOR: Text(
        "Works at a machine: starts jobs, counts, explains stops",
        "在设备旁工作:开工、报数、说明停机原因",
    ),
    Role.AUDITOR: Text("Reads the audit log and the ledgers", "查看审计日志和账本"),
    Role.KIOSK: Text("A screen on the wall that only shows", "墙上的看板,只显示不操作"),
}
