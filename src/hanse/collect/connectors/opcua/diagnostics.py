"""What OPC UA errors mean and what to do about them."""

from __future__ import annotations

from asyncua import ua

from hanse.collect.connectors.network import explain_network
from hanse.collect.connectors.opcua.config import OpcUaConfig
from hanse.model.errors import BadConfig, HanseError, Refused, Unreachable

_REFUSALS: dict[str, tuple[str, str]] = {
    "BadUserAccessDenied": ("login", "Check user name and password of this device"),
    "BadIdentityTokenRejected": ("login", "Check user name and password of this device"),
    "BadIdentityTokenInvalid": ("login", "Choose a way to log in that the server offers"),
    "BadCertificateUntrusted": (
        "certificate",
        "Trust this node's certificate in the server: it is among the rejected ones there",
    ),
    "BadSecurityChecksFailed": (
        "certificate",
        "Trust this node's certificate in the server: it is among the rejected ones there",
    ),
    "BadCertificateTimeInvalid": ("certificate", "Set the clocks right, or renew the certificate"),
    "BadCertificateUriInvalid": ("certificate", "Delete keys/opcua-* so that new ones are made"),
    "BadTooManySessions": ("sessions", "Close other clients of the server, or raise its limit"),
    "BadSecurityPolicyRejected": ("no-security", "Choose a policy that the server offers"),
}


def explain(error: BaseException, settings: OpcUaConfig) -> HanseError:
    """An error of the network or the server as one that says what to do now."""
    where = settings.url
    if isinstance(error, HanseError):
        return error
    if isinstance(error, ua.UaStatusCodeError):
        return _of_status(error, where)
    if isinstance(error, ua.UaStringParsingError | ValueError):
        return BadConfig(str(error)[:200], subject=where, remedy="Correct the settings")
    return explain_network(error, where)


def _of_status(error: ua.UaStatusCodeError, where: str) -> HanseError:
    name = type(error).__name__
    if name in _REFUSALS:
        code, remedy = _REFUSALS[name]
        return Refused(f"the server refuses: {name}", subject=where, remedy=remedy, code=code)
    return Unreachable(
        f"the server says {name}",
        subject=where,
        remedy="Nothing to do: it is tried again by itself",
        code="session-lost" if "Session" in name or "Subscription" in name else "",
    )
