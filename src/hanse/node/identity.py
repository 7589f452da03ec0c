"""Who this node is: its firm key, its certificate, and the secrets of its own parts."""

from __future__ import annotations

import os
import secrets

from msgspec import Struct

from hanse.model.keys import SEED_BYTES, Ed25519Signer
from hanse.model.time import Clock
from hanse.node.folder import Folder, read_secret, write_secret
from hanse.transmit.peerlink.certificate import (
    RENEW_DAYS_LEFT,
    days_left,
    new_key,
    pin,
    self_signed,
)

_SEED, _BROKER, _CERT, _KEY = "firm.seed", "broker.password", "node.crt", "node.key"
_DEVICE, _DEVICE_BYTES = "device-door", 18


class Identity(Struct, frozen=True):
    """The firm's signer, the broker's password and the TLS files."""

    signer: Ed25519Signer
    broker_password: str
    certificate_file: str
    key_file: str
    certificate_pin: str

    @property
    def did(self) -> str:
        """The firm."""
        return self.signer.did


def load_identity(folder: Folder, *, clock: Clock, hosts: tuple[str, ...] = ()) -> Identity:
    """The identity kept in ``keys/``; made on the first start.

    Raises:
        NotAllowed: a key file may be read by others.
    """
    keys = folder / "keys"
    seed = _kept(folder, _SEED, os.urandom(SEED_BYTES))
    password = _kept(folder, _BROKER, secrets.token_urlsafe(32).encode())
    certificate = _renew_certificate(folder, clock=clock, hosts=hosts)
    return Identity(
        signer=Ed25519Signer(seed),
        broker_password=password.decode(),
        certificate_file=str(keys / _CERT),
        key_file=str(keys / _KEY),
        certificate_pin=pin(certificate),
    )


def firm_seed(folder: Folder) -> bytes:
    """The 32 secret bytes of the firm's key: to open what was sealed for it."""
    return read_secret(folder / "keys" / _SEED)


def device_password(folder: Folder) -> str:
    """What devices show at the node's MQTT door; made when it is first opened."""
    fresh = secrets.token_urlsafe(_DEVICE_BYTES).encode()
    return _kept(folder, f"secret-{_DEVICE}", fresh).decode()


def tls_files(folder: Folder) -> tuple[str, str]:
    """The files of the node's certificate and of its key."""
    return str(folder / "keys" / _CERT), str(folder / "keys" / _KEY)


def _kept(folder: Folder, name: str, fresh: bytes) -> bytes:
    path = folder / "keys" / name
    if not path.exists():
        write_secret(path, fresh)
    return read_secret(path)


def _renew_certificate(folder: Folder, *, clock: Clock, hosts: tuple[str, ...]) -> bytes:
    """The certificate of the door; made anew, for the same key, before it ends."""
    keys = folder / "keys"
    key = _kept(folder, _KEY, new_key())
    path = keys / _CERT
    if path.exists() and days_left(path.read_bytes(), at=clock.now()) > RENEW_DAYS_LEFT:
        return path.read_bytes()
    names = tuple(dict.fromkeys(("localhost", "127.0.0.1", *hosts)))
    fresh = self_signed(key, names, at=clock.now())
    write_secret(path, fresh)
    return fresh
