"""Numbers, instants and spans as people read them: the same digits in both languages."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hanse.model.money import Money, decimal_of
from hanse.model.sample import Gap
from hanse.model.text import Language
from hanse.model.time import UTC, Instant, from_ns

DAY_S = 86_400
_UNITS: tuple[tuple[int, str, str], ...] = (
    (DAY_S, "d", "天"),
    (3_600, "h", "小时"),
    (60, "min", "分"),
    (1, "s", "秒"),
)


def zone(name: str) -> dt.tzinfo:
    """A time zone by its IANA name; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def local(at: Instant, timezone: str) -> dt.datetime:
    """The instant in the firm's own time."""
    return at.astimezone(zone(timezone))


def when(at: Instant | None, *, now: Instant, timezone: str) -> str:
    """``14:03`` today, ``03-09 14:03`` this year, else with the year; a dash for None."""
    if at is None:
        return "–"
    here, today = local(at, timezone), local(now, timezone)
    if here.date() == today.date():
        return here.strftime("%H:%M:%S")
    return here.strftime("%m-%d %H:%M" if here.year == today.year else "%Y-%m-%d %H:%M")


def typed(at: Instant, *, timezone: str) -> str:
    """``2026-03-09T14:03``: the instant as a field for date and time holds it."""
    return local(at, timezone).strftime("%Y-%m-%dT%H:%M")


def day(at: Instant | None, *, timezone: str) -> str:
    """``2026-03-09``; a dash for None."""
    return "–" if at is None else local(at, timezone).strftime("%Y-%m-%d")


def span(seconds: float, language: Language) -> str:
    """``3 h 20 min``, ``1.4 s``, ``320 ms``: two units at most."""
    if seconds < 1:
        return f"{round(seconds * 1_000)} {'毫秒' if language == 'zh' else 'ms'}"
    if seconds < 60:
        return f"{seconds:.1f}".removesuffix(".0") + (" 秒" if language == "zh" else " s")
    parts: list[str] = []
    rest = round(seconds)
    for size, en, zh in _UNITS:
        if rest >= size and len(parts) < 2:
            parts.append(f"{rest // size} {zh if language == 'zh' else en}")
            rest %= size
        elif parts:
            break
    return " ".join(parts)


def gap_span(gap: Gap, *, now: Instant, timezone: str) -> str:
    """``10:14:33 – 10:15:02``; open at the end while it lasts."""
    start = when(from_ns(gap.start_ns), now=now, timezone=timezone)
    end = "…" if gap.end_ns is None else when(from_ns(gap.end_ns), now=now, timezone=timezone)
    return f"{start} – {end}"


def number(value: float | Decimal | None, *, places: int = 3) -> str:
    """``1,234.5``, significant places only; a dash for None and for what is not a number."""
    if value is None or value != value:  # noqa: PLR0124 (only NaN differs from itself)
        return "–"
    size = abs(float(value))
    decimals = 0 if size >= 1_000 or value == int(value) else places if size < 1 else places - 1
    shown = f"{value:,.{decimals}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def cash(amount: Money | None) -> str:
    """``1,240.00 EUR``; a dash for None."""
    if amount is None:
        return "–"
    return f"{Decimal(decimal_of(amount)):,} {amount.currency}"


def share(value: float | None) -> str:
    """``87 %``; a dash for None."""
    return "–" if value is None else f"{round(value * 100)} %"
