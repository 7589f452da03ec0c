"""Decide (F3): a condition is seen while it still matters, and says why.

For: rules as data over asset types, alarms by ISA-18.2, machine states by PackML, losses by
ISO 22400, detectors and remaining life.
In: `hanse.model.sample.Frame`s and a clock; rule files; people's acts on alarms; history arrays.
Out: `Transition`s of rules with the numbers that made them and a sentence in two languages;
`AlarmEvent`s to record and to tell; `StateChange`s; figures. Nothing is sent or written here.
Time drives it, not messages: delays, silence and schedules fire with no new sample. What is bad
or missing is unknown, which raises nothing and clears nothing.
Limits: RULES_MAX rules a file, SIGNALS_MAX signals and INSTANCES_MAX rule instances an engine,
SAMPLES_BUFFERED_MAX samples waiting for a tick, ALARMS_MAX alarms a book.
"""

from hanse.decide.alarm import (
    Alarm,
    AlarmEvent,
    Shelving,
    acknowledge,
    comment,
    confirm,
    draft,
    place_in_service,
    remove_from_service,
    reset,
    shelve,
    suppress,
    unshelve,
    unsuppress,
)
from hanse.decide.backtest import (
    History,
    Trial,
    backtest,
)
from hanse.decide.book import (
    AlarmBook,
)
from hanse.decide.calling import (
    CallOrder,
)
from hanse.decide.engine import (
    Engine,
    EngineSettings,
)
from hanse.decide.figures import (
    AlarmFigures,
    FloodGuard,
    alarm_figures,
)
from hanse.decide.fit import (
    Asset,
    Unfit,
    asset_of,
)
from hanse.decide.intake import (
    Counts,
)
from hanse.decide.notify import (
    Channel,
    Letter,
    Pace,
    letter,
    trial_letter,
    wait_s,
    wanted,
)
from hanse.decide.oee import (
    Loss,
    Oee,
    Produced,
    consumed,
    energy_per_piece_kwh,
    oee,
    roll_up,
)
from hanse.decide.rulefile import (
    format_rule,
    located,
    parse_rules,
    rule_from,
)
from hanse.decide.rules import (
    Rule,
    priority,
)
from hanse.decide.states import (
    StateChange,
    StateMap,
    StateTracker,
    packml,
)
from hanse.decide.stops import (
    ReasonRule,
    Stop,
    explain,
    explain_by_rule,
    silence,
    stops,
)
from hanse.decide.transition import (
    Contribution,
    Transition,
)
from hanse.decide.watched import (
    watched,
)

__all__ = [
    "Alarm",
    "AlarmBook",
    "AlarmEvent",
    "AlarmFigures",
    "Asset",
    "CallOrder",
    "Channel",
    "Contribution",
    "Counts",
    "Engine",
    "EngineSettings",
    "FloodGuard",
    "History",
    "Letter",
    "Loss",
    "Oee",
    "Pace",
    "Produced",
    "ReasonRule",
    "Rule",
    "Shelving",
    "StateChange",
    "StateMap",
    "StateTracker",
    "Stop",
    "Transition",
    "Trial",
    "Unfit",
    "acknowledge",
    "alarm_figures",
    "asset_of",
    "backtest",
    "comment",
    "confirm",
    "consumed",
    "draft",
    "energy_per_piece_kwh",
    "explain",
    "explain_by_rule",
    "format_rule",
    "letter",
    "located",
    "oee",
    "packml",
    "parse_rules",
    "place_in_service",
    "priority",
    "remove_from_service",
    "reset",
    "roll_up",
    "rule_from",
    "shelve",
    "silence",
    "stops",
    "suppress",
    "trial_letter",
    "unshelve",
    "unsuppress",
    "wait_s",
    "wanted",
    "watched",
]
