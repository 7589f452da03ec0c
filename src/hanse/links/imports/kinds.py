"""The kinds of sheet that can be imported: their columns, their headings, and what they become."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from hanse.links.imports import cells, shapes
from hanse.links.imports.columns import Column
from hanse.model.order import Progress, WorkOrder
from hanse.model.plan import Outage, Pin
from hanse.model.plant import Calendar, Machine, Person
from hanse.model.product import BomLine, Item, Routing, SetupChange, Stock, Tool, Transport
from hanse.model.text import Text

DAY_S = 86_400
HOUR_S = 3_600


class Kind(Struct, frozen=True, kw_only=True):
    """One kind of sheet.

    Rows that agree in ``group_by`` make one Struct together (the steps of a routing); ``shape``
    turns them into its fields. ``unique`` names the columns that may not come twice together.
    """

    name: str
    title: Text
    columns: tuple[Column, ...]
    struct: type[Struct]
    shape: Callable[[shapes.Group], dict[str, Any]] = shapes.alone
    group_by: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[Column, ...]:
        """The columns without which nothing can be read."""
        return tuple(c for c in self.columns if c.required)


def _col(name: str, title: tuple[str, str], *also: str, **more: Any) -> Column:
    return Column(name=name, title=Text(*title), also=also, **more)


_need = functools.partial(_col, required=True)
_code = functools.partial(_need, read=cells.key)
_words = functools.partial(_col, read=cells.key)
_time = functools.partial(_col, read=cells.whole_seconds)

# fmt: off
_ITEM = _code("item", ("Item", "物料编码"), "item number", "item no", "part number", "article",
              "material number", "物料号", "料号", "物料")

ITEMS = Kind(
    name="items", title=Text("Items", "物料"), struct=Item, unique=("key",),
    also=("materials", "articles", "parts", "物料主数据", "产品"),
    columns=(
        _code("key", ("Item", "物料编码"), *_ITEM.also, "code", "编码"),
        _need("title", ("Name", "名称"), "description", "bezeichnung", "物料名称", "品名"),
        _col("unit", ("Unit code", "单位代码"), "uom", "unit", "单位"),
        _col("make", ("Made here", "自制"), "make", read=cells.yes),
        _time("lead_time_s", ("Lead time (d)", "采购周期(天)"), "lieferzeit", "提前期",
              unit_s=DAY_S),
        _col("price_minor", ("Price", "单价"), "unit price", "preis", "价格", read=cells.minor),
        _col("capability", ("Capability", "工艺能力"), "process"),
        _col("material", ("Material", "材质"), "werkstoff", "材料"),
        _col("gtin", ("GTIN", "商品条码"), "ean"),
        _col("drawing", ("Drawing", "图号"), "drawing number", "zeichnung"),
        _col("lot_max", ("Largest lot", "最大批量"), "lot size", read=cells.whole),
        _col("carbon_kg", ("Carbon, kg CO2e a piece", "单件碳排放(千克)"), "carbon", "co2", "co2e",
             "carbon footprint", "碳排放", "碳足迹", read=cells.quantity),
    ),
)

BOM = Kind(
    name="bom", title=Text("Bills of material", "物料清单"), struct=BomLine,
    unique=("item", "component", "step"), also=("bill of material", "stückliste", "bom清单"),
    columns=(
        _code("item", ("Parent item", "父件"), "item", "parent", "父项", "父件编码"),
        _code("component", ("Component", "子件"), "child", "子项", "子件编码"),
        _need("quantity", ("Quantity per", "用量"), "quantity", "qty", "menge", "数量",
              read=cells.quantity),
        _words("step", ("Step", "工序号"), "operation", "工序"),
    ),
)

ROUTINGS = Kind(
    name="routings", title=Text("Routings", "工艺路线"), struct=Routing, shape=shapes.routing,
    group_by=("item",), unique=("item", "step", "machine"),
    also=("routing", "operations", "arbeitsplan", "工序表"),
    columns=(
        _ITEM,
        _code("step", ("Step", "工序号"), "operation", "op", "operation number", "工序"),
        _col("title", ("Operation name", "工序名称"), "title", "name", "description"),
        _code("machine", ("Machine", "设备编码"), "resource", "maschine", "设备"),
        _need("run_s", ("Run time a piece (s)", "单件工时(秒)"), "run time", "cycle time", "run",
              "stückzeit", "节拍", read=cells.seconds, unit_s=1),
        _time("setup_s", ("Setup (min)", "准备时间(分)"), "setup time", "rüstzeit", "换型时间",
              unit_s=60),
        _col("family", ("Setup family", "换型族"), "family"),
        _col("skill", ("Skill", "技能")),
        _time("queue_s", ("Queue (h)", "排队时间(小时)"), unit_s=HOUR_S),
        _time("transport_s", ("Transport (min)", "运输时间(分)"), unit_s=60),
        _col("may_pause", ("May pause", "可中断"), read=cells.yes),
        _col("attended", ("Attended share", "看护比例"), read=cells.fraction),
        _col("setter", ("Setter's skill", "调机技能")),
        _words("tool", ("Tool", "工装")),
        _col("transfer", ("Transfer batch", "转移批量"), read=cells.whole),
        _col("rework", ("Rework", "可返工"), "rework possible", "nacharbeit", read=cells.yes),
        _col("subcontract", ("Bought out", "外协"), "subcontract", "extern", read=cells.yes),
        _time("lead_s", ("Back after (d)", "外协周期(天)"), unit_s=DAY_S),
        _col("cost_minor", ("Cost a piece", "单件费用"), read=cells.minor),
    ),
)

MACHINES = Kind(
    name="machines", title=Text("Machines", "设备"), struct=Machine, shape=shapes.machine,
    unique=("key",), also=("resources", "equipment", "work centres", "maschinen", "设备台账"),
    columns=(
        _code("key", ("Machine", "设备编码"), "machine number", "resource", "maschine", "设备号"),
        _need("title", ("Name", "名称"), "description", "设备名称"),
        _code("asset_type", ("Type", "设备类型"), "asset type", "typ"),
        _code("work_centre", ("Work centre", "工作中心"), "work center", "group", "班组"),
        _words("site", ("Site", "厂区")),
        _words("calendar", ("Calendar", "日历"), "shift calendar", "班次日历"),
        _col("rate", ("Rate", "效率系数"), "efficiency", read=cells.fraction),
        _col("capacity", ("Capacity", "并行数"), read=cells.whole),
        _col("cost_per_hour_minor", ("Cost per hour", "小时费率"), "hourly rate", "stundensatz",
             read=cells.minor),
        _col("batch_max", ("Pieces at once", "每炉件数"), read=cells.whole),
        _time("batch_wait_s", ("Waits for more (min)", "等炉时间(分)"), unit_s=60),
        _col("attribute", ("attribute", "属性"), many=True, read=cells.fraction),
    ),
)

CALENDARS = Kind(
    name="calendars", title=Text("Calendars", "日历"), struct=Calendar, shape=shapes.calendar,
    group_by=("key",), also=("shifts", "calendar", "班次", "schichten"),
    columns=(
        _code("key", ("Calendar", "日历"), "shift model", "班制"),
        _col("days", ("Days", "星期"), "weekdays", "tage", read=cells.days),
        _col("start", ("From", "开始"), "start", "von", read=cells.minutes_of_day),
        _col("end", ("Until", "结束"), "end", "to", "bis", read=cells.minutes_of_day),
        _col("timezone", ("Time zone", "时区"), "timezone"),
        _col("overtime_minor_per_h", ("Overtime cost an hour", "加班每小时成本"), read=cells.minor),
        _col("closed", ("Closed on", "停工日"), "holiday", "feiertag", "节假日",
             read=cells.day_off),
        _col("title", ("Note", "备注"), "reason", "说明"),
    ),
)

PEOPLE = Kind(
    name="people", title=Text("People", "人员"), struct=Person, unique=("key",),
    also=("employees", "staff", "personal", "员工"),
    columns=(
        _code("key", ("Person", "工号"), "employee", "employee number", "id", "人员编号"),
        _need("title", ("Name", "姓名"), "名称"),
        _words("calendar", ("Calendar", "日历"), "班次日历"),
        _col("skills", ("Skills", "技能"), "qualifications", read=cells.words_list),
    ),
)

TOOLS = Kind(
    name="tools", title=Text("Tools and fixtures", "工装"), struct=Tool, unique=("key",),
    also=("tools", "fixtures", "werkzeuge", "夹具"),
    columns=(
        _code("key", ("Tool", "工装"), "fixture", "工装编号"),
        _need("title", ("Name", "名称"), "description"),
        _col("copies", ("Copies", "数量"), "quantity", read=cells.whole),
    ),
)

SETUPS = Kind(
    name="setups", title=Text("Setup changes", "换型矩阵"), struct=SetupChange,
    unique=("machine", "before", "after"), also=("setup matrix", "changeovers", "rüstmatrix"),
    columns=(
        _code("machine", ("Machine", "设备编码"), "resource", "work centre", "设备"),
        _need("before", ("From family", "前换型族"), "before"),
        _need("after", ("To family", "后换型族"), "after"),
        _need("seconds", ("Change (min)", "换型时间(分)"), "setup", "changeover", "duration",
              read=cells.whole_seconds, unit_s=60),
    ),
)

STOCK = Kind(
    name="stock", title=Text("Stock", "库存"), struct=Stock, shape=shapes.stock,
    also=("inventory", "on hand", "bestand", "库存表"),
    columns=(
        _ITEM,
        _need("quantity", ("On hand", "库存数量"), "quantity", "qty", "stock", "数量",
              read=cells.quantity),
        _col("at", ("Available from", "到货时间"), "available", "receipt", read=cells.instant),
        _col("source", ("Source", "来源"), "supplier", "供应商"),
    ),
)

ORDERS = Kind(
    name="orders", title=Text("Work orders", "工单"), struct=WorkOrder, unique=("key",),
    also=("orders", "production orders", "jobs", "aufträge", "生产订单"),
    columns=(
        _code("key", ("Order", "工单号"), "work order", "order number", "job", "auftrag", "订单号"),
        _ITEM,
        _need("quantity", ("Quantity", "数量"), "qty", "menge", "订单数量",
              read=cells.quantity),
        _need("due", ("Due", "交期"), "due date", "delivery date", "termin", "交货日期",
              read=functools.partial(cells.instant, end_of_day=True)),
        _col("release", ("Release", "可开工时间"), "start", "earliest start", read=cells.instant),
        _col("weight_minor_per_h", ("Cost of an hour late", "迟交每小时成本"), "weight", "priority",
             read=cells.minor),
        _col("demand", ("For", "需求来源"), "customer order", "demand", "客户订单"),
        _col("done", ("Done", "已完成"), read=cells.number),
        _col("promised", ("Promised", "承诺日期"),
             read=functools.partial(cells.instant, end_of_day=True)),
    ),
)

TRANSPORTS = Kind(
    name="transports", title=Text("Transport between sites", "厂区间运输"), struct=Transport,
    unique=("before", "after"), also=("transport", "travel times", "transporte", "运输时间"),
    columns=(
        _code("before", ("From site", "起始厂区"), "from", "起点"),
        _code("after", ("To site", "到达厂区"), "to", "终点"),
        _need("seconds", ("Travel (min)", "运输时间(分)"), "travel time", "duration", "fahrzeit",
              "时间", read=cells.whole_seconds, unit_s=60),
    ),
)

_FROM = _need("start", ("From", "开始"), "start", "von", "开始时间", read=cells.instant)
_UNTIL = _col("end", ("Until", "结束"), "end", "to", "bis", "结束时间",
              read=functools.partial(cells.instant, end_of_day=True))
_REASON = _col("reason", ("Reason", "原因"), "note", "grund", "备注")

OUTAGES = Kind(
    name="outages", title=Text("Maintenance and outages", "停机与维护"), struct=Outage,
    shape=shapes.outage, unique=("resource", "start"),
    also=("maintenance", "downtime", "wartung", "停机", "维护计划"),
    columns=(
        _code("resource", ("Out of use", "停用对象"), "machine", "tool", "maschine", "设备",
              "设备编码"),
        _FROM, _UNTIL,
        _col("kind", ("Is a", "对象类型"), "type", "类型", read=cells.outage_kind),
        _col("planned", ("Planned", "计划内"), "geplant", read=cells.yes),
        _REASON,
    ),
)

ABSENCES = Kind(
    name="absences", title=Text("Absences", "请假"), struct=Outage, shape=shapes.absence,
    unique=("resource", "start"), also=("holidays", "time off", "abwesenheit", "urlaub", "休假"),
    columns=(
        _code("resource", ("Person", "工号"), "employee", "employee number", "人员"),
        _FROM, _UNTIL,
        _col("planned", ("Planned", "计划内"), "geplant", read=cells.yes),
        _REASON,
    ),
)

_WORK = (
    _code("order", ("Order", "工单号"), "work order", "order number", "job", "auftrag", "订单号"),
    _code("step", ("Step", "工序号"), "operation", "op", "operation number", "工序"),
    _col("lot", ("Lot", "批次"), "los", read=cells.whole),
)

PINS = Kind(
    name="pins", title=Text("Put by hand", "人工指定"), struct=Pin, unique=("order", "step", "lot"),
    also=("pinned", "fixed operations", "固定工序"),
    columns=(
        *_WORK,
        _code("machine", ("Machine", "设备编码"), "resource", "maschine", "设备"),
        _col("start", ("Not before", "最早开始"), "earliest", "from", "von", read=cells.instant),
    ),
)

PROGRESS = Kind(
    name="progress", title=Text("Work in progress", "在制进度"), struct=Progress,
    shape=shapes.progress, unique=("order", "step", "lot"),
    also=("wip", "work in process", "fortschritt", "在制品", "进度"),
    columns=(
        *_WORK,
        _words("machine", ("Machine", "设备编码"), "resource", "maschine", "设备"),
        _col("started_at", ("Started", "开工时间"), "begun", "begonnen", read=cells.instant),
        _col("finished_at", ("Finished", "完工时间"), "ended", "beendet", read=cells.instant),
        _col("good", ("Good pieces", "合格数量"), "good", "done", "gut", "已完成", "完成数量",
             read=cells.whole),
        _col("scrap", ("Scrapped", "报废数量"), "scrap", "ausschuss", "报废", read=cells.whole),
        _col("paused", ("Nobody works on it", "已暂停"), "paused", "interrupted", "暂停",
             read=cells.yes),
    ),
)
# fmt: on

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        *(ITEMS, BOM, ROUTINGS, MACHINES, CALENDARS, PEOPLE, TOOLS, SETUPS, TRANSPORTS, STOCK),
        *(ORDERS, OUTAGES, ABSENCES, PINS, PROGRESS),
    )
}
"""All kinds by name, in the order in which a node takes them in."""
