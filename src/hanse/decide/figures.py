"""How well the alarms themselves work: the figures of ISA-18.2 / IEC 62682, and the flood guard."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable

from msgspec import Struct

from hanse.decide.alarm import Alarm, AlarmEvent
from hanse.decide.rules import priority
from hanse.model.plant import AlarmPriority
from hanse.model.text import Text
from hanse.model.time import NS_PER_S

FLOOD_ALARMS = 10
FLOOD_SPAN_S = 600
FLOOD_OVER_ALARMS = 5
ACCEPTABLE_PER_HOUR = 6.0
MANAGEABLE_PER_HOUR = 12.0
STALE_S = 86_400
CHATTER_TIMES = 3
CHATTER_SPAN_S = 60
WORST_MAX = 10
SPANS_MAX = 100_000


class AlarmFigures(Struct, frozen=True, kw_only=True):
    """Figures of one operator's alarms over a time.

    ``per_hour`` should be at most ACCEPTABLE_PER_HOUR. ``shares`` by priority, worst first; about
    5, 15 and 80 % are recommended. ``stale`` have stood for more than a day. ``worst`` are the
    most frequent alarms with their counts.
    """

    called: int
    per_hour: float
    peak_in_10_min: int
    flood_share: float
    chattering: tuple[str, ...]
    stale: tuple[str, ...]
    shares: dict[str, float]
    worst: tuple[tuple[str, int], ...]
    in_10_min: tuple[int, ...] = ()


def alarm_figures(
    events: Iterable[AlarmEvent], standing: Iterable[Alarm], *, start_ns: int, end_ns: int
) -> AlarmFigures:
    """The figures of the alarms that called between two instants."""
    called = [
        e for e in events if e.annunciate and e.what == "active" and start_ns <= e.at_ns < end_ns
    ]
    called.sort(key=lambda e: e.at_ns)
    hours = max((end_ns - start_ns) / NS_PER_S / 3_600, 1e-9)
    tens = Counter((e.at_ns - start_ns) // (FLOOD_SPAN_S * NS_PER_S) for e in called)
    spans = max(hours * 3_600 / FLOOD_SPAN_S, 1)
    return AlarmFigures(
        called=len(called),
        per_hour=len(called) / hours,
        peak_in_10_min=max(tens.values(), default=0),
        flood_share=sum(n > FLOOD_ALARMS for n in tens.values()) / spans,
        chattering=_chattering(called),
        stale=tuple(
            a.id for a in standing if a.active and end_ns - a.raised_ns > STALE_S * NS_PER_S
        ),
        shares=_shares(called),
        worst=tuple(Counter(e.alarm for e in called).most_common(WORST_MAX)),
        in_10_min=tuple(tens[n] for n in range(min(round(spans), SPANS_MAX))),
    )


def _chattering(called: list[AlarmEvent]) -> tuple[str, ...]:
    recent: dict[str, deque[int]] = {}
    found: set[str] = set()
    for event in called:
        times = recent.setdefault(event.alarm, deque(maxlen=CHATTER_TIMES))
        times.append(event.at_ns)
        if len(times) == CHATTER_TIMES and times[-1] - times[0] <= CHATTER_SPAN_S * NS_PER_S:
            found.add(event.alarm)
    return tuple(sorted(found))


def _shares(called: list[AlarmEvent]) -> dict[str, float]:
    count = Counter(priority(e.severity) for e in called)
    return {p.name.lower(): count[p] / max(len(called), 1) for p in sorted(AlarmPriority)[::-1]}


class FloodGuard:
    """Keeps a flood from burying the few alarms that matter.

    In a flood (more than FLOOD_ALARMS calls in FLOOD_SPAN_S) only high and critical alarms still
    call; the others are recorded, and counted in one message. It ends below FLOOD_OVER_ALARMS.
    """

    def __init__(self) -> None:
        self._calls: deque[int] = deque()
        self.flooding = False
        self.held_back = 0

    def admit(self, event: AlarmEvent) -> bool:
        """Whether this call may go out."""
        self._age(event.at_ns)
        self._calls.append(event.at_ns)
        if len(self._calls) > FLOOD_ALARMS:
            self.flooding = True
        if self.flooding and priority(event.severity) < AlarmPriority.HIGH:
            self.held_back += 1
            return False
        return True

    def tick(self, now_ns: int) -> Text | None:
        """Once a flood is over: one sentence about what was held back."""
        self._age(now_ns)
        if not self.flooding or len(self._calls) >= FLOOD_OVER_ALARMS:
            return None
        held, self.held_back, self.flooding = self.held_back, 0, False
        return Text(
            f"the alarm flood is over; {held} alarms of low priority were recorded quietly",
            f"报警泛滥已结束;{held} 条低优先级报警仅作记录",
        )

    def _age(self, now_ns: int) -> None:
        while self._calls and now_ns - self._calls[0] > FLOOD_SPAN_S * NS_PER_S:
            self._calls.popleft()
