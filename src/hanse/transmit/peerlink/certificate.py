"""The certificate a node shows to others, and the pin by which they know it again."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from hanse.model.errors import BadInput
from hanse.model.time import Instant

VALID_DAYS = 90
RENEW_DAYS_LEFT = 30
NAMES_MAX = 20
PIN_PREFIX = "sha256:"


def new_key() -> bytes:
    """A fresh P-256 private key as PEM (PKCS 8). Keep it when renewing: the pin stays."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def self_signed(key_pem: bytes, names: Sequence[str], *, at: Instant) -> bytes:
    """A certificate (PEM) of a key for host names and addresses, VALID_DAYS from a day before.

    Raises:
        BadInput: no name, or more than NAMES_MAX.
    """
    if not 1 <= len(names) <= NAMES_MAX:
        raise BadInput(f"a certificate names 1 to {NAMES_MAX} hosts", subject=str(len(names)))
    key = load_pem_private_key(key_pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadInput("the key of a node's door is a P-256 key", remedy="Delete it; it is remade")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - dt.timedelta(days=1))
        .not_valid_after(at + dt.timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([_name(n) for n in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM)


def pin(certificate: bytes) -> str:
    """``sha256:`` and the hash of a certificate's public key (SubjectPublicKeyInfo, RFC 7469).

    Args:
        certificate: PEM or DER.

    Raises:
        BadInput: not a certificate.
    """
    try:
        loaded = (
            x509.load_pem_x509_certificate(certificate)
            if certificate.startswith(b"-----")
            else x509.load_der_x509_certificate(certificate)
        )
    except ValueError as error:
        raise BadInput("not a certificate", subject=str(error)[:100]) from error
    key = loaded.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PIN_PREFIX + hashlib.sha256(key).hexdigest()


def days_left(certificate_pem: bytes, *, at: Instant) -> float:
    """Days until a certificate ends; renew below RENEW_DAYS_LEFT."""
    ends = x509.load_pem_x509_certificate(certificate_pem).not_valid_after_utc
    return (ends - at).total_seconds() / 86_400


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
