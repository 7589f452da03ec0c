"""Stops: when a machine stood, in which state, and why, or visibly without a reason."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from hanse.decide.states import StateChange
from hanse.model.errors import BadInput
from hanse.model.ids import Key
from hanse.model.plant import PackMLState
from hanse.model.time import NS_PER_S

STOPS_MAX = 100_000
SILENT_AFTER_S = 600.0

Cause = Literal["own", "outside", "planned", "unknown"]
"""Whose doing a stop is: the machine's own, material or outlet, planned, or nobody knows."""

RUNNING = frozenset({PackMLState.EXECUTE})
_OUTSIDE = frozenset({PackMLState.SUSPENDING, PackMLState.SUSPENDED, PackMLState.UNSUSPENDING})
_READY = frozenset(
    {
        PackMLState.IDLE,
        PackMLState.RESETTING,
        PackMLState.STARTING,
        PackMLState.COMPLETING,
        PackMLState.COMPLETED,
    }
)


class Stop(Struct, frozen=True, kw_only=True):
    """A machine stood from ``start_ns`` until ``end_ns`` (None while it lasts).

    ``state`` is None where no signal came. ``reason`` is empty until somebody or a rule gives one;
    ``explained_by`` is a person's key, or ``rule:`` and a rule's.
    """

    asset: Key
    start_ns: int
    end_ns: int | None
    state: PackMLState | None
    cause: Cause
    reason: str = ""
    explained_by: str = ""

    @property
    def id(self) -> str:
        """The same for the same stop however often it is worked out."""
        return f"{self.asset}@{self.start_ns}"

    def length_s(self, until_ns: int) -> float:
        """Seconds it lasted, up to an instant."""
        end = until_ns if self.end_ns is None else min(self.end_ns, until_ns)
        return max(end - self.start_ns, 0) / NS_PER_S


class ReasonRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reason given by rule: a stop in some states, or beside an alarm of a rule, means this."""

    key: Key
    reason: Annotated[str, Meta(min_length=1, max_length=80)]
    states: tuple[PackMLState, ...] = ()
    alarm_rule: str = ""
    cause: Cause | None = None


def cause_of(state: PackMLState | None) -> Cause:
    """Whose doing a state is, as PackML means it: held is its own, suspended is from outside."""
    if state is None:
        return "unknown"
    if state in _OUTSIDE:
        return "outside"
    return "planned" if state in _READY else "own"


def stops(changes: Iterable[StateChange], *, asset: str) -> list[Stop]:
    """The stops of one asset from its state changes in order of time; the last may be open."""
    out: list[Stop] = []
    for change in changes:
        if change.asset != asset:
            continue
        if out and out[-1].end_ns is None:
            if out[-1].state is change.after:
                continue
            out[-1] = replace(out[-1], end_ns=change.at_ns)
        if change.after not in RUNNING:
            out.append(
                Stop(
                    asset=asset,
                    start_ns=change.at_ns,
                    end_ns=None,
                    state=change.after,
                    cause=cause_of(change.after),
                )
            )
    return out


def silence(
    asset: str, heard_ns: Iterable[int], *, until_ns: int, after_s: float = SILENT_AFTER_S
) -> list[Stop]:
    """Unqualified downtime: from ``after_s`` without any signal until the next one."""
    wait = round(after_s * NS_PER_S)
    heard = list(heard_ns)
    gaps: list[tuple[int, int | None]] = list(pairwise(heard))
    if heard and until_ns - heard[-1] > wait:
        gaps.append((heard[-1], None))
    return [
        Stop(asset=asset, start_ns=last + wait, end_ns=after, state=None, cause="unknown")
        for last, after in gaps
        if after is None or after - last > wait
    ]


def explain_by_rule(stop: Stop, rules: Iterable[ReasonRule], active_rules: frozenset[str]) -> Stop:
    """The stop with the first rule's reason that fits, if nobody has given one."""
    if stop.reason:
        return stop
    for rule in rules:
        in_state = not rule.states or stop.state in rule.states
        beside = not rule.alarm_rule or rule.alarm_rule in active_rules
        if in_state and beside and (rule.states or rule.alarm_rule):
            return replace(
                stop,
                reason=rule.reason,
                explained_by=f"rule:{rule.key}",
                cause=rule.cause or stop.cause,
            )
    return stop


def explain(stop: Stop, *, reason: str, by: str, cause: Cause | None = None) -> Stop:
    """The stop with a person's reason, which stands above any rule's.

    Raises:
        BadInput: an empty reason, or one longer than 80 characters.
    """
    if not 0 < len(reason.strip()) <= 80:
        raise BadInput("a stop's reason has 1 to 80 characters", subject=stop.id)
    return replace(stop, reason=reason.strip(), explained_by=by, cause=cause or stop.cause)
