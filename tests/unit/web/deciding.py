"""Rules, trials and the like in memory, for the pages."""

import datetime as dt
import math

from msgspec import structs
from tests.unit.web import samples as s

from hanse.model.errors import BadConfig, BadInput, NotFound
from hanse.model.money import Money
from hanse.model.plant import AlarmPriority, PackMLState
from hanse.model.text import Text
from hanse.web.views.common import Deed, Done, Field, Option, State, Tone
from hanse.web.views.losses import LossesView, LossRow, OeeRow, ShiftView, StopRow, StopsView
from hanse.web.views.notices import ChannelRow, NoticesView, WaitingRow
from hanse.web.views.plant import AlarmPerformance, Often, StateSpan
from hanse.web.views.rules import (
    RuleFileView,
    RuleRow,
    RuleVersion,
    SignalChoice,
    TemplateForm,
    TemplateRow,
    TrialLine,
    TrialSpan,
    TrialView,
    TypeChoice,
)

DONE = Done(text=Text("Done", "已完成"), event="event-0005")
LATHE = Text("CNC lathe", "数控车床")
TOML = '[[rule]]\nkey = "lathe-load-too-high"\nkind = "limit"\nasset_type = "lathe"\n'
RULES = (
    RuleRow(
        key="lathe-vibration-high",
        title=Text("Spindle vibrates too much", "主轴振动过大"),
        kind="limit",
        asset_type="lathe",
        type_title=LATHE,
        armed=True,
        pack="machining",
        machines=2,
    ),
    RuleRow(
        key="lathe-load-too-high",
        title=Text("Load is too high", "负载过高"),
        kind="limit",
        asset_type="lathe",
        type_title=LATHE,
        armed=False,
        file="lathe-load-too-high",
        version=2,
        by="owner",
        at=s.T0,
        machines=2,
    ),
)
TEMPLATE = TemplateRow(
    key="too-high", title=Text("Too high", "过高"), about=Text("Above a limit", "超过上限")
)
TYPES = (
    TypeChoice(
        key="lathe",
        title=LATHE,
        machines=("Lathe 1", "Lathe 2"),
        signals=(
            SignalChoice(
                name="vibration",
                title=Text("Vibration", "振动"),
                unit="mm/s",
                templates=(TEMPLATE,),
            ),
        ),
    ),
    TypeChoice(key="saw", title=Text("Saw", "锯床"), machines=("Saw",)),
)
FORM = TemplateForm(
    title=TEMPLATE.title,
    about=TEMPLATE.about,
    fields=(
        Field(name="high", label=Text("Limit", "上限"), value="vibration_warn"),
        Field(name="severity", label=Text("How bad", "严重程度"), value="500"),
    ),
    attributes=(
        Option(value="vibration_warn", label=Text("vibration_warn: 4.5", "vibration_warn:4.5")),
    ),
)


def trial(start, end):
    at = tuple(start + (end - start) * n / 200 for n in range(200))
    wave = tuple(None if n == 50 else 3 + 3 * math.sin(n / 20) for n in range(200))
    span = TrialSpan(
        machine="lathe-1",
        machine_title="Lathe 1",
        text=Text(
            "lathe-1: Load is too high: load 97 %, above 95 %",
            "lathe-1:负载过高:load 97 %,高于 95 %",
        ),
        start=start + (end - start) / 4,
        end=start + (end - start) / 3,
        delay_s=1.0,
    )
    line = TrialLine(
        machine="lathe-1",
        machine_title="Lathe 1",
        name="load",
        title=Text("Load", "负载"),
        unit="%",
        at=at,
        value=wave,
        limits=(5.0,),
    )
    return TrialView(
        start=start,
        end=end,
        rules=("lathe-load-too-high",),
        machines=2,
        samples=200,
        alarms=1,
        chatter=0,
        active_s=120.0,
        delay_mean_s=1.0,
        delay_worst_s=1.0,
        by_machine=(("Lathe 1", 1),),
        told=(span, structs.replace(span, end=None)),
        lines=(line,),
    )


class RulesInMemory:
    def __init__(self):
        self.kept = {r.key: r for r in RULES}

    async def rows(self):
        return tuple(self.kept.values())

    async def file(self, key):
        if key != RULES[1].file:
            raise NotFound("there is no such rules", subject=key)
        version = RuleVersion(number=2, by="owner", at=s.T0 - dt.timedelta(hours=2), text=TOML)
        return RuleFileView(
            key=key, text=TOML, folder=False, versions=(version,), rules=(RULES[1],)
        )

    async def types(self):
        return TYPES

    async def form(self, kind, signal, template):
        if (kind, signal, template) != ("lathe", "vibration", "too-high"):
            raise NotFound("there is no such template", subject=template)
        return FORM

    async def draft(self, kind, signal, template, values):
        await self.form(kind, signal, template)
        return "lathe-load-too-high", TOML + f"high = {values['high']}\n"

    async def trial(self, key, text, *, start, end):
        if "hihg" in text:
            raise BadConfig(
                "'hihg' is not known here", subject=f"{key}.toml:5", remedy="Did you mean 'high'"
            )
        return trial(start, end)

    async def keep(self, key, text, *, by):
        await self.trial(key, text, start=s.T0, end=s.after(60))
        self.kept[key] = structs.replace(RULES[1], key=key, armed=True, file=key, by=by)
        return DONE

    async def arm(self, rule, *, armed, by):
        if rule not in self.kept:
            raise NotFound("there is no such rule", subject=rule)
        self.kept[rule] = structs.replace(self.kept[rule], armed=armed, by=by)
        return DONE

    async def remove(self, key, *, by):
        await self.file(key)
        self.kept.pop(key)
        return DONE


OFTEN = Often(
    alarm="alarm-0001",
    text=Text("Spindle vibrates too much", "主轴振动过大"),
    machine="Lathe 1",
    count=7,
    share=0.7,
)
PERFORMANCE = AlarmPerformance(
    start=s.T0 - dt.timedelta(hours=24),
    end=s.T0,
    called=10,
    per_hour=0.4,
    peak_in_10_min=5,
    flood_share=0.0,
    standing=3,
    shelved=1,
    suppressed=0,
    out_of_service=0,
    seen_after_s=42.0,
    shares=((AlarmPriority.CRITICAL, 0.1, 0.05), (AlarmPriority.LOW, 0.9, 0.8)),
    worst=(OFTEN,),
    chattering=(OFTEN,),
    stale=(s.ALARMS[1],),
    in_10_min=(0, 5, 2) * 48,
)
CHANNEL = ChannelRow(
    key="shift",
    way="wecom",
    way_title=Text("WeCom group robot", "企业微信群机器人"),
    address="robot.sample",
    state=State("failing", Text("fails", "发送失败"), Tone.BAD),
    at_least=AlarmPriority.MEDIUM,
    roles=("owner",),
    quiet="22:00–06:00",
    sent=12,
    waiting=1,
    last_at=s.T0,
    error="answered 503",
    error_at=s.T0,
    deeds=(Deed(name="test", label=Text("Send a test message", "发送测试消息"), main=True),),
)
WAITS = WaitingRow(
    channel="shift",
    text=Text("Lathe 1: hot", "车床 1:过热"),
    tries=2,
    next_at=s.after(60),
    error="answered 503",
    event="event-0005",
)


class NoticesInMemory:
    def __init__(self):
        self.rows = {CHANNEL.key: CHANNEL}

    async def view(self):
        name = Field(name="key", label=Text("Name", "名称"))
        host = Field(name="host", label=Text("Server", "服务器"))
        return NoticesView(
            channels=tuple(self.rows.values()),
            waiting=(WAITS,),
            form=(name,),
            mail=(host,),
            calls=(name,),
            calls_said=Text("Technician at once", "立即通知技术员"),
        )

    async def put(self, values, *, by):
        if not values.get("key"):
            raise BadInput("the channel has no name")
        self.rows[values["key"]] = structs.replace(CHANNEL, key=values["key"])
        return DONE

    async def put_calls(self, values, *, by):
        self.calls = values
        return DONE

    async def put_mail(self, values, *, by):
        return DONE

    async def act(self, key, deed, *, by):
        if key not in self.rows:
            raise NotFound("there is no such channel", subject=key)
        return DONE


STOP = StopRow(
    id="lathe-1@1773051273000000000",
    machine="lathe-1",
    machine_title="Lathe 1",
    start=s.after(-600),
    end=None,
    seconds=600.0,
    state=PackMLState.ABORTED,
    cause="own",
    reason="",
    reason_title=Text("not explained", "原因不明"),
)
EXPLAINED = structs.replace(
    STOP,
    id="lathe-1@1773040000000000000",
    end=s.after(-500),
    reason="spindle",
    reason_title=Text("Spindle or bearing", "主轴或轴承故障"),
    by="sam",
)
LOSS = LossRow(
    kind="availability.own",
    title=Text("stood, own cause: not explained", "停机(自身原因):原因不明"),
    seconds=600.0,
    cost=Money(800, "EUR"),
    stops=(STOP.id,),
)
SPEED = LossRow(
    kind="speed",
    title=Text("slower than standard", "速度损失"),
    seconds=90.0,
    cost=Money(120, "EUR"),
)
OEE = OeeRow(
    key="lathe-1",
    title=Text("Lathe 1", "车床 1"),
    oee=0.61,
    availability=0.8,
    effectiveness=0.79,
    quality=0.97,
    planned_s=28_800.0,
    running_s=23_000.0,
    good_s=17_600.0,
    pieces=100,
    good=97,
    lost=Money(920, "EUR"),
    losses=(LOSS, SPEED),
    energy_kwh=48.0,
    energy_per_piece_kwh=0.49,
)


class LossesInMemory:
    def __init__(self):
        self.said = {}

    async def figures(self, *, by, hours):
        return LossesView(
            by=by, start=s.after(-3_600 * hours), end=s.T0, rows=(OEE,), total=OEE, stops=(STOP,)
        )

    async def shift(self, machine):
        running = StateSpan(state=PackMLState.EXECUTE, start=s.after(-7_200), end=s.after(-600))
        down = StateSpan(state=PackMLState.ABORTED, start=s.after(-600), end=s.T0)
        figures = structs.replace(OEE, key=machine)
        return ShiftView(
            machine=machine,
            start=s.after(-7_200),
            end=s.T0,
            of_calendar=True,
            figures=figures,
            states=(running, down),
            stops=(STOP, EXPLAINED),
        )

    async def stops(self, *, machine, hours):
        reasons = (
            Option(value="spindle", label=Text("Spindle or bearing", "主轴或轴承故障")),
            Option(value="no_material", label=Text("No material", "缺料")),
            Option(value="tool", label=Text("Tool change", "换刀")),
        )
        rows = tuple(
            structs.replace(r, reason=self.said.get(r.id, r.reason)) for r in (STOP, EXPLAINED)
        )
        left = sum(not r.reason for r in rows)
        return StopsView(stops=rows, unexplained=left, reasons=reasons)

    async def explain(self, stop, reason, *, by):
        if stop != STOP.id:
            raise BadInput("there is no such stop", subject=stop)
        self.said[stop] = reason
        return DONE
