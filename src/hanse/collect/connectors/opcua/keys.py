"""The key pair and application certificate this node shows to OPC UA servers."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hanse.collect.ports import Certificate
from hanse.model.time import Instant

VALID_DAYS = 3_650
RSA_BITS = 2_048
"""What every policy of IEC 62541-7 from Basic256Sha256 on accepts."""


class Keys:
    """Paths of the certificate (DER) and key (PEM), and the application URI in them."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "opcua-certificate.der"
        self.key = folder / "opcua-key.pem"

    @property
    def application_uri(self) -> str:
        """The URI in the certificate, which a session must name (IEC 62541-6, 6.2.2)."""
        shown = x509.load_der_x509_certificate(self.certificate.read_bytes())
        names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return names.get_values_for_type(x509.UniformResourceIdentifier)[0]


def keys_in(folder: Path, *, at: Instant, name: str = "Hanse node") -> Keys:
    """The key pair in a folder, made there in some name when it is not yet."""
    keys = Keys(folder)
    if not (keys.certificate.exists() and keys.key.exists()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make(keys, at, name)
    return keys


def certificate_in(der: bytes, *, connection: str, before: str = "") -> Certificate:
    """The certificate of a device as a person is asked about it."""
    seen = x509.load_der_x509_certificate(der)
    return Certificate(
        connection=connection,
        fingerprint=hashlib.sha256(der).hexdigest(),
        subject=seen.subject.rfc4514_string()[:200],
        not_after=seen.not_valid_after_utc,
        der=der,
        before=before,
    )


def _make(keys: Keys, at: Instant, name: str) -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS)
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    print_ = hashes.Hash(hashes.SHA256())
    print_.update(public)
    uri = f"urn:hanse:node:{print_.finalize().hex()[:16]}"
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with os.fdopen(os.open(keys.key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
    made = certificate(key, uri=uri, name=name, at=at)
    keys.certificate.write_bytes(made.public_bytes(serialization.Encoding.DER))


def certificate(
    key: rsa.RSAPrivateKey, *, uri: str, name: str, at: Instant, days: int = VALID_DAYS
) -> x509.Certificate:
    """A self-signed application instance certificate (IEC 62541-6, 6.2.2)."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=True,
        data_encipherment=True,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    both = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    names = [
        x509.UniformResourceIdentifier(uri),
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - dt.timedelta(days=1))
        .not_valid_after(at + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .sign(key, hashes.SHA256())
    )
