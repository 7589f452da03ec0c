"""Where messages about alarms go, as the pages show it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.plant import AlarmPriority
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.web.views.common import Count, Deed, Field, Id, Line, State


class ChannelRow(Struct, frozen=True, kw_only=True):
    """One place where messages go, and how it fares. ``address`` shows nothing secret."""

    key: Id
    way: Line
    way_title: Text
    address: Line
    state: State
    at_least: AlarmPriority
    roles: tuple[Line, ...] = ()
    quiet: Line = ""
    sent: Count = 0
    waiting: Count = 0
    last_at: Instant | None = None
    error: Line = ""
    error_at: Instant | None = None
    deeds: tuple[Deed, ...] = ()


class WaitingRow(Struct, frozen=True, kw_only=True):
    """A message that has not gone yet."""

    channel: Line
    text: Text
    tries: Count
    next_at: Instant
    error: Line = ""
    event: str = ""


class NoticesView(Struct, frozen=True, kw_only=True):
    """All channels, what waits, the forms for a new one, the mail server, and who is called."""

    channels: tuple[ChannelRow, ...]
    waiting: tuple[WaitingRow, ...]
    form: tuple[Field, ...]
    mail: tuple[Field, ...]
    mail_said: Annotated[str, Meta(max_length=300)] = ""
    calls: tuple[Field, ...] = ()
    calls_said: Text = Text("", "")
