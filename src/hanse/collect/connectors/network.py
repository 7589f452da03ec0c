"""What goes wrong on a network, for all connectors in the same words."""

from __future__ import annotations

import socket
import ssl

from hanse.model.errors import BadConfig, HanseError, Refused, Unreachable

_KNOWN: tuple[tuple[type[BaseException], str, str], ...] = (
    (
        ConnectionRefusedError,
        "nothing listens there",
        "Check that the device runs, its port, and the firewall",
    ),
    (socket.gaierror, "no such name on the network", "Write its address instead"),
    (TimeoutError, "no answer in time", "Check the cable and the firewall"),
    (ConnectionResetError, "the device closed the connection", "Nothing to do: it is tried again"),
)


def explain_network(error: BaseException, where: str) -> HanseError:
    """An error of the network as one that says what to do now; ours are passed on."""
    if isinstance(error, HanseError):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        return Refused(
            f"the certificate is not trusted: {error.verify_message}",
            subject=where,
            remedy="Give the certificate of its authority in the settings",
            code="certificate",
        )
    for kind, what, remedy in _KNOWN:
        if isinstance(error, kind):
            return Unreachable(what, subject=where, remedy=remedy)
    if isinstance(error, ValueError | TypeError):
        return BadConfig(str(error)[:200], subject=where, remedy="Correct the settings")
    return Unreachable(
        f"the connection broke: {type(error).__name__} {error}"[:300],
        subject=where,
        remedy="Nothing to do: it is tried again by itself",
    )
