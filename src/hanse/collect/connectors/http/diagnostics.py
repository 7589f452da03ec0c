"""What HTTP errors mean and what to do about them."""

from __future__ import annotations

import httpx

from hanse.collect.connectors.http.config import HttpConfig
from hanse.collect.connectors.network import explain_network
from hanse.model.errors import HanseError, Unreachable


def explain(error: BaseException, settings: HttpConfig) -> HanseError:
    """An error of the other side as one that says what to do now."""
    if isinstance(error, httpx.TimeoutException):
        return explain_network(TimeoutError(), settings.url)
    if isinstance(error, httpx.ConnectError):
        return Unreachable(
            f"nothing answers there: {error}"[:300],
            subject=settings.url,
            remedy="Check the address, the certificate's authority, and the firewall",
        )
    return explain_network(error, settings.url)
