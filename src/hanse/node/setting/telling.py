"""The events of setting signals, in both languages: who, what, from, to, why, and what came."""

from __future__ import annotations

from hanse.collect.settable import shown
from hanse.model.event import Draft
from hanse.model.setting import SetState, SignalSet
from hanse.model.text import Text
from hanse.node.ruling.book import signal_title

ASKED = "collect.set_asked"
"""``asset, name, value, old, reason``: somebody or a rule wants a signal set; a person is asked."""
SENT = "collect.set_sent"
"""The same: it is about to be sent to the device."""
DONE = "collect.set_done"
"""The same with ``state, read, why``: what came of it, also where it was not sent."""

_KINDS = {SetState.WAITING: ASKED, SetState.SENT: SENT}


def told(attempt: SignalSet) -> Draft:
    """Where an attempt stands, as an event."""
    return Draft(
        kind=_KINDS.get(attempt.state, DONE),
        subject=attempt.asset,
        text=_text(attempt),
        cause=attempt.event or None,
        by=attempt.agreed_by or attempt.by,
        about={
            "set": attempt.id,
            "asset": attempt.asset,
            "name": attempt.name,
            "value": attempt.value,
            "old": attempt.old,
            "reason": attempt.reason,
            "asked_by": attempt.by,
            "state": attempt.state.value,
            "read": attempt.read,
            "why": attempt.why,
        },
    )


def _text(attempt: SignalSet) -> Text:
    en, zh = _SENTENCES[attempt.state]
    title = signal_title("", attempt.name)
    unit = f" {attempt.unit}" if attempt.unit else ""
    words = {
        "by": attempt.by,
        "asset": attempt.asset,
        "old": f"{shown(attempt.old)}{unit}",
        "new": f"{shown(attempt.value)}{unit}",
        "read": f"{shown(attempt.read)}{unit}",
        "why": attempt.why,
        "reason": attempt.reason,
        "other": attempt.agreed_by,
    }
    said = Text(en.format(signal=title.en, **words), zh.format(signal=title.zh, **words))
    return Text(said.en[:_TEXT_MAX], said.zh[:_TEXT_MAX])


_TEXT_MAX = 900
_SENTENCES = {
    SetState.WAITING: (
        "{by} wants {signal} of {asset} set to {new}: {reason}",
        "{by} 请求将 {asset} 的 {signal} 设为 {new}:{reason}",
    ),
    SetState.SENT: (
        "{by} sets {signal} of {asset} from {old} to {new}: {reason}",
        "{by} 将 {asset} 的 {signal} 由 {old} 设为 {new}:{reason}",
    ),
    SetState.WRITTEN: (
        "{signal} of {asset} is {read}: set by {by}, read back",
        "{asset} 的 {signal} 现为 {read}:由 {by} 设定,已回读",
    ),
    SetState.DIFFERS: (
        "{signal} of {asset} was set to {new} by {by} and reads {read}",
        "{asset} 的 {signal} 由 {by} 设为 {new},回读为 {read}",
    ),
    SetState.REFUSED: (
        "{signal} of {asset} was not set to {new} for {by}: {why}",
        "未能为 {by} 将 {asset} 的 {signal} 设为 {new}:{why}",
    ),
    SetState.UNSURE: (
        "{signal} of {asset} may have been set to {new} for {by}; it is not sent again. {why}",
        "{asset} 的 {signal} 可能已为 {by} 设为 {new};不会自动重发。{why}",
    ),
    SetState.DECLINED: (
        "{other} declines that {signal} of {asset} is set to {new} for {by}",
        "{other} 拒绝为 {by} 将 {asset} 的 {signal} 设为 {new}",
    ),
    SetState.LAPSED: (
        "Nobody agreed in time that {signal} of {asset} is set to {new} for {by}",
        "无人及时同意为 {by} 将 {asset} 的 {signal} 设为 {new}",
    ),
}
