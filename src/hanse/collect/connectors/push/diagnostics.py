"""What goes wrong at a door and what to do about it."""

from __future__ import annotations

from hanse.collect.connectors.network import explain_network
from hanse.collect.connectors.push.config import PushConfig
from hanse.model.errors import HanseError


def explain(error: BaseException, _settings: PushConfig) -> HanseError:
    """An error as one that says what to do now."""
    return explain_network(error, "push")
