"""People at the door: users, sessions, one-time links, API tokens, and what people did.

Secrets stand here as SHA-256 only (passwords as argon2id), so that a stolen copy opens nothing.
"""

from __future__ import annotations

import enum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from hanse.model.ids import NAME_MAX, Title
from hanse.model.text import Language, Text
from hanse.model.time import Instant

SCOPES_MAX = 50
LINE_MAX = 300

Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of a secret, hex")]
UserName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
Address = Annotated[str, Meta(max_length=64)]
SessionKind = Literal["browser", "phone", "kiosk"]


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

    name: UserName
    title: Title
    role: Role
    password: Annotated[str, Meta(max_length=LINE_MAX)] = ""
    language: Language | None = None
    enabled: bool = True
    created_at: Instant


class Session(Struct, frozen=True, kw_only=True):
    """A signed-in browser, phone or kiosk, under the hash of its secret."""

    hash: Hash
    user: UserName
    kind: SessionKind
    created_at: Instant
    seen_at: Instant
    expires_at: Instant
    agent: Annotated[str, Meta(max_length=200)] = ""
    address: Address = ""


class Link(Struct, frozen=True, kw_only=True):
    """A one-time link: to claim the node, or to sign in as ``user`` on another device."""

    hash: Hash
    purpose: Literal["claim", "enrol"]
    expires_at: Instant
    user: Annotated[str, Meta(max_length=40)] = ""
    kind: SessionKind = "browser"


class Token(Struct, frozen=True, kw_only=True):
    """An API token of a user, under the hash of its secret; ``scopes`` narrow the role."""

    hash: Hash
    prefix: Annotated[str, Meta(max_length=16)]
    user: UserName
    title: Annotated[str, Meta(min_length=1, max_length=NAME_MAX)]
    scopes: Annotated[tuple[str, ...], Meta(max_length=SCOPES_MAX)]
    created_at: Instant
    expires_at: Instant
    used_at: Instant | None = None


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One line of the audit log: who did what, to what, from where; ``hash`` chains it."""

    at: Instant
    by: Annotated[str, Meta(max_length=LINE_MAX)]
    what: Annotated[str, Meta(max_length=64)]
    subject: Annotated[str, Meta(max_length=LINE_MAX)]
    text: Text
    address: Address = ""
    hash: Annotated[str, Meta(max_length=64)] = ""
