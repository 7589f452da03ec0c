"""Remaining life in memory, for the pages."""

from msgspec import structs
from tests.unit.web import samples as s

from hanse.model.errors import BadInput, Conflict, NotFound
from hanse.model.text import Text
from hanse.web.views.common import Done
from hanse.web.views.life import (
    LifeNumbers,
    LifeRow,
    LifeTypeView,
    LifeVersionRow,
    LifeView,
    WindowRow,
)

HOUR_S = 3_600
LATHE = Text("CNC lathe", "数控车床")
WINDOW = WindowRow(
    approval="question-0007",
    machine="lathe-1",
    machine_title="Lathe 1",
    since=s.after(20 * HOUR_S),
    until=s.after(24 * HOUR_S),
    latest=s.after(30 * HOUR_S),
    text=Text("lathe-1: about 46 steps of life left", "lathe-1:剩余寿命约 46 步"),
    event="event-0005",
)
WORN = LifeRow(
    machine="lathe-1",
    machine_title="Lathe 1",
    asset_type="lathe",
    type_title=LATHE,
    numbers=LifeNumbers(
        at=s.T0,
        version=2,
        left_s=46.0 * HOUR_S,
        low_s=30.0 * HOUR_S,
        high_s=70.0 * HOUR_S,
        capped=False,
        signals=((Text("Vibration", "振动"), 0.7), (Text("Load", "负载"), 0.2)),
    ),
    window=WINDOW,
)
UNKNOWN = structs.replace(
    WORN, machine="lathe-2", machine_title="Lathe 2", numbers=None, window=None
)
SECOND = LifeVersionRow(
    number=2,
    at=s.T0,
    since=s.after(-90 * 24 * HOUR_S),
    until=s.T0,
    lives=14,
    rows=1_800,
    error_s=9.0 * HOUR_S,
    cover=0.81,
    adopted=True,
    in_use=True,
    old_error_s=12.0 * HOUR_S,
    new_error_s=9.5 * HOUR_S,
)
LEARNED = LifeTypeView(
    asset_type="lathe",
    title=LATHE,
    signals=(Text("Vibration", "振动"), Text("Load", "负载")),
    failed_by="lathe-down",
    step_s=3_600.0,
    horizon_s=7.0 * 24 * HOUR_S,
    cap_s=125.0 * HOUR_S,
    lives=14,
    lives_needed=10,
    share=0.4,
    asked_by="owner",
    error="",
    versions=(SECOND, structs.replace(SECOND, number=1, in_use=False, old_error_s=None)),
)


class LivesInMemory:
    def __init__(self):
        self.open = {WINDOW.approval: WINDOW}
        self.asked = []

    async def rows(self):
        return (WORN, UNKNOWN)

    async def machine(self, key):
        for row in (WORN, UNKNOWN):
            if row.machine == key:
                learned = structs.replace(LEARNED, error="" if row is WORN else "ended with 1")
                return LifeView(row=row, learned=learned)
        raise NotFound("its remaining life is not watched", subject=key)

    async def train(self, asset_type, *, by):
        self.asked.append((asset_type, by))
        return Done(text=Text("asked", "已请求"))

    async def windows(self):
        return tuple(self.open.values())

    async def answer(self, approval, *, since, reason, accepted, by):
        if approval not in self.open:
            raise Conflict("it was answered", subject=approval)
        if not accepted and not reason:
            raise BadInput("a reason is needed", subject=approval)
        self.answered = (self.open.pop(approval), since, reason, accepted, by)
        return Done(text=Text("answered", "已答复"))
