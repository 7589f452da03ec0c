"""A firm that does not exist: plainly a sample, in memory, for tests and for looking at pages."""

import datetime as dt
from decimal import Decimal

import numpy as np
from msgspec import structs

from hanse.model.event import Event
from hanse.model.money import Money
from hanse.model.order import WorkOrderState
from hanse.model.plan import (
    Assignment,
    Compared,
    Harm,
    Hold,
    MachineLoad,
    Move,
    MoveReason,
    OtherDate,
    Overtime,
    PlanVersion,
    PromiseKind,
    PromisePoint,
    Relief,
    WhyLink,
)
from hanse.model.plant import AlarmPriority, PackMLState
from hanse.model.sample import Gap, GapReason
from hanse.model.text import Text
from hanse.model.time import to_ns
from hanse.web.views.clearing import (
    ClearingRow,
    ClearingsView,
    PairRow,
    TogetherView,
    TrialRow,
)
from hanse.web.views.common import Deed, Fact, Field, FieldKind, Option, State, Tone
from hanse.web.views.connecting import (
    Answering,
    BadRow,
    ConnectionRow,
    ConnectionView,
    ConnectorKind,
    DoorSheet,
    Found,
    ImportReport,
    MappedSignal,
    SampleFile,
)
from hanse.web.views.entering import Asked, EntrySheet
from hanse.web.views.loops import Approval, ChainStep, ChainView, Choice, LoopRow, NodeCard
from hanse.web.views.people import FirmCard
from hanse.web.views.planning import Lane, OrderRow, PlanView, PromiseView, VersionRow
from hanse.web.views.plant import AlarmRow, MachineRow, MachineView, Series, SignalNow
from hanse.web.views.rippling import ForecastRow, RippleAnswerRow, RippleHit, RippleRow, RippleView
from hanse.web.views.running import Check, Readiness
from hanse.web.views.trading import (
    AskedLine,
    ChainRow,
    DoubtRow,
    EntryRow,
    FirmRules,
    IntroducedRow,
    MapLink,
    MapNode,
    NetworkRow,
    NetworkView,
    OrderedLine,
    OwnCard,
    PeerRow,
    PeerView,
    QuotedLine,
    QuoteRow,
    RfqRow,
    RfqView,
    RulesView,
    TradeRow,
    TradeView,
)

T0 = dt.datetime(2026, 3, 9, 10, 14, 33, tzinfo=dt.UTC)
DID_PUMP = "did:key:z6MkSamplePumpWorks1111111111111111111111111111"
DID_SHOP = "did:key:z6MkSampleShopTwo22222222222222222222222222222"
DID_STEEL = "did:key:z6MkSampleSteelStock333333333333333333333333333"
HEX = "3f9a1c07b2d84e5f6a7b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b"

FIRM = FirmCard(
    name="Sample Shop One",
    did="did:key:z6MkSampleShopOne4444444444444444444444444444444",
    currency="EUR",
    timezone="UTC",
    language="en",
    version="0.1.0",
)


def after(seconds: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


def state(name: str, en: str, zh: str, tone: Tone = Tone.QUIET) -> State:
    return State(name, Text(en, zh), tone)


RUNNING = state("running", "Running", "进行中", Tone.BUSY)
CLOSED = state("closed", "Closed", "已闭环", Tone.GOOD)
WAITS = state("waiting", "Waits for a person", "等待人工", Tone.WARN)

_STORY = (
    (
        "decide.alarm_raised",
        "lathe-1",
        0.0,
        None,
        "Spindle vibration of lathe 1 is over its limit",
        "车床 1 主轴振动超限",
    ),
    (
        "decide.machine_down",
        "lathe-1",
        0.12,
        0,
        "Lathe 1 stopped: spindle bearing",
        "车床 1 停机：主轴轴承",
    ),
    (
        "allocate.capacity_out",
        "lathe-1",
        0.15,
        1,
        "Lathe 1 is out of the plan until the day after tomorrow",
        "车床 1 后天之前不参与排程",
    ),
    (
        "allocate.plan_repaired",
        "plan-18",
        0.27,
        2,
        "Plan 18: 11 operations moved, 1 order late",
        "排程 18：移动 11 道工序，1 个订单延迟",
    ),
    (
        "flows.promise_broken",
        "so-1007",
        0.31,
        3,
        "40 of 120 shafts cannot be kept for Sample Pump Works",
        "无法按期交付样例泵业 120 根轴中的 40 根",
    ),
    (
        "match.partner_told",
        "so-1007",
        0.44,
        4,
        "Sample Pump Works was told; the change is co-signed",
        "已通知样例泵业，变更已双方签名",
    ),
    (
        "flows.quantity_asked",
        "rfq-31",
        0.46,
        4,
        "40 shafts asked of two other shops",
        "已向另外两家企业询价 40 根轴",
    ),
    (
        "match.quote_received",
        "q-77",
        0.71,
        6,
        "Sample Shop Two quotes 18.40 EUR each, in 2 days",
        "样例二厂报价每根 18.40 EUR，2 天交货",
    ),
)


def event(n: int, loop: str | None = "loop-0009") -> Event:
    kind, subject, at, cause, en, zh = _STORY[n]
    return Event(
        id=f"event-{n:04d}",
        at=after(at),
        kind=kind,
        subject=subject,
        text=Text(en, zh),
        cause=None if cause is None else f"event-{cause:04d}",
        loop=loop,
        about={"value": 4.2 + n, "unit": "mm/s"},
    )


EVENTS = tuple(event(n) for n in range(len(_STORY)))

LOOPS = (
    LoopRow(
        id="loop-0009",
        title=Text("Lathe 1: spindle bearing", "车床 1：主轴轴承"),
        state=RUNNING,
        started_at=T0,
        steps=len(EVENTS),
        machine="lathe-1",
    ),
    LoopRow(
        id="loop-0008",
        title=Text("Steel bars late by a day", "棒料延迟一天"),
        state=CLOSED,
        started_at=after(-86_400),
        ended_at=after(-86_398.6),
        steps=9,
    ),
)

APPROVAL = Approval(
    id="ask-0004",
    title=Text("Award 40 shafts to another shop?", "是否将 40 根轴交给另一家企业？"),
    why=Text(
        "736.00 EUR is over the 500.00 EUR that this node may spend alone",
        "736.00 EUR 超过本节点可自行支配的 500.00 EUR",
    ),
    state=WAITS,
    asked_at=after(0.9),
    expires_at=after(3_600),
    amount=Money(73_600, "EUR"),
    choices=(
        Choice(
            name="shop_two",
            title=Text("Sample Shop Two", "样例二厂"),
            recommended=True,
            facts=(
                Fact(Text("Price", "价格"), Text("736.00 EUR", "736.00 EUR")),
                Fact(Text("Delivery", "交货"), Text("2026-03-11", "2026-03-11")),
                Fact(Text("On time so far", "以往准时率"), Text("97 % of 31", "31 单中 97 %")),
            ),
        ),
        Choice(
            name="shop_three",
            title=Text("Sample Shop Three", "样例三厂"),
            facts=(
                Fact(Text("Price", "价格"), Text("702.00 EUR", "702.00 EUR")),
                Fact(
                    Text("Delivery", "交货"), Text("2026-03-14, 2 days late", "2026-03-14，晚 2 天")
                ),
                Fact(Text("On time so far", "以往准时率"), Text("88 % of 17", "17 单中 88 %")),
            ),
        ),
    ),
    facts=(
        Fact(
            Text("For", "用于"),
            Text("Order so-1007 of Sample Pump Works", "样例泵业订单 so-1007"),
            "/trade/orders/so-1007",
        ),
        Fact(Text("Cost of waiting a day", "拖延一天的代价"), Text("240.00 EUR", "240.00 EUR")),
    ),
    event="event-0007",
    loop="loop-0009",
)


def signal(n: int, name: str, unit: str, value: float, **more) -> SignalNow:
    return SignalNow(id=n, name=name, unit=unit, value=value, at=after(1), **more)


SIGNALS = (
    signal(1, "spindle_vibration", "mm/s", 4.87, low=0.0, high=4.5, lead=True),
    signal(2, "spindle_temperature", "°C", 61.25, low=0.0, high=70.0, lead=True),
    signal(3, "spindle_load", "%", 72.1, low=0.0, high=100.0),
    signal(4, "pieces_made", "", 1_284.0),
)
MACHINES = (
    MachineRow(
        key="lathe-1",
        title="Lathe 1",
        asset_type="lathe",
        state=PackMLState.ABORTED,
        since=after(0.12),
        reason=Text("Spindle bearing", "主轴轴承"),
        alarms=2,
        worst=AlarmPriority.CRITICAL,
        order="wo-2207",
        item="shaft-40",
        pieces_done=51,
        pieces_due=120,
        oee=0.61,
        signals=SIGNALS[:2],
        event="event-0001",
    ),
    MachineRow(
        key="lathe-2",
        title="Lathe 2",
        asset_type="lathe",
        state=PackMLState.EXECUTE,
        since=after(-5_400),
        order="wo-2210",
        item="shaft-40",
        pieces_done=12,
        pieces_due=60,
        oee=0.84,
        signals=SIGNALS[1:3],
    ),
    MachineRow(
        key="mill-1",
        title="Milling centre 1",
        asset_type="mill",
        state=PackMLState.IDLE,
        since=after(-900),
        oee=0.72,
        signals=SIGNALS[2:3],
    ),
    MachineRow(
        key="saw-1",
        title="Band saw with a rather long name that a person once typed",
        asset_type="saw",
        state=PackMLState.SUSPENDED,
        since=after(-300),
        reason=Text("No material", "缺料"),
        connected=False,
    ),
    MachineRow(
        key="tank-1",
        title="Oil tank",
        asset_type="tank",
        type_title=Text("Tank or silo", "储罐或料仓"),
        signals=(
            SignalNow(
                id=31, name="level", unit="%", value=42.0, at=T0, title=Text("Level", "液位")
            ),
        ),
        works=False,
    ),
)
MACHINE = MachineView(
    row=MACHINES[0],
    signals=SIGNALS,
    gaps=(
        Gap(
            connection="plant",
            start_ns=to_ns(after(-9_000)),
            end_ns=to_ns(after(-8_940)),
            reason=GapReason.RESTARTED,
            detail="server started again",
        ),
    ),
)
ALARMS = (
    AlarmRow(
        id="alarm-0001",
        machine="lathe-1",
        machine_title="Lathe 1",
        text=Text("Spindle vibration over its limit", "主轴振动超限"),
        priority=AlarmPriority.CRITICAL,
        state=state("unacknowledged", "New", "未确认", Tone.BAD),
        since=T0,
        active=True,
        acknowledged=False,
        first_in_group=True,
        escalated=1,
        rule="spindle-vibration",
        value="4.87 mm/s",
        limit="4.5 mm/s",
        signal=1,
        event="event-0000",
        loop="loop-0009",
        advice=Text("Have the bearing looked at", "请检查轴承"),
        deeds=(
            Deed(name="acknowledge", label=Text("Seen", "已看到"), main=True),
            Deed(
                name="shelve",
                label=Text("Shelve", "搁置"),
                fields=(Field(name="note", label=Text("Why", "原因")),),
            ),
        ),
    ),
    AlarmRow(
        id="alarm-0002",
        machine="lathe-2",
        machine_title="Lathe 2",
        text=Text("Coolant is low", "冷却液不足"),
        priority=AlarmPriority.MEDIUM,
        state=state("acknowledged", "Acknowledged", "已确认", Tone.WARN),
        since=after(-1_800),
        active=True,
        acknowledged=True,
        acknowledged_by="sam",
        rule="coolant-level",
        value="18 %",
        limit="20 %",
    ),
    AlarmRow(
        id="alarm-0003",
        machine="saw-1",
        machine_title="Band saw",
        text=Text("No data for 5 minutes", "5 分钟没有数据"),
        priority=AlarmPriority.LOW,
        state=state("shelved", "Shelved", "已搁置"),
        since=after(-600),
        active=True,
        acknowledged=True,
        shelved_until=after(3_000),
        rule="stale",
    ),
)


def bar(order: str, step: str, machine: str, hours: tuple, **more) -> Assignment:
    start_h, length_h = hours
    start = after(start_h * 3_600)
    return Assignment(
        order=order,
        step=step,
        machine=machine,
        start=start,
        end=start + dt.timedelta(hours=length_h),
        **more,
    )


ORDERS = (
    OrderRow(
        key="wo-2207",
        item="shaft-40",
        item_title="Shaft 40 mm",
        quantity=Decimal(120),
        due=after(172_800),
        state=WorkOrderState.STARTED,
        customer="Sample Pump Works",
        promised=after(172_800),
        planned_end=after(190_800),
        done=Decimal(51),
        late_s=18_000,
        why=Text(
            "Lathe 1 is down; lathe 2 takes over after wo-2210",
            "车床 1 故障；车床 2 在 wo-2210 之后接手",
        ),
        event="event-0003",
    ),
    OrderRow(
        key="wo-2210",
        item="shaft-40",
        item_title="Shaft 40 mm",
        quantity=Decimal(60),
        due=after(259_200),
        state=WorkOrderState.STARTED,
        customer="Sample Fans",
        planned_end=after(64_800),
        done=Decimal(12),
    ),
    OrderRow(
        key="wo-2215",
        item="flange-90",
        item_title="Flange 90 mm",
        quantity=Decimal(30),
        due=after(345_600),
        state=WorkOrderState.PLANNED,
        customer="Sample Pump Works",
        planned_end=after(108_000),
    ),
)
PLAN = PlanView(
    version=PlanVersion(
        number=18,
        made_at=after(0.27),
        cause="event-0002",
        cost_minor=24_000,
        assignments=(
            bar("wo-2207", "10", "saw-1", (-3, 1.5), started=True, done=120, pieces=120),
            bar("wo-2207", "20", "lathe-1", (-1.5, 1.5), started=True, done=51, pieces=120),
            bar(
                "wo-2210", "20", "lathe-2", (-1, 6), setup_s=1_800, started=True, done=12, pieces=60
            ),
            bar("wo-2207", "20b", "lathe-2", (5, 9), setup_s=900, pieces=69),
            bar("wo-2215", "10", "saw-1", (1, 2), pieces=30),
            bar("wo-2215", "20", "mill-1", (3, 7), setup_s=3_600, pieces=30, pinned=True),
            bar("wo-2207", "30", "mill-1", (14, 5), pieces=120),
        ),
        moves=(
            Move(
                order="wo-2207",
                step="20b",
                reason=MoveReason.MACHINE_DOWN,
                text=Text("69 pieces move from lathe 1 to lathe 2", "69 件从车床 1 转到车床 2"),
            ),
        ),
        late={"wo-2207": 18_000},
    ),
    lanes=(
        Lane(key="saw-1", title="Band saw", load=0.31),
        Lane(key="lathe-1", title="Lathe 1", down=((T0, after(86_400)),), load=0.12),
        Lane(
            key="lathe-2",
            title="Lathe 2",
            closed=((after(10 * 3_600), after(12 * 3_600)),),
            load=0.93,
        ),
        Lane(
            key="mill-1",
            title="Milling centre 1",
            closed=((after(10 * 3_600), after(12 * 3_600)),),
            load=0.55,
        ),
    ),
    orders=ORDERS,
    titles={
        "wo-2207/10": "Saw",
        "wo-2207/20": "Turn",
        "wo-2207/20b": "Turn",
        "wo-2207/30": "Mill",
        "wo-2210/20": "Turn",
        "wo-2215/10": "Saw",
        "wo-2215/20": "Mill",
    },
    frozen_until=after(3_600),
    note=Text(
        "Lathe 1 is down: 11 operations moved, 1 order late by 5 h",
        "车床 1 故障：移动 11 道工序，1 个订单晚 5 小时",
    ),
)
VERSIONS = (
    VersionRow(
        number=18,
        made_at=after(0.27),
        text=Text("Lathe 1 is down", "车床 1 故障"),
        event="event-0003",
        moves=11,
        late=1,
        cost=Money(24_000, "EUR"),
    ),
    VersionRow(
        number=17,
        made_at=after(-7_000),
        text=Text("Order wo-2215 inserted", "插入订单 wo-2215"),
        moves=2,
        cost=Money(0, "EUR"),
    ),
)
PROMISE = PromiseView(
    item="shaft-40",
    quantity=Decimal(20),
    date=after(200_000),
    points=(
        PromisePoint(kind=PromiseKind.UNTOUCHED, ready_at=after(400_000)),
        PromisePoint(kind=PromiseKind.HARMLESS, ready_at=after(200_000)),
        PromisePoint(
            kind=PromiseKind.EXPRESS,
            ready_at=after(90_000),
            harm_minor=31_000,
            harmed=(Harm(order="wo-2215", seconds=9_000, cost_minor=31_000),),
        ),
    ),
    facts=(
        Fact(
            Text("Earliest if others may wait", "允许他人延后时最早"),
            Text("2026-03-10, costs others 310.00 EUR", "2026-03-10，他人代价 310.00 EUR"),
        ),
    ),
)

AWARD = Deed(
    name="award",
    label=Text("Award", "授标"),
    main=True,
    confirm=Text("The order is signed by both firms.", "订单将由双方签名。"),
    fields=(
        Field(name="quantity", label=Text("Quantity", "数量"), kind=FieldKind.NUMBER, value="40"),
    ),
)
REFUSE = Deed(
    name="refuse",
    label=Text("Decline", "谢绝"),
    danger=True,
    fields=(
        Field(
            name="reason",
            label=Text("Reason", "原因"),
            kind=FieldKind.CHOICE,
            options=(Option("price", Text("Price", "价格")), Option("date", Text("Date", "交期"))),
        ),
    ),
)
RFQ = RfqRow(
    id="rfq-31",
    direction="out",
    item="shaft-40",
    quantity=Decimal(40),
    unit="C62",
    due=after(172_800),
    state=state("quoted", "Quoted", "已报价", Tone.BUSY),
    asked_at=after(0.46),
    firms=("Sample Shop Two", "Sample Shop Three"),
    quotes=2,
    loop="loop-0009",
    event="event-0006",
)
RFQ_IN = RfqRow(
    id="rfq-in-12",
    direction="in",
    item="flange-90",
    quantity=Decimal(200),
    unit="C62",
    due=after(864_000),
    state=state("asked", "Asked", "待报价", Tone.WARN),
    asked_at=after(-4_000),
    firms=("Sample Pump Works",),
)
QUOTES = (
    QuoteRow(
        id="q-77",
        firm="Sample Shop Two",
        did=DID_SHOP,
        price=Money(73_600, "EUR"),
        quantity=Decimal(40),
        date=after(172_000),
        state=state("valid", "Valid", "有效", Tone.GOOD),
        valid_until=after(7_200),
        rank=1,
        why=Text("On time; 34.00 EUR dearer than the second", "准时；比第二名贵 34.00 EUR"),
        lines=(
            QuotedLine(
                line="1",
                item="shaft-40",
                quantity=Decimal(40),
                unit="C62",
                price="18.40 EUR",
                date=after(172_000),
            ),
            QuotedLine(line="2", item="flange-90", quantity=Decimal(0), unit="C62"),
        ),
        deeds=(AWARD, REFUSE),
        event="event-0007",
    ),
    QuoteRow(
        id="q-78",
        firm="Sample Shop Three",
        did=DID_SHOP,
        price=Money(70_200, "EUR"),
        quantity=Decimal(40),
        date=after(440_000),
        state=state("valid", "Valid", "有效", Tone.GOOD),
        valid_until=after(7_200),
        rank=2,
        why=Text("2 days late: 480.00 EUR of lateness", "晚 2 天：延迟代价 480.00 EUR"),
        deeds=(AWARD,),
    ),
)
TRADE_ORDER = TradeRow(
    id="so-1007",
    direction="sell",
    firm="Sample Pump Works",
    did=DID_PUMP,
    item="shaft-40",
    quantity=Decimal(120),
    unit="C62",
    price=Money(211_200, "EUR"),
    more=1,
    due=after(172_800),
    promised=after(190_800),
    state=state("changed", "Changed", "已变更", Tone.WARN),
    cosigned=True,
    loop="loop-0009",
    event="event-0005",
)
TRADE_BUY = TradeRow(
    id="po-2001",
    direction="buy",
    firm="Sample Steel Stock",
    did=DID_STEEL,
    item="bar-45",
    quantity=Decimal("2.5"),
    unit="TNE",
    price=Money(295_000, "EUR"),
    due=after(500_000),
    promised=after(480_000),
    state=state("accepted", "Agreed", "已签约", Tone.GOOD),
    cosigned=True,
)
TRADE_RULES = RulesView(
    alone=(Fact(Text("Order up to", "自动下单上限"), Text("20000.00 EUR", "20000.00 EUR")),),
    buying=(Fact(Text("Firms a line at most", "每行最多供应商数"), Text("3", "3")),),
    firms=(
        FirmRules(
            did=DID_SHOP,
            firm="Sample Turning Shop",
            taking_on=Money(20_000, "EUR"),
            open=Money(142_000, "EUR"),
            spend_max=Money(500_000, "EUR"),
            risk_percent=2,
            small=True,
        ),
    ),
    deeds=(
        Deed(
            name="buying",
            label=Text("Change the buying rules", "更改采购规则"),
            fields=(Field(name="firms", label=Text("Firms a line", "每行供应商数")),),
        ),
    ),
)
ENTRIES = tuple(
    EntryRow(
        seq=n,
        at=after(n),
        kind=kind,
        text=Text(en, zh),
        hash=HEX,
        ours=True,
        theirs=n != 3,
        firm="Sample Pump Works",
        trade="so-1007",
        event="event-0005" if n == 2 else "",
    )
    for n, (kind, en, zh) in enumerate(
        [
            ("quote", "Quote for 120 shafts", "120 根轴的报价"),
            ("order", "Order for 120 shafts", "120 根轴的订单"),
            ("change", "40 shafts later", "40 根轴延期"),
            ("despatch", "80 shafts on their way", "80 根轴已发运"),
        ]
    )
)
LEDGERS = (
    ChainRow(
        id="pump",
        firm="Sample Pump Works",
        did=DID_PUMP,
        entries=4,
        head=HEX,
        state=state("ok", "Checks", "校验通过", Tone.GOOD),
        verified_at=after(2),
        last_at=after(3),
    ),
    ChainRow(
        id="steel",
        firm="Sample Steel Stock",
        did=DID_STEEL,
        entries=2,
        head=HEX,
        state=state("broken", "Broken", "已损坏", Tone.BAD),
        verified_at=after(2),
        last_at=after(-3),
        finding=Text(
            "Entry 1 has another hash than entry 2 says", "条目 1 的哈希与条目 2 所记不符"
        ),
    ),
)
PEERS = (
    PeerRow(
        did=DID_PUMP,
        name="Sample Pump Works",
        address="https://pump.sample:8443",
        state=state("up", "Reachable", "可达", Tone.GOOD),
        code="417 902 355",
        pinned=True,
        last_at=after(-2),
        round_trip_ms=12.4,
        facts=(Fact(Text("On time", "准时率"), Text("97 % of 31", "31 单中 97 %")),),
    ),
    PeerRow(
        did=DID_SHOP,
        name="Sample Shop Two",
        address="https://two.sample:8443",
        state=state("unpinned", "Compare codes", "待核对", Tone.WARN),
        code="088 213 640",
        introduced_by="Sample Pump Works",
    ),
    PeerRow(
        did=DID_STEEL,
        name="Sample Steel Stock",
        address="https://steel.sample:8443",
        state=state("down", "Not reachable", "不可达", Tone.BAD),
        code="555 019 727",
        pinned=True,
        last_at=after(-7_200),
        waiting=3,
    ),
)
PEER = PeerView(
    row=PEERS[1],
    facts=(
        Fact(Text("Makes", "能力"), Text("Turning up to 200 mm", "车削，直径至 200 mm")),
        Fact(Text("Region", "地区"), Text("Sample region", "样例地区")),
    ),
    limits=(
        Field(
            name="order_value",
            label=Text("Order value without asking", "免审订单金额"),
            value="500.00",
        ),
    ),
    deeds=(
        Deed(
            name="pin",
            label=Text("The codes are equal", "核对一致"),
            main=True,
            fields=(
                Field(
                    name="code",
                    label=Text("Code that the other person reads out", "对方念出的代码"),
                ),
            ),
        ),
        Deed(
            name="remove",
            label=Text("Remove", "移除"),
            danger=True,
            confirm=Text("Its messages are refused from now on.", "今后将拒收其报文。"),
        ),
    ),
    events=EVENTS[5:7],
)
INTRODUCED = IntroducedRow(
    did="did:key:z6MkSampleGrinder",
    name="Sample grinder",
    address="https://grinder.sample:8443",
    by="Sample pump works",
    can_do=Text("Grinding", "磨削"),
)
MIRRORED = structs.replace(
    INTRODUCED,
    did="did:key:z6MkSampleForge",
    name="Sample forge",
    by="",
    mirror="https://m.sample/x",
)
DOUBTFUL = DoubtRow(
    did="did:key:z6MkSampleTwice", name="Sample caster", seq=4, mirror="https://m.sample/x", at=T0
)
OFFER = Deed(
    name="offer",
    label=Text("Add a process", "添加工艺"),
    fields=(
        Field(name="code", label=Text("Process", "工艺"), kind=FieldKind.CHOICE),
        Field(name="size_mm", label=Text("Largest part in mm", "最大尺寸(毫米)"), required=False),
    ),
    main=True,
)
OWN = OwnCard(name=FIRM.name, did=FIRM.did, address="https://one.sample:8443", code="731 448 206")
UP = state("up", "Reachable", "可达", Tone.GOOD)

CLEARINGS = ClearingsView(
    rows=(
        ClearingRow(
            id="clearing-sample-1",
            convener="Sample Pump Works",
            ours=True,
            state=state("cleared", "cleared", "已撮合", Tone.GOOD),
            opened_at=T0,
            closing=after(3_600),
            until=after(86_400),
            currency="EUR",
            members=("Sample Pump Works", "Sample grinder", "Sample forge"),
            stated=2,
            quiet=("Sample forge",),
            needs=2,
            offers=8,
            pairs=(
                PairRow(
                    buys=True,
                    firm="Sample grinder",
                    item="Shaft 40 mm",
                    quantity=Decimal(120),
                    price=Decimal("12.4"),
                    ready=after(40_000),
                ),
            ),
            left=(Text("demand-2: dearer than it is worth", "demand-2:高于我方可接受价"),),
        ),
    ),
    trial=TogetherView(
        rows=(
            TrialRow(
                request="rfq-sample-1",
                item="Shaft 40 mm",
                quantity=Decimal(200),
                chosen=("200 × Sample grinder",),
                together=("120 × Sample grinder", "80 × Sample forge"),
                same=False,
            ),
        ),
        chosen=Money(248_000, "EUR"),
        together=Money(241_000, "EUR"),
        chosen_unmet=Decimal(0),
        together_unmet=Decimal(0),
    ),
)

FORECAST = ForecastRow(
    firm="Sample Pump Works",
    item="SHAFT-40",
    sources=4,
    said_at=T0,
    weeks=((T0, Decimal(40)), (T0 + dt.timedelta(days=7), Decimal("12.5"))),
    total=Decimal("52.5"),
)
RIPPLE_DEEDS = (
    Deed(
        name="machine",
        label=Text("A machine stops", "设备停机"),
        fields=(Field(name="hours", label=Text("Stands for hours", "停机小时数")),),
    ),
)
RIPPLE = RippleView(
    row=RippleRow(
        id="ripple-01",
        title=Text("A machine is down: short", "设备停机:短缺"),
        state=State("waiting", Text("waiting for answers", "等待答复"), Tone.BUSY),
        began_at=T0,
        orders=3,
        firms=3,
        first_short=T0,
        money="46,800.00 EUR",
        covered="12,000.00 EUR",
    ),
    hits=(RippleHit(order="CO-1001", firm="Sample Waterworks", quantity=Decimal(40), agreed=T0),),
    answers=(
        RippleAnswerRow(
            did=DID_SHOP,
            firm="Sample Turning Shop",
            state=State("answered", Text("answered", "已答复"), Tone.GOOD),
            orders=2,
            firms=2,
            first_short=T0,
            money="800.00 EUR",
            needs=Text("40 of O-1 by 10:00", "10:00 前需订单 O-1 的 40 件"),
        ),
        RippleAnswerRow(
            did=DID_STEEL,
            firm="Sample Steel",
            state=State("waiting", Text("waiting", "等待"), Tone.BUSY),
        ),
    ),
    left_out=1,
    events=EVENTS[:1],
)
NETWORK = NetworkView(
    nodes=(
        MapNode(did=FIRM.did, name=FIRM.name, state=UP, tier=0),
        MapNode(
            did=DID_PUMP, name="Sample Pump Works", state=UP, tier=-1, href=f"/peers/{DID_PUMP}"
        ),
        MapNode(
            did=DID_SHOP,
            name="Sample Shop Two",
            state=PEERS[1].state,
            tier=0,
            href=f"/peers/{DID_SHOP}",
        ),
        MapNode(
            did=DID_STEEL,
            name="Sample Steel Stock",
            state=PEERS[2].state,
            tier=1,
            href=f"/peers/{DID_STEEL}",
        ),
    ),
    links=(
        MapLink(a=FIRM.did, b=DID_PUMP, state=UP, weight=0.9, text=Text("1 order", "1 个订单")),
        MapLink(a=FIRM.did, b=DID_STEEL, state=PEERS[2].state, weight=0.4),
        MapLink(
            a=FIRM.did, b=DID_SHOP, state=RUNNING, weight=0.6, text=Text("1 request", "1 个询价")
        ),
        MapLink(a=DID_PUMP, b=DID_SHOP, state=UP, weight=0.2),
    ),
    rows=(
        NetworkRow(
            did=DID_SHOP,
            name="Sample Shop Two",
            state=PEERS[1].state,
            role=Text("supplies us", "我方供应商"),
            last_at=T0,
            waiting=2,
            on_time=0.97,
            good=0.85,
            answered=0.5,
            open_deals=3,
            open_requests=1,
            worth=Decimal("1240.50"),
            currency="EUR",
            hit=Text("2 orders, 800 EUR", "2 个订单,800 EUR"),
            hit_tone=Tone.BAD,
        ),
        NetworkRow(did=DID_STEEL, name="Sample Steel", state=UP, role=Text("-", "-")),
    ),
    ripples=(RIPPLE.row,),
    chosen=RIPPLE.row,
)
CONNECTIONS = (
    ConnectionRow(
        name="plant",
        kind="opcua",
        address="opc.tcp://127.0.0.1:4840",
        state=state("connected", "Connected", "已连接", Tone.GOOD),
        since=after(-86_400),
        rate_per_s=412.5,
        lag_ms=18.0,
        round_trip_ms=3.1,
        gaps=1,
        samples=35_640_000,
        signals=46,
        certificate_days=311,
    ),
    ConnectionRow(
        name="saw",
        kind="modbus",
        address="10.0.0.17:502",
        state=state("down", "Not reachable", "无法连接", Tone.BAD),
        since=after(-300),
        error=Text("Nothing answers at 10.0.0.17:502", "10.0.0.17:502 没有应答"),
        remedy=Text(
            "Check the cable and whether the device is switched on", "请检查网线和设备电源"
        ),
        error_at=after(-4),
        gaps=4,
        signals=6,
    ),
)
CONNECTION = ConnectionView(
    row=CONNECTIONS[0],
    gaps=MACHINE.gaps,
    facts=(
        Fact(
            Text("Security", "安全"),
            Text("Basic256Sha256, sign and encrypt", "Basic256Sha256，签名并加密"),
        ),
    ),
    signals=(
        MappedSignal(
            path="ns=2;s=Lathe1.Spindle.Vibration",
            asset="lathe-1",
            name="spindle_vibration",
            unit="mm/s",
            value="4.87",
        ),
    ),
    deeds=(
        Deed(name="pause", label=Text("Pause", "暂停")),
        Deed(
            name="remove",
            label=Text("Remove", "移除"),
            danger=True,
            confirm=Text("Its history stays.", "历史数据会保留。"),
        ),
    ),
)
KINDS = (
    ConnectorKind(
        name="opcua",
        title=Text("OPC UA", "OPC UA"),
        about=Text("Machines and controllers of most makes", "大多数品牌的设备和控制器"),
        browses=True,
        fields=(
            Field(name="name", label=Text("Name", "名称"), value="plant"),
            Field(name="url", label=Text("Address", "地址"), value="opc.tcp://"),
            Field(
                name="password",
                label=Text("Password", "密码"),
                kind=FieldKind.SECRET,
                required=False,
            ),
        ),
    ),
    ConnectorKind(
        name="modbus",
        title=Text("Modbus TCP", "Modbus TCP"),
        about=Text("Older controllers, meters, drives", "较老的控制器、仪表、变频器"),
        fields=(
            Field(name="name", label=Text("Name", "名称")),
            Field(name="host", label=Text("Address", "地址")),
        ),
    ),
)
DOOR_SHEET = DoorSheet(
    connection="plant", url="https://node.example/count/plant/good-token", machines=("saw-2",)
)
ANSWERING = (Answering(host="192.168.1.20", port=4840, url="opc.tcp://192.168.1.20:4840"),)
ENTRY_SHEET = EntrySheet(
    connection="plant",
    machines=("saw-2",),
    asked=(
        Asked(name="parts_good", machine="saw-2", title="parts good", kind="counter", value="118"),
        Asked(
            name="state",
            machine="saw-2",
            title="state",
            kind="state",
            value="idle",
            options=(
                Option("execute", Text("running", "运行")),
                Option("idle", Text("waiting", "待机")),
            ),
        ),
        Asked(name="oil_c", machine="saw-2", title="oil c", kind="analog", unit="°C"),
    ),
    entry="entry-1",
)
FOUND = (
    Found(path="ns=2;s=Lathe1", title="Lathe1", variable=False),
    Found(
        path="ns=2;s=Lathe1.Spindle.Vibration",
        title="Vibration",
        depth=1,
        value="4.87",
        unit="mm/s",
        kind="Double",
        asset="lathe-1",
        name="spindle_vibration",
        chosen=True,
    ),
    Found(
        path="ns=2;s=Lathe1.Door",
        title="Door",
        depth=1,
        value="false",
        kind="Boolean",
        asset="lathe-1",
        name="door",
    ),
)
REPORT = ImportReport(
    id="import-0003",
    file="orders.csv",
    kind="orders",
    good=41,
    bad_count=2,
    new=38,
    changed=1,
    same=2,
    bad=(
        BadRow(
            row=7,
            column="due",
            value="31.02.2026",
            what=Text("There is no such day", "没有这一天"),
            remedy=Text("Write 2026-03-01", "请写 2026-03-01"),
        ),
        BadRow(
            row=19,
            column="item",
            value="shaft-4O",
            what=Text("There is no such item", "没有这个物料"),
            remedy=Text("Did you mean shaft-40?", "是不是 shaft-40？"),
        ),
    ),
    columns=("order", "item", "quantity", "due"),
    rows=(("wo-2301", "shaft-40", "20", "2026-04-01"), ("wo-2302", "flange-90", "8", "2026-04-02")),
)
SAMPLE_FILES = (
    SampleFile(name="items.csv", about=Text("Items", "物料")),
    SampleFile(name="orders.xlsx", about=Text("Orders", "订单")),
)
READY = Readiness(
    checks=(
        Check(
            name="record",
            title=Text("Database writes", "数据库可写"),
            ok=True,
            text=Text("0.4 ms", "0.4 毫秒"),
        ),
        Check(
            name="disk", title=Text("Disk", "磁盘"), ok=True, text=Text("41 % free", "剩余 41 %")
        ),
        Check(
            name="broker",
            title=Text("Broker", "消息代理"),
            ok=False,
            text=Text("NATS does not answer", "NATS 没有应答"),
            remedy=Text(
                "It is started again by the supervisor; look at logs/nats.log",
                "监督进程会重新启动它；请查看 logs/nats.log",
            ),
        ),
    )
)
CHAIN = ChainView(
    title=Text(
        "A pump works, three shops, a steel stockholder", "一家泵厂、三家机加工厂、一家钢材库"
    ),
    nodes=tuple(
        NodeCard(
            name=name,
            did=f"{DID_PUMP}{n}",
            url=f"http://127.0.0.1:{8101 + n}",
            role=role,
            state=UP,
            facts=(Fact(Text("Late orders", "延迟订单"), Text(str(n % 2), str(n % 2))),),
            last=EVENTS[n].text,
            last_at=EVENTS[n].at,
        )
        for n, (name, role) in enumerate(
            [
                ("Sample Pump Works", Text("buys shafts, assembles", "采购轴，装配")),
                ("Sample Shop One", Text("turns, mills", "车、铣")),
                ("Sample Shop Two", Text("turns", "车")),
                ("Sample Shop Three", Text("turns, grinds", "车、磨")),
                ("Sample Steel Stock", Text("steel bars", "棒料")),
            ]
        )
    ),
    links=(
        ("Sample Pump Works", "Sample Shop One"),
        ("Sample Pump Works", "Sample Shop Two"),
        ("Sample Shop One", "Sample Steel Stock"),
    ),
    steps=tuple(
        ChainStep(
            node="Sample Shop One",
            event=e.id,
            at=e.at,
            text=e.text,
            kind=e.kind,
            cause=e.cause,
            href=f"http://127.0.0.1:8102/events/{e.id}",
        )
        for e in EVENTS
    ),
)
RFQ_VIEW = RfqView(
    row=RFQ,
    quotes=QUOTES,
    choice=(Text("Line 1: 40 from Turning; 20 more elsewhere.", "第 1 行:车削厂 40 件。"),),
    events=EVENTS[6:],
    facts=(Fact(Text("For", "用于"), Text("so-1007", "so-1007"), "/trade/orders/so-1007"),),
    lines=(
        AskedLine(line="1", item="shaft-40", quantity=Decimal(40), unit="C62", due=after(172_800)),
        AskedLine(
            line="2",
            item="flange-90",
            quantity=Decimal(200),
            unit="C62",
            due=after(200_000),
            facts=(Fact(Text("Material", "材料"), Text("1.4301", "1.4301")),),
        ),
    ),
    deeds=(
        Deed(
            name="cancel",
            label=Text("Cancel the request", "取消询价"),
            danger=True,
            confirm=Text("All firms are told.", "将通知所有企业。"),
        ),
    ),
)
TRADE_VIEW = TradeView(
    row=TRADE_ORDER,
    lines=tuple(
        OrderedLine(
            line=str(n),
            item=item,
            quantity=Decimal(count),
            unit="C62",
            price="17.60 EUR",
            state=state("partly", "partly on its way", "部分发出", Tone.BUSY),
            due=after(172_800 * n),
            despatched=Decimal(80),
            received=Decimal(40),
            work=f"wo-220{n}",
            planned=after(160_000 * n),
        )
        for n, item, count in ((1, "shaft-40", 120), (2, "flange-90", 400))
    ),
    entries=ENTRIES,
    events=EVENTS[4:6],
    facts=(Fact(Text("Work order", "工单"), Text("wo-2207", "wo-2207"), "/orders/wo-2207"),),
    deeds=(
        Deed(
            name="despatch",
            label=Text("Despatch", "发运"),
            main=True,
            fields=(
                Field(
                    name="quantity",
                    label=Text("Quantity", "数量"),
                    kind=FieldKind.NUMBER,
                    value="80",
                ),
            ),
        ),
    ),
)


def series(signals, start_s: float, n: int = 600, step_s: float = 0.2) -> Series:
    t = start_s + np.arange(n) * step_s
    values = tuple((4.0 + s + np.sin(t / (5 + s)) + 0.05 * s).astype(np.float32) for s in signals)
    for column in values:
        column[n // 2 : n // 2 + 20] = np.nan
    return Series(signals=tuple(signals), t_s=t, values=values)


WHY = (
    WhyLink(
        order="WO-1", step="20", machine="M1", kind="machine", subject="M1", until=T0,
        text=Text("waited for M1", "等待 M1"),
    ),
)  # fmt: skip
COMPARED = Compared(
    cost_before_minor=1_000,
    cost_after_minor=4_250,
    late_before=0,
    late_after=1,
    dates=(OtherDate(order="WO-1", before=T0, after=T0 + dt.timedelta(hours=3)),),
)
COMPARED = structs.replace(
    COMPARED, harmed=(Harm(order="wo-2215", seconds=9_000, cost_minor=3_250),)
)
HOLDS = (
    Hold(
        key="hold-1", item="shaft-40", quantity=20, ready_at=after(200_000),
        expires_at=after(86_400), version=18,
    ),
)  # fmt: skip
OFFERS = (Overtime(calendar="day", start=after(90_000), end=after(104_400), cost_minor=24_000),)
LOADS = (
    MachineLoad(machine="lathe-1", busy_s=90_000, open_s=100_000, share=0.9),
    MachineLoad(machine="lathe-2", busy_s=30_000, open_s=100_000, share=0.3),
)
RELIEF = (Relief(text=Text("one more shift", "增加一班"), saves_minor=500, late_after=0),)
