"""What S7 errors mean and what to do about them."""

from __future__ import annotations

from snap7.error import S7ConnectionError, S7Error

from hanse.collect.connectors.network import explain_network
from hanse.collect.connectors.s7.config import S7Config
from hanse.model.errors import HanseError, Unreachable


def explain(error: BaseException, settings: S7Config) -> HanseError:
    """An error of the controller as one that says what to do now."""
    where = f"{settings.host}:{settings.port}"
    if isinstance(error, S7ConnectionError):
        return Unreachable(
            f"no connection: {error}"[:300],
            subject=where,
            remedy="Check rack and slot, and that PUT/GET access is allowed in the controller",
        )
    if isinstance(error, S7Error):
        return Unreachable(
            f"the controller broke off: {error}"[:300],
            subject=where,
            remedy="Nothing to do: it is tried again by itself",
        )
    return explain_network(error, where)
