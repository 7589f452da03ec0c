"""Rules as data: one Struct a kind, written once for an asset type."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from hanse.decide.detect.settings import REGIMES_MAX, Method
from hanse.model.ids import Key
from hanse.model.plant import AlarmPriority
from hanse.model.text import Text

RULES_MAX = 2_000
DELAY_S_MAX = 86_400.0
WINDOW_SAMPLES_MAX = 1_024
WINDOW_S_MAX = 7 * 86_400.0
EXPRESSION_CHARACTERS_MAX = 500
STATES_MAX = 32

SignalName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=80,
        pattern=r"^[a-z][a-z0-9_]*$",
        description="The name of a signal of the asset type",
    ),
]
Attribute = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=80,
        pattern=r"^[a-z][a-z0-9_]*$",
        description="A number, or the name of the asset's attribute that holds it",
    ),
]
Level = float | Attribute
"""A number, or the name of the asset's attribute that holds it."""

Delay = Annotated[float, Meta(ge=0, le=DELAY_S_MAX, description="Seconds")]
Severity = Annotated[int, Meta(ge=1, le=1_000, description="OPC UA severity, 1000 is the worst")]
Expression = Annotated[str, Meta(min_length=1, max_length=EXPRESSION_CHARACTERS_MAX)]


class Schedule(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}
):
    """When a rule counts: local hours on some days of the week (0 = Monday).

    ``until`` before ``from_`` runs past midnight. Outside of it the condition is false.
    """

    from_: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    until: Annotated[str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
    days: tuple[Annotated[int, Meta(ge=0, le=6)], ...] = (0, 1, 2, 3, 4, 5, 6)
    timezone: Annotated[str, Meta(max_length=64)] = "UTC"


class Escalation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to tell, and how severe it is, when nobody has acknowledged after a while."""

    after_s: Annotated[float, Meta(gt=0, le=DELAY_S_MAX)]
    role: Key
    severity: Severity | None = None


class Common(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every rule has. ``alarm = false`` makes it a mark on the history, not an alarm."""

    key: Annotated[Key, Meta(description="The rule's own short name, unique in the node")]
    asset_type: Annotated[Key, Meta(description="The type of asset it is instantiated on")]
    title: Annotated[Text | None, Meta(description="What it says, {en, zh}")] = None
    advice: Annotated[Text | None, Meta(description="What to do about it, {en, zh}")] = None
    severity: Severity = 500
    enabled: bool = True
    alarm: bool = True
    group: Annotated[str, Meta(max_length=80, description="First-in-group is told apart")] = ""
    acknowledge: Annotated[bool, Meta(description="A person must acknowledge it")] = True
    confirm: Annotated[bool, Meta(description="A person must confirm that it was dealt with")] = (
        False
    )
    latch: Annotated[bool, Meta(description="Stays active until a person resets it")] = False
    re_alarm_s: Annotated[Delay, Meta(description="Annunciated again while active, 0 = never")] = 0
    quiet_clear_s: Annotated[
        Delay, Meta(description="Acknowledged by itself after this long without recurring, 0 = no")
    ] = 0
    escalate: tuple[Escalation, ...] = ()
    schedule: Schedule | None = None

    @property
    def heading(self) -> Text:
        """The title, or the key where there is none."""
        return self.title or Text(self.key, self.key)


class Delayed(Common, frozen=True, kw_only=True):
    """A rule whose condition must hold for a while, and be gone for a while.

    The defaults cut chatter: the alarm comes one second later at most, and is not raised again
    by a value that only flickers.
    """

    on_delay_s: Delay = 1.0
    off_delay_s: Delay = 10.0


class Limit(Delayed, frozen=True, kw_only=True, tag="limit"):
    """A value beyond one or more limits (OPC UA non-exclusive limit alarm).

    ``hysteresis`` is how far it must come back; by default 2 % of the signal's range, or of the
    limit where no range is known. ``severity_extreme`` is that of high_high and low_low.
    """

    signal: SignalName
    high_high: Level | None = None
    high: Level | None = None
    low: Level | None = None
    low_low: Level | None = None
    hysteresis: Level | None = None
    severity_extreme: Severity = 800


class Rate(Delayed, frozen=True, kw_only=True, tag="rate"):
    """A value that rises or falls too fast: change a second, minute or hour.

    ``over_s`` is the least span between the two samples compared; 0 = every two samples.
    """

    signal: SignalName
    rise: Level | None = None
    fall: Annotated[Level | None, Meta(description="A positive number, or an attribute")] = None
    per: Literal["s", "min", "h"] = "s"
    over_s: Delay = 0.0


Measure = Literal["mean", "sd", "min", "max", "range", "count", "percent"]


class Window(Delayed, frozen=True, kw_only=True, tag="window"):
    """A figure over the last samples, or over the last seconds, beyond a limit.

    ``percent`` is the share of samples above ``of``, 0-100. ``count`` needs ``over_s``, and also
    sees silence. A window of seconds moves in 24 steps. Fewer than ``at_least`` samples: unknown.
    """

    signal: SignalName
    measure: Measure
    samples: Annotated[int, Meta(ge=2, le=WINDOW_SAMPLES_MAX)] | None = None
    over_s: Annotated[float, Meta(gt=0, le=WINDOW_S_MAX)] | None = None
    above: Level | None = None
    below: Level | None = None
    of: float = 0.0
    at_least: Annotated[int, Meta(ge=0, le=WINDOW_SAMPLES_MAX)] = 2


SpcTest = Literal[
    "western_electric_1",
    "western_electric_2",
    "western_electric_3",
    "western_electric_4",
    "nelson_1",
    "nelson_2",
    "nelson_3",
    "nelson_4",
    "nelson_5",
    "nelson_6",
    "nelson_7",
    "nelson_8",
    "ewma",
    "cusum",
]


class Spc(Common, frozen=True, kw_only=True, tag="spc"):
    """A control chart: named tests on how far samples stand from the centre line.

    ``centre`` and ``sigma`` are numbers or attributes; without them they are learned from the
    first ``learn`` good samples (mean, and standard deviation). Western Electric handbook 1956;
    Nelson 1984; EWMA after Lucas and Saccucci 1990; CUSUM after Page 1954.
    """

    signal: SignalName
    tests: Annotated[tuple[SpcTest, ...], Meta(min_length=1, max_length=14)] = (
        "western_electric_1",
        "western_electric_2",
        "western_electric_3",
        "western_electric_4",
    )
    centre: Level | None = None
    sigma: Level | None = None
    learn: Annotated[int, Meta(ge=10, le=100_000)] = 100
    ewma_lambda: Annotated[float, Meta(gt=0, le=1)] = 0.2
    ewma_width: Annotated[float, Meta(gt=0, le=10)] = 2.86
    cusum_k: Annotated[float, Meta(ge=0, le=10)] = 0.5
    cusum_h: Annotated[float, Meta(gt=0, le=100)] = 5.0


class Stale(Common, frozen=True, kw_only=True, tag="stale"):
    """No sample for a while, or with ``unchanged`` no change of value.

    Fires by the clock: it needs no sample. ``good_only`` counts samples of doubtful quality as
    silence.
    """

    signal: SignalName
    after_s: Level
    unchanged: bool = False
    tolerance: Annotated[float, Meta(ge=0)] = 0.0
    good_only: bool = False


class State(Delayed, frozen=True, kw_only=True, tag="state"):
    """A signal that says one of some states: numbers, or words as the device sends them."""

    signal: SignalName
    any_of: Annotated[tuple[float | str, ...], Meta(min_length=1, max_length=STATES_MAX)]
    on_delay_s: Delay = 0.0
    off_delay_s: Delay = 0.0


class Sequence(Common, frozen=True, kw_only=True, tag="sequence"):
    """One thing, and then another within a time, or not.

    ``alarm_if = "missing"``: ``first`` became true and ``then`` did not within ``within_s``; clears
    when ``then`` comes. ``"followed"``: ``then`` came within it; clears when ``then`` ends.
    """

    first: Expression
    then: Expression
    within_s: Annotated[float, Meta(gt=0, le=DELAY_S_MAX)]
    alarm_if: Literal["missing", "followed"] = "missing"


class Expr(Delayed, frozen=True, kw_only=True, tag="expr"):
    """A condition in a checked subset of Python over the signals and attributes of an asset."""

    when: Expression
    on_delay_s: Delay = 0.0
    off_delay_s: Delay = 0.0


class Model(Common, frozen=True, kw_only=True, tag="model"):
    """A detector, trained on the asset's own first samples, with a false-alarm rate as its limit.

    ``lead`` names the one signal that matters most; without it all ``signals`` are watched
    together. ``every_s`` is the step at which a row of values is looked at. Operating conditions
    (``regimes``, told apart by the signals ``regime_by``) have a normal of their own.
    """

    signals: Annotated[tuple[SignalName, ...], Meta(min_length=1, max_length=256)]
    detector: Method = "lead"
    lead: SignalName | None = None
    learn: Annotated[int, Meta(ge=50, le=20_000)] = 400
    every_s: Annotated[float, Meta(gt=0, le=3_600)] = 1.0
    false_alarm_rate: Annotated[float, Meta(gt=0, lt=0.5)] = 0.001
    seasonal: Annotated[bool, Meta(description="Take away a shape that repeats")] = False
    rebaseline_rows: (
        Annotated[int, Meta(ge=0, description="Follow slow drift, 0 = never; as many as learned")]
        | None
    ) = None
    regimes: Annotated[int, Meta(ge=1, le=REGIMES_MAX)] = 1
    regime_by: tuple[SignalName, ...] = ()


Rule = Limit | Rate | Window | Spc | Stale | State | Sequence | Expr | Model


def priority(severity: int) -> AlarmPriority:
    """The priority on the screen of an OPC UA severity of 1-1000."""
    if severity > 750:
        return AlarmPriority.CRITICAL
    if severity > 500:
        return AlarmPriority.HIGH
    return AlarmPriority.MEDIUM if severity > 250 else AlarmPriority.LOW
