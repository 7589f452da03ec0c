"""Where a firm says its node is: a TXT record of its domain, or a document on its website.

Both say the same two things, an identity and an address. They are only claims: whoever holds the
domain or the way to it can write them. A node that is found so shows its signed card, which must
name the same identity, and nothing is dealt before two people compared the short code.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from hanse.model.did import public_key_of
from hanse.model.errors import BadInput, BadMessage, Conflict
from hanse.model.ids import Did

RECORD_OWNER = "_hanse"
RECORD_VERSION = "hanse1"
RECORD_CHARACTERS_MAX = 600
RECORDS_MAX = 20
DOCUMENT_BYTES_MAX = 20_000
SERVICE_TYPE = "HanseNode"
Url = Annotated[str, Meta(max_length=300, pattern=r"^https://[^\s/@?#;]+$")]
"""``https://host`` or ``https://host:port``: no path, no name and password."""


class Whereabouts(Struct, frozen=True, kw_only=True):
    """Who a firm says it is, and where its node answers."""

    did: Did
    url: Url


def whereabouts(did: str, url: str) -> Whereabouts:
    """An identity and an address that somebody named.

    Raises:
        BadMessage: one of them is none.
    """
    return _checked({"did": did, "url": url}, url[:300])


def record_name(domain: str) -> str:
    """Where the TXT record of a domain stands (an underscored name, RFC 8552)."""
    return f"{RECORD_OWNER}.{domain}"


def record_text(where: Whereabouts) -> str:
    """What the TXT record says: ``v=hanse1; did=...; url=...``."""
    return f"v={RECORD_VERSION}; did={where.did}; url={where.url}"


def record_line(domain: str, where: Whereabouts) -> str:
    """The record as it stands in a zone file."""
    return f'{record_name(domain)}. 3600 IN TXT "{record_text(where)}"'


def from_records(texts: Iterable[str], *, domain: str) -> Whereabouts | None:
    """What the TXT records of a domain say; None where none of them is ours.

    Args:
        texts: the records' texts, as the resolver gave them.
        domain: whose records they are; for errors.

    Raises:
        Conflict: two of them say different things.
        BadMessage: one is ours by its version and cannot be read.
    """
    ours = [t for t in texts if _fields(t).get("v") == RECORD_VERSION][:RECORDS_MAX]
    found = {_record(text, domain) for text in ours}
    if len(found) > 1:
        where = ", ".join(sorted(w.url for w in found))
        raise Conflict(
            f"the domain names more than one node: {where}",
            subject=record_name(domain),
            remedy="Ask the firm which one is right, and add that address",
            code="several-nodes",
        )
    return next(iter(found), None)


def _fields(text: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in text[:RECORD_CHARACTERS_MAX].split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _record(text: str, domain: str) -> Whereabouts:
    fields = _fields(text)
    return _checked({k: fields.get(k, "") for k in ("did", "url")}, record_name(domain))


def _checked(told: dict[str, Any], subject: str) -> Whereabouts:
    try:
        return msgspec.convert({**told, "url": str(told["url"]).rstrip("/")}, Whereabouts)
    except msgspec.ValidationError as error:
        raise BadMessage(
            f"what is published there cannot be used ({error})",
            subject=subject,
            remedy="hanse doctor prints at the firm what it must publish",
        ) from error


# ---------------------------------------------------------------- on the website


def document(where: Whereabouts) -> bytes:
    """What ``/.well-known/hanse`` says, as JSON."""
    return msgspec.json.encode(where)


def from_document(body: bytes, *, subject: str) -> Whereabouts:
    """What a website's ``/.well-known/hanse`` says; members it does not know are left alone.

    Raises:
        BadMessage: not such a document.
    """
    told = _object(body, subject)
    return _checked({k: told.get(k, "") for k in ("did", "url")}, subject)


def did_document(domain: str, where: Whereabouts) -> bytes:
    """``/.well-known/did.json`` of a firm's domain (W3C did:web): its key and its node."""
    did, key = f"did:web:{domain}", where.did.removeprefix("did:key:")
    method = {
        "id": f"{did}#{key}",
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": key,
    }
    node = {"id": f"{did}#node", "type": SERVICE_TYPE, "serviceEndpoint": where.url}
    return msgspec.json.encode(
        {
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
            "id": did,
            "alsoKnownAs": [where.did],
            "verificationMethod": [method],
            "assertionMethod": [method["id"]],
            "service": [node],
        }
    )


def from_did_document(body: bytes, *, domain: str, subject: str) -> Whereabouts | None:
    """The node that a did:web document names; None where it names none.

    Raises:
        BadMessage: the document is another domain's, names several nodes, or a key that it does
            not hold.
    """
    told = _object(body, subject)
    if told.get("id") != f"did:web:{domain}":
        raise BadMessage("the document is of another firm", subject=subject)
    nodes = [s for s in _objects(told.get("service")) if s.get("type") == SERVICE_TYPE]
    if not nodes:
        return None
    keys = {str(m.get("publicKeyMultibase")) for m in _objects(told.get("verificationMethod"))}
    named = [a for a in told.get("alsoKnownAs") or () if str(a).startswith("did:key:")]
    if len(nodes) > 1 or len(named) != 1 or _key(named[0], subject) not in keys:
        raise BadMessage("the document does not name one node and its key", subject=subject)
    return _checked({"did": named[0], "url": nodes[0].get("serviceEndpoint", "")}, subject)


def _key(did: str, subject: str) -> str:
    try:
        public_key_of(did)
    except BadInput as error:
        raise BadMessage(error.what, subject=subject) from error
    return did.removeprefix("did:key:")


def _object(body: bytes, subject: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body[: DOCUMENT_BYTES_MAX + 1], type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BadMessage("not a document of a Hanse node", subject=subject) from error


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
