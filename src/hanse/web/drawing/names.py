"""What the closed sets of the vocabulary are called in both languages, and how they look."""

from __future__ import annotations

import enum

from hanse.model.order import WorkOrderState
from hanse.model.plan import MoveReason
from hanse.model.plant import AlarmPriority, PackMLState
from hanse.model.sample import GapReason, Quality
from hanse.model.text import Language, Text
from hanse.model.titles import PACKML_TITLES, ROLE_TITLES
from hanse.web.views.common import Tone

S = PackMLState
_NAMES: tuple[tuple[enum.Enum, Text], ...] = (
    *PACKML_TITLES.items(),
    *ROLE_TITLES.items(),
    (AlarmPriority.LOW, Text("Low", "低")),
    (AlarmPriority.MEDIUM, Text("Medium", "中")),
    (AlarmPriority.HIGH, Text("High", "高")),
    (AlarmPriority.CRITICAL, Text("Critical", "紧急")),
    (Quality.GOOD, Text("good", "良好")),
    (Quality.UNCERTAIN, Text("uncertain", "不确定")),
    (Quality.BAD, Text("bad", "坏值")),
    (GapReason.UNREACHABLE, Text("not reachable", "无法连接")),
    (GapReason.RESTARTED, Text("device restarted", "设备重启")),
    (GapReason.SESSION_LOST, Text("session lost", "会话丢失")),
    (GapReason.NO_NOTIFICATION, Text("no notifications", "没有通知")),
    (GapReason.OVERFLOW, Text("queue full", "队列溢出")),
    (GapReason.NODE_STOPPED, Text("this node was stopped", "本节点已停止")),
    (GapReason.PAUSED, Text("paused by a person", "人工暂停")),
    (GapReason.SEQUENCE, Text("numbers missing", "序号缺失")),
    (GapReason.BAD_CLOCK, Text("clock is wrong", "时钟错误")),
    (WorkOrderState.PLANNED, Text("Planned", "已计划")),
    (WorkOrderState.RELEASED, Text("Released", "已下达")),
    (WorkOrderState.STARTED, Text("In work", "加工中")),
    (WorkOrderState.DONE, Text("Done", "完工")),
    (WorkOrderState.CANCELLED, Text("Cancelled", "已取消")),
    (MoveReason.MACHINE_DOWN, Text("machine down", "设备故障")),
    (MoveReason.ORDER_INSERTED, Text("order inserted", "插入订单")),
    (MoveReason.ORDER_CHANGED, Text("order changed", "订单变更")),
    (MoveReason.MATERIAL_LATE, Text("material late", "物料延迟")),
    (MoveReason.PERSON_MISSING, Text("person missing", "人员缺席")),
    (MoveReason.SCRAP, Text("scrap", "报废")),
    (MoveReason.IMPROVED, Text("better plan", "方案更优")),
    (MoveReason.PLANNER, Text("planner", "计划员")),
)
_TONES: tuple[tuple[enum.Enum, Tone], ...] = (
    (S.EXECUTE, Tone.GOOD),
    (S.COMPLETED, Tone.GOOD),
    (S.COMPLETING, Tone.GOOD),
    (S.IDLE, Tone.QUIET),
    (S.STOPPED, Tone.QUIET),
    (S.HELD, Tone.BAD),
    (S.ABORTED, Tone.BAD),
    (S.ABORTING, Tone.BAD),
    (S.HOLDING, Tone.WARN),
    (S.SUSPENDED, Tone.WARN),
    (S.SUSPENDING, Tone.WARN),
    (AlarmPriority.LOW, Tone.QUIET),
    (AlarmPriority.MEDIUM, Tone.WARN),
    (AlarmPriority.HIGH, Tone.BAD),
    (AlarmPriority.CRITICAL, Tone.BAD),
    (Quality.GOOD, Tone.GOOD),
    (Quality.UNCERTAIN, Tone.WARN),
    (Quality.BAD, Tone.BAD),
    (WorkOrderState.STARTED, Tone.BUSY),
    (WorkOrderState.RELEASED, Tone.BUSY),
    (WorkOrderState.DONE, Tone.GOOD),
)
NAMES = {(type(value), value): text for value, text in _NAMES}
TONES = {(type(value), value): tone for value, tone in _TONES}
"""Keyed by type and value: 1 is a priority as well as a quality."""

UNKNOWN = Text("Unknown", "未知")


def name_of(language: Language, value: enum.Enum | None) -> str:
    """What a state, priority, role or reason is called."""
    return UNKNOWN.in_(language) if value is None else NAMES[type(value), value].in_(language)


def tone_of(value: enum.Enum | None) -> Tone:
    """How it looks; busy where nothing else is said."""
    return Tone.QUIET if value is None else TONES.get((type(value), value), Tone.BUSY)
