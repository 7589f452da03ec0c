"""The forms in which an owner allows writing, and what they make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from hanse.collect.job_doors import JobDoor
from hanse.collect.settable import check_value, value_of
from hanse.model.door import Role
from hanse.model.errors import BadInput
from hanse.model.plant import PackMLState
from hanse.model.setting import Settable
from hanse.model.text import Text
from hanse.model.time import UTC, Instant
from hanse.model.titles import ROLE_TITLES
from hanse.node.connections import Setup
from hanse.web.views.common import Deed, Field, FieldKind, Option

SETTERS = (Role.OWNER, Role.PLANNER, Role.TECHNICIAN, Role.OPERATOR)
_TEXTS = ("address", "payload", "rule", "rule_value")
_NUMBERS = ("low", "high", "step", "per_minute", "read_back_s", "tolerance")


def forms_of(setup: Setup, *, can_write: bool) -> tuple[Deed, ...]:
    """The forms of a connection: only what its protocol can do."""
    if not (can_write and setup.lines):
        return ()
    sets = Deed(
        name="allow",
        label=Text("Allow setting a signal", "允许设定信号"),
        main=True,
        fields=tuple(_fields(setup)),
    )
    fields = _JOB_FIELDS.get(setup.protocol)
    if fields is None:
        return (sets,)
    jobs = Deed(
        name="allow_jobs",
        label=Text("Allow giving a machine jobs", "允许向设备下发任务"),
        main=True,
        fields=(_machine(setup), *fields, *_JOB_BOUNDS),
    )
    return sets, jobs


def door_of(setup: Setup, values: Mapping[str, str]) -> JobDoor:
    """How a filled-in form has a machine given jobs.

    Raises:
        BadInput: an address is missing or cannot be used.
    """
    asset = values.get("asset", "")
    if not any(line.asset == asset for line in setup.lines):
        raise BadInput("this connection has no such machine", subject=asset[:200])
    given: dict[str, Any] = {k: v.strip() for k, v in values.items() if v.strip()}
    door: dict[str, Any] = {k: given[k] for k in ("pieces_max", "per_minute") if k in given}
    names = [f.name for f in _JOB_FIELDS.get(setup.protocol, ())]
    way = {name.removeprefix("at_"): given[name] for name in names if name in given}
    if setup.protocol in REGISTERS:
        door["registers"] = way
    elif setup.protocol == "mqtt":
        door["messages"] = way
    else:
        door |= way
    try:
        made = msgspec.convert({"asset": asset, **door}, JobDoor, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), subject=asset) from error
    if made.names_jobs and not (made.object and made.start and made.end):
        raise BadInput("an address is missing", subject=asset, remedy="Give object, start and end")
    return made


def rule_of(setup: Setup, values: Mapping[str, str]) -> Settable:
    """What a filled-in form allows.

    Raises:
        BadInput: a value cannot be used, or nothing bounds it.
    """
    asset, _, name = values.get("signal", "").rpartition(" ")
    if not any((line.asset, line.name) == (asset, name) for line in setup.lines):
        raise BadInput("this connection has no such signal", subject=f"{asset} {name}"[:200])
    given: dict[str, Any] = {n: values[n].strip() for n in _NUMBERS if values.get(n, "").strip()}
    given |= {n: values[n].strip() for n in _TEXTS if values.get(n, "").strip()}
    given["roles"] = [role for role in SETTERS if values.get(f"role_{role.value}") == "true"]
    given["choices"] = _words(values.get("choices", ""))
    given["states"] = [w.lower() for w in _words(values.get("states", ""))]
    given["second"] = values.get("second") == "true"
    given["until"] = _day(values.get("until", ""))
    try:
        rule = msgspec.convert({"asset": asset, "name": name, **given}, Settable, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), subject=f"{asset} {name}") from error
    if not rule.choices and (rule.low is None or rule.high is None or rule.low > rule.high):
        raise BadInput(
            "nothing bounds the value",
            subject=f"{asset} {name}",
            remedy="Give the lowest and the highest value, or the values to choose from",
        )
    if rule.rule:
        check_value(rule, value_of(rule.rule_value))
    return rule


def _fields(setup: Setup) -> list[Field]:
    signals = tuple(
        Option(value=f"{line.asset} {line.name}", label=_plain(f"{line.asset} · {line.name}"))
        for line in setup.lines
    )
    text, number, flag = FieldKind.TEXT, FieldKind.NUMBER, FieldKind.FLAG
    states = ", ".join(state.value for state in PackMLState)
    return [
        Field(
            name="signal", label=Text("Signal", "信号"), kind=FieldKind.CHOICE, options=signals
        ),
        _field("low", Text("Lowest value", "最小值"), number),
        _field("high", Text("Highest value", "最大值"), number),
        _field("step", Text("In steps of", "步长"), number),
        _field(
            "choices", Text("Or one of these values", "或以下可选值"), text,
            Text("Separated by commas: 1, 2, auto", "以逗号分隔:1, 2, auto"),
        ),
        *(
            _field(f"role_{role.value}", _may(ROLE_TITLES[role]), flag, value=_first(role))
            for role in SETTERS
        ),
        _field("second", Text("Another person has to agree", "须由另一人确认"), flag),
        _field(
            "states", Text("Only while the machine is", "仅当设备处于"), text,
            Text(f"Empty: always. Of: {states}", f"留空:不限。可选:{states}"),
        ),
        _field("per_minute", Text("Times a minute at most", "每分钟最多次数"), number, value="6"),
        _field(
            "until", Text("Until the end of (UTC)", "有效期至(UTC)"), text, _plain("2027-01-31")
        ),
        _field(
            "rule", Text("Proposed by the rule", "由规则提议"), text,
            Text("Its key; a person then agrees, or not", "规则的键;由人员决定是否同意"),
        ),
        _field("rule_value", Text("The value it proposes", "提议的值"), text),
        _field(
            "read_back_s", Text("Seconds to read it back", "回读等待秒数"), number, value="2"
        ),
        _field("tolerance", Text("Equal within", "视为相等的误差"), number, value="0"),
        _field(
            "address", Text("Written to another address", "写入其他地址"), text,
            Text("MQTT: the topic of commands", "MQTT:命令主题"),
        ),
        _field(
            "payload", Text("What is sent", "发送内容"), text,
            Text('MQTT: {"speed": {value}}', 'MQTT:{"speed": {value}}'),
        ),
    ]  # fmt: skip


def _field(
    name: str, label: Text, kind: FieldKind, hint: Text | None = None, *, value: str = ""
) -> Field:
    shown = hint or Text("", "")
    return Field(name=name, label=label, kind=kind, hint=shown, value=value, required=False)


def _may(role: Text) -> Text:
    return Text(f"{role.en} may set it", f"{role.zh}可设定")


def _first(role: Role) -> str:
    return "true" if role is Role.OWNER else ""


def _plain(text: str) -> Text:
    return Text(text, text)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.replace(",", ",").split(",") if word.strip()]


def _day(text: str) -> Instant | None:
    """The end of a day that was typed; None where nothing was.

    Raises:
        BadInput: not a day.
    """
    if not text.strip():
        return None
    try:
        day = dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise BadInput("not a day", subject=text[:40], remedy="Write 2027-01-31") from error
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), UTC)


def _machine(setup: Setup) -> Field:
    machines = sorted({line.asset for line in setup.lines})
    options = tuple(Option(value=key, label=_plain(key)) for key in machines)
    return Field(
        name="asset", label=Text("Machine", "设备"), kind=FieldKind.CHOICE, options=options
    )


REGISTERS = frozenset({"modbus", "s7"})
_AN_ADDRESS = Text("Address and type: holding:10 uint32", "地址和类型:holding:10 uint32")


def _at(name: str, label: Text, hint: Text | None = None) -> Field:
    return _field(f"at_{name}", label, FieldKind.TEXT, hint)


_JOB_BOUNDS = (
    _field(
        "pieces_max", Text("Pieces at once at most", "每次最多件数"), FieldKind.NUMBER, value="1000"
    ),
    _field(
        "per_minute", Text("Times a minute at most", "每分钟最多次数"), FieldKind.NUMBER, value="6"
    ),
)
_OF_REGISTERS = (
    _at("number", Text("Number of the job", "任务号"), _AN_ADDRESS),
    _at("pieces", Text("Pieces", "件数"), _AN_ADDRESS),
    _at("start", Text("Start (set to 1 last)", "启动(最后置 1)"), _AN_ADDRESS),
    _at(
        "taken",
        Text("Number the machine took last", "设备最近接受的任务号"),
        Text(
            "The machine copies the number there when it starts, and keeps it",
            "设备启动时将任务号复制到此处并保持",
        ),
    ),
    _at("end", Text("End (set to 1)", "结束(置 1)"), _AN_ADDRESS),
    _at("order", Text("Digits of the order", "工单号中的数字"), _AN_ADDRESS),
    _at("run_s", Text("Seconds a piece", "单件秒数"), _AN_ADDRESS),
    _at("setup_s", Text("Seconds of set-up", "换型秒数"), _AN_ADDRESS),
)
_JOB_FIELDS: dict[str, tuple[Field, ...]] = {
    "modbus": _OF_REGISTERS,
    "s7": _OF_REGISTERS,
    "mqtt": (
        _at("topic", Text("Topic of jobs", "任务主题")),
        _at(
            "answers",
            Text("Topic of answers", "应答主题"),
            _plain('{"job": "...", "taken": true}'),
        ),
    ),
    "opcua": (
        _at("object", Text("Object", "对象")),
        _at("start", Text("Method that starts a job", "启动任务的方法")),
        _at("end", Text("Method that ends a job", "结束任务的方法")),
    ),
}
