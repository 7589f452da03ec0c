"""Signals that may be set, in memory, for the pages."""

from msgspec import structs
from tests.unit.web import samples as s

from hanse.model.door import Role
from hanse.model.errors import BadInput, NotFound
from hanse.model.plant import PackMLState
from hanse.model.text import Text
from hanse.web.views.common import Deed, Done, Field, FieldKind, Option, State, Tone
from hanse.web.views.setting import AllowedRow, SetRow, SettableRow, SettingView, WritingView

SPEED = Text("Spindle speed", "主轴转速")
SETTABLE = (
    SettableRow(
        machine="lathe-1",
        name="speed_set",
        title=SPEED,
        unit="1/min",
        now="1200",
        at=s.T0,
        low=0.0,
        high=3_000.0,
        step=50.0,
        roles=(Role.OWNER, Role.TECHNICIAN),
        states=(PackMLState.IDLE, PackMLState.STOPPED),
        per_minute=6,
    ),
    SettableRow(
        machine="lathe-1",
        name="mode",
        title=Text("Mode", "模式"),
        now="auto",
        at=s.T0,
        choices=("auto", "manual"),
        roles=(Role.OWNER,),
        second=True,
    ),
)
WAITING = SetRow(
    id="set-0003",
    at=s.T0,
    machine="lathe-1",
    name="mode",
    title=Text("Mode", "模式"),
    value="manual",
    by="technician",
    reason="to change the tool",
    state=State("waiting", Text("waits for a person", "等待确认"), Tone.WARN),
    waits=True,
)
DONE = structs.replace(
    WAITING, id="set-0004", name="speed_set", title=SPEED, value="1250", old="1200", read="1250",
    unit="1/min", state=State("written", Text("set and read back", "已设定并回读"), Tone.GOOD),
    waits=False,
)  # fmt: skip
WRITING = WritingView(
    connection="plant",
    can_write=True,
    sets=(
        AllowedRow(
            key="lathe-1 speed_set",
            title="lathe-1 speed_set",
            bounds=(Text("0 to 3000, step 50", "0 至 3000,步长 50"), Text("Owner", "所有者")),
        ),
    ),
    forms=(
        Deed(
            name="allow",
            label=Text("Allow setting a signal", "允许设定信号"),
            main=True,
            fields=(
                Field(
                    name="signal", label=Text("Signal", "信号"), kind=FieldKind.CHOICE,
                    options=(Option("lathe-1 mode", Text("lathe-1 · mode", "lathe-1 · mode")),),
                ),
                Field(name="low", label=Text("Lowest value", "最小值"), kind=FieldKind.NUMBER),
            ),
        ),
    ),
)  # fmt: skip


class SettingInMemory:
    def __init__(self):
        self.asked = []
        self.words = []

    async def at(self, machine):
        if machine != "lathe-1":
            return SettingView()
        return SettingView(settable=SETTABLE, waiting=(WAITING,))

    async def set(self, machine, name, value, *, reason, by, id_):
        if not any((r.machine, r.name) == (machine, name) for r in SETTABLE):
            raise NotFound("there is no such signal", subject=name)
        self.asked.append((machine, name, value, reason, by, id_))
        return DONE

    async def decide(self, attempt, *, agree, by):
        if attempt != WAITING.id:
            raise NotFound("there is no such attempt", subject=attempt)
        self.words.append((attempt, agree, by))
        return structs.replace(DONE, agreed_by=by)

    async def writing(self, connection):
        if connection != "plant":
            raise NotFound("there is no such connection", subject=connection)
        return WRITING

    async def allow(self, connection, deed, values, *, by):
        if deed not in {"allow", "forbid"}:
            raise BadInput("there is no such deed", subject=deed)
        return Done(text=Text("lathe-1 mode may be set", "允许设定 lathe-1 mode"))
