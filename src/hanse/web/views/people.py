"""People of the firm: users, sessions, tokens, links, and the audit log. Secrets only as hashes."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from hanse.model.text import Language, Text
from hanse.model.time import Instant
from hanse.web.views.common import Count, Id, Line

USER_NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,39}$"
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of a secret, hex")]


class Role(enum.StrEnum):
    """Who someone is to this node."""

    OWNER = "owner"
    PLANNER = "planner"
    TECHNICIAN = "technician"
    BUYER = "buyer"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    KIOSK = "kiosk"


class User(Struct, frozen=True, kw_only=True):
    """A person, or a kiosk. ``password`` is an argon2id hash, empty where none is set."""

    name: Annotated[str, Meta(pattern=USER_NAME_PATTERN)]
    title: Annotated[str, Meta(min_length=1, max_length=80)]
    role: Role
    password: Line = ""
    language: Language | None = None
    enabled: bool = True
    created_at: Instant


class Session(Struct, frozen=True, kw_only=True):
    """A signed-in browser or phone, kept under the hash of its secret."""

    hash: Hash
    user: Line
    kind: Literal["browser", "phone", "kiosk"]
    created_at: Instant
    seen_at: Instant
    expires_at: Instant
    agent: Annotated[str, Meta(max_length=200)] = ""
    address: Annotated[str, Meta(max_length=64)] = ""


class Link(Struct, frozen=True, kw_only=True):
    """A one-time link: to claim the node, or to sign a phone or kiosk in as ``user``."""

    hash: Hash
    purpose: Literal["claim", "enrol"]
    expires_at: Instant
    user: Line = ""
    kind: Literal["browser", "phone", "kiosk"] = "browser"


class Token(Struct, frozen=True, kw_only=True):
    """An API token of a user, kept under the hash of its secret; ``scopes`` narrow the role."""

    hash: Hash
    prefix: Annotated[str, Meta(max_length=16)]
    user: Line
    title: Annotated[str, Meta(min_length=1, max_length=80)]
    scopes: tuple[str, ...]
    created_at: Instant
    expires_at: Instant
    used_at: Instant | None = None


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One line of the audit log: who did what, to what, from where."""

    at: Instant
    by: Line
    what: Annotated[str, Meta(max_length=64)]
    subject: Line
    text: Text
    address: Annotated[str, Meta(max_length=64)] = ""
    hash: Line = ""


class AuditPage(Struct, frozen=True, kw_only=True):
    """Entries, newest first, and whether the hash chain of the log is whole."""

    entries: tuple[AuditEntry, ...]
    whole: bool
    total: Count = 0


class FirmCard(Struct, frozen=True, kw_only=True):
    """Whose node this is."""

    name: Line
    did: Line
    currency: Line
    timezone: Annotated[str, Meta(max_length=64)]
    language: Language
    version: Id
