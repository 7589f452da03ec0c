"""What every handler reaches for: ports, settings, rates, passwords, templates, in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from hanse.web.doors.rates import Rates
from hanse.web.doors.secrets import Passwords
from hanse.web.doors.streams import Streams
from hanse.web.ports import Ports
from hanse.web.settings import WebSettings

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection

    from hanse.web.drawing.paper import Paper


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The application's own things, made once by `hanse.web.app.create_app`."""

    ports: Ports
    settings: WebSettings
    paper: Paper
    rates: Rates
    passwords: Passwords = field(default_factory=Passwords)
    streams: Streams = field(default_factory=Streams)


def desk_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Desk:
    """The desk of the application that serves a connection."""
    return cast("Desk", connection.app.state["desk"])
