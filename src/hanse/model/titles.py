"""What the closed sets of the vocabulary are called in sentences, in both languages."""

from __future__ import annotations

from hanse.model.door import Role
from hanse.model.plant import PackMLState
from hanse.model.text import Text

_S = PackMLState
PACKML_TITLES: dict[PackMLState, Text] = {
    _S.STOPPED: Text("Stopped", "已停止"),
    _S.RESETTING: Text("Resetting", "复位中"),
    _S.IDLE: Text("Idle", "空闲"),
    _S.STARTING: Text("Starting", "启动中"),
    _S.EXECUTE: Text("Running", "运行"),
    _S.COMPLETING: Text("Completing", "完成中"),
    _S.COMPLETED: Text("Complete", "已完成"),
    _S.HOLDING: Text("Holding", "保持中"),
    _S.HELD: Text("Held", "保持"),
    _S.UNHOLDING: Text("Resuming", "恢复中"),
    _S.SUSPENDING: Text("Suspending", "挂起中"),
    _S.SUSPENDED: Text("Waiting", "等待"),
    _S.UNSUSPENDING: Text("Resuming", "恢复中"),
    _S.ABORTING: Text("Aborting", "中止中"),
    _S.ABORTED: Text("Down", "故障停机"),
    _S.CLEARING: Text("Clearing", "清除中"),
    _S.STOPPING: Text("Stopping", "停止中"),
}
ROLE_TITLES: dict[Role, Text] = {
    Role.OWNER: Text("Owner", "所有者"),
    Role.PLANNER: Text("Planner", "计划员"),
    Role.TECHNICIAN: Text("Technician", "技术员"),
    Role.BUYER: Text("Buyer", "采购与销售"),
    Role.OPERATOR: Text("Operator", "操作员"),
    Role.AUDITOR: Text("Auditor", "审计员"),
    Role.KIOSK: Text("Kiosk", "看板"),
}


def role_title(role: str) -> Text:
    """What a role is called; its own word where it is none of ours."""
    known = {r.value: title for r, title in ROLE_TITLES.items()}
    return known.get(role, Text(role, role))
