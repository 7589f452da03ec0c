"""One cell to one value: numbers, money, durations, instants, days, lists, yes and no."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from msgspec import Struct

from hanse.links.imports.problems import WrongCell
from hanse.model.plan import OutageKind
from hanse.model.quantity import PLACES_MAX, QUANTITY_MAX
from hanse.model.text import Text
from hanse.model.time import UTC, Instant

_YES = frozenset({"yes", "y", "true", "1", "x", "是", "真", "√", "ja", "wahr"})
_NO = frozenset({"no", "n", "false", "0", "", "否", "假", "nein", "falsch"})
_OUT = {
    **dict.fromkeys(("machine", "maschine", "设备"), OutageKind.MACHINE),
    **dict.fromkeys(("person", "employee", "人员", "人"), OutageKind.PERSON),
    **dict.fromkeys(("tool", "fixture", "werkzeug", "工装", "夹具"), OutageKind.TOOL),
}
_UNITS_S = {
    **dict.fromkeys(("s", "sec", "second", "seconds", "秒"), 1),
    **dict.fromkeys(("min", "m", "minute", "minutes", "分", "分钟"), 60),
    **dict.fromkeys(("h", "hr", "hour", "hours", "std", "时", "小时"), 3_600),
    **dict.fromkeys(("d", "day", "days", "天", "日"), 86_400),
    **dict.fromkeys(("w", "week", "weeks", "周"), 604_800),
}
_DURATION = re.compile(r"^([\d.,]+)\s*([a-z]+|[\u4e00-\u9fff]+)?$")
_CLOCK = re.compile(r"^(\d{1,4}):([0-5]\d)(?::([0-5]\d))?$")
_RELATIVE = re.compile(r"^\+\s*(\d+(?:\.\d+)?)\s*(min|h|d|w)$")
_AMBIGUOUS = re.compile(r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$")
_GROUPED_POINT = re.compile(r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$")
_GROUPED_COMMA = re.compile(r"^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$")
_DATE_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%Y年%m月%d日")
_TIME_FORMS = ("", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S")
_SLASHED = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})(.*)$")
_DAYS = {
    name: n
    for n, names in enumerate(
        (
            ("mon", "monday", "1", "周一", "星期一", "一"),
            ("tue", "tuesday", "2", "周二", "星期二", "二"),
            ("wed", "wednesday", "3", "周三", "星期三", "三"),
            ("thu", "thursday", "4", "周四", "星期四", "四"),
            ("fri", "friday", "5", "周五", "星期五", "五"),
            ("sat", "saturday", "6", "周六", "星期六", "六"),
            ("sun", "sunday", "7", "周日", "星期日", "日"),
        )
    )
    for name in names
}


class Setting(Struct, frozen=True, kw_only=True):
    """What cells are read against: the instant of the import, the firm's time zone, its money."""

    now: Instant
    timezone: dt.tzinfo = UTC
    minor_digits: int = 2
    comma_decimal: bool | None = False


def wrong(en: str, zh: str, remedy_en: str, remedy_zh: str) -> NoReturn:
    """Give up on a cell, with what is wrong and what to do."""
    raise WrongCell(Text(en, zh), Text(remedy_en, remedy_zh))


def text(cell: Any, _: Setting) -> str:
    """Words (a number of a spreadsheet such as 4711.0 is 4711)."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def key(cell: Any, setting: Setting) -> str:
    """A code: letters, digits and . _ : / # + -; blanks within it become ``-``."""
    return re.sub(r"\s+", "-", text(cell, setting))


def number(cell: Any, setting: Setting) -> Decimal:
    """A decimal number, with the decimal sign that the file uses.

    Raises:
        WrongCell: not a number, or 1,234 where nothing tells whether it is 1234 or 1.234.
    """
    if isinstance(cell, bool) or cell is None:
        wrong(
            "there is no number", "缺少数字", "Write a number such as 12.5", "请填写数字，如 12.5"
        )
    if isinstance(cell, int | float):
        return Decimal(repr(cell))
    words = str(cell).replace("\u00a0", "").replace(" ", "").replace("，", ",")
    words = words.replace("'", "").replace("’", "")
    try:
        value = Decimal(_plain(words, setting))
    except InvalidOperation:
        wrong(
            f"'{words[:40]}' is not a number",
            f"“{words[:40]}”不是数字",
            "Write a number such as 12.5",
            "请填写数字，如 12.5",
        )
    if not value.is_finite():
        wrong("the number is not finite", "数字不是有限值", "Write a number", "请填写数字")
    return value


def _plain(words: str, setting: Setting) -> str:
    comma = setting.comma_decimal
    if comma is None and _AMBIGUOUS.match(words):
        joined = words.replace(",", "").replace(".", "")
        wrong(
            f"'{words}' may mean {joined} or {words.replace(',', '.')}",
            f"“{words}”可能是 {joined} 或 {words.replace(',', '.')}",
            "Write it without a thousands separator",
            "请不要使用千位分隔符",
        )
    if comma and _GROUPED_COMMA.match(words):
        return words.replace(".", "").replace(",", ".")
    if not comma and _GROUPED_POINT.match(words):
        return words.replace(",", "")
    return words.replace(",", ".") if "." not in words else words


def quantity(cell: Any, setting: Setting) -> Decimal:
    """A quantity above nothing, within what the model bears (QUANTITY_MAX, PLACES_MAX)."""
    value = number(cell, setting)
    exponent = value.normalize().as_tuple().exponent
    if value <= 0 or value > QUANTITY_MAX or (isinstance(exponent, int) and exponent < -PLACES_MAX):
        wrong(f"{str(value)[:40]} cannot be a quantity", f"{str(value)[:40]} 不能作为数量",
              f"Write a number above 0 with at most {PLACES_MAX} decimal places",
              f"请填写大于 0 且不超过 {PLACES_MAX} 位小数的数字")  # fmt: skip
    return value


def whole(cell: Any, setting: Setting) -> int:
    """A whole number."""
    value = number(cell, setting)
    if value != value.to_integral_value():
        wrong(f"{value} is not a whole number", f"{value} 不是整数", "Round it", "请取整")
    return int(value)


def fraction(cell: Any, setting: Setting) -> float:
    """A number that may be approximate: a rate, a share, a limit."""
    return float(number(cell, setting))


def minor(cell: Any, setting: Setting) -> int:
    """An amount of the firm's money, such as 48.50; given back in minor units."""
    value = number(cell, setting).scaleb(setting.minor_digits)
    if value != value.to_integral_value():
        wrong(
            "the amount is finer than the smallest coin",
            "金额的小数位过多",
            f"Use at most {setting.minor_digits} decimal places",
            f"最多 {setting.minor_digits} 位小数",
        )
    return int(value)


def yes(cell: Any, setting: Setting) -> bool:
    """Yes or no."""
    words = text(cell, setting).lower()
    if words not in _YES | _NO:
        wrong(f"'{words[:40]}' is neither yes nor no", f"“{words[:40]}”不是“是”或“否”",
              "Write yes or no", "请填写“是”或“否”")  # fmt: skip
    return words in _YES


def outage_kind(cell: Any, setting: Setting) -> OutageKind:
    """What is out: a machine, a person, a tool."""
    words = text(cell, setting).lower()
    if words not in _OUT:
        wrong(f"'{words[:40]}' is no machine, person or tool",
              f"“{words[:40]}”不是设备、人员或工装",
              "Write machine, person or tool", "请填写设备、人员或工装")  # fmt: skip
    return _OUT[words]


def words_list(cell: Any, setting: Setting) -> tuple[str, ...]:
    """Codes separated by ``;`` ``|`` ``/`` ``、`` or a comma."""
    parts = re.split(r"[;|/、,，；]", text(cell, setting))
    return tuple(key(part, setting) for part in parts if part.strip())


def unit_of_heading(heading: str) -> int:
    """Seconds of the unit that a heading names in brackets, 0 where it names none."""
    found = re.search(r"[(（\[]\s*([^)）\]]+?)\s*[)）\]]", heading)
    return _UNITS_S.get(found.group(1).lower(), 0) if found else 0


def seconds(cell: Any, setting: Setting, *, unit_s: int = 1) -> float:
    """A duration: ``90`` in the unit of the heading, ``1.5 h``, ``2分钟``, ``1:30``.

    A bare number counts in ``unit_s``.
    """
    if isinstance(cell, dt.timedelta):
        return cell.total_seconds()
    if isinstance(cell, dt.time):
        return float(cell.hour * 3_600 + cell.minute * 60 + cell.second)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell) * unit_s
    words = text(cell, setting).lower()
    clock = _CLOCK.match(words)
    if clock:
        hours, minutes, rest = clock.groups(default="0")
        return float(int(hours) * 3_600 + int(minutes) * 60 + int(rest))
    found = _DURATION.match(words)
    unit = _UNITS_S.get(found.group(2)) if found and found.group(2) else unit_s
    if found is None or unit is None:
        wrong(f"'{words[:40]}' is not a duration", f"“{words[:40]}”不是时长",
              "Write 90, 1.5 h or 20 min", "请填写如 90、1.5 小时或 20 分钟")  # fmt: skip
    return float(number(found.group(1), setting)) * unit


def whole_seconds(cell: Any, setting: Setting, *, unit_s: int = 1) -> int:
    """A duration: ``90`` in the unit of the heading, ``1.5 h``, ``20 min``, ``1:30``."""
    return round(seconds(cell, setting, unit_s=unit_s))


def instant(cell: Any, setting: Setting, *, end_of_day: bool = False) -> Instant:
    """An instant: ISO 8601, day first with dots, Chinese, of a spreadsheet, or ``+3d`` from now.

    Without an offset it is in the firm's time zone; a date alone is the begin of that day, or its
    end where ``end_of_day`` says so.
    """
    if isinstance(cell, dt.datetime | dt.date):
        return _local(cell, setting, end_of_day=end_of_day)
    words = text(cell, setting)
    relative = _RELATIVE.match(words)
    if relative:
        return setting.now + dt.timedelta(
            seconds=float(relative.group(1)) * _UNITS_S[relative.group(2)]
        )
    try:
        given = dt.datetime.fromisoformat(words)
    except ValueError:
        return _local(_date_of(words), setting, end_of_day=end_of_day)
    is_date = len(words) <= 10
    return _local(given.date() if is_date else given, setting, end_of_day=end_of_day)


def _local(given: dt.datetime | dt.date, setting: Setting, *, end_of_day: bool) -> Instant:
    if not isinstance(given, dt.datetime):
        given = dt.datetime.combine(given, dt.time())
        given += dt.timedelta(days=int(end_of_day))
    if given.tzinfo is None:
        given = given.replace(tzinfo=setting.timezone)
    return given.astimezone(UTC)


def _date_of(words: str) -> dt.datetime | dt.date:
    slashed = _SLASHED.match(words)
    if slashed:
        words = _turn_slashes(slashed)
    for date_form in _DATE_FORMS:
        for time_form in _TIME_FORMS:
            try:
                found = dt.datetime.strptime(words, date_form + time_form)  # noqa: DTZ007
            except ValueError:
                continue
            return found if time_form else found.date()
    wrong(f"'{words[:40]}' is not a date", f"“{words[:40]}”不是日期",
          "Write 2026-03-09 or 2026-03-09 14:30",
          "请填写如 2026-03-09 或 2026-03-09 14:30")  # fmt: skip


def _turn_slashes(found: re.Match[str]) -> str:
    a, b, year, rest = found.groups()
    if int(a) <= 12 and int(b) <= 12 and a != b:
        wrong(f"'{found.group(0)[:40]}' may be day first or month first",
              f"“{found.group(0)[:40]}”日与月的次序不明",
              "Write the year first: 2026-03-09", "请先写年份：2026-03-09")  # fmt: skip
    day, month = (a, b) if int(a) > 12 else (b, a)
    return f"{year}-{month}-{day}{rest}"


def days(cell: Any, setting: Setting) -> tuple[int, ...]:
    """Days of the week, 0 = Monday: ``mon-fri``, ``1-5``, ``周一至周五``, ``mon,wed``, ``all``."""
    words = text(cell, setting).lower()
    if words in ("all", "daily", "每天", "全部"):
        return tuple(range(7))
    found: set[int] = set()
    for part in re.split(r"[,，;；、\s]+", words):
        ends = [_DAYS.get(end.strip()) for end in re.split(r"-|–|至|到|~", part)]
        if None in ends or len(ends) > 2:
            wrong(f"'{part[:40]}' is not a day", f"“{part[:40]}”不是星期",
                  "Write mon-fri or 1-5", "请填写如 周一至周五 或 1-5")  # fmt: skip
        first, last = ends[0] or 0, ends[-1] or 0
        found |= {(first + n) % 7 for n in range((last - first) % 7 + 1)}
    return tuple(sorted(found))


def minutes_of_day(cell: Any, setting: Setting) -> int:
    """Minutes from midnight of a time of day, 0 to 2880: ``06:00``, ``24:00``."""
    return round(seconds(cell, setting, unit_s=3_600) / 60)


def day_off(cell: Any, setting: Setting) -> str:
    """A local date as ``YYYY-MM-DD``."""
    return instant(cell, setting).astimezone(setting.timezone).date().isoformat()
