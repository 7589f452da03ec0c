"""Firms: who one is, and who one deals with."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.ids import Did, Title
from hanse.model.money import Currency


class Identifier(Struct, frozen=True, kw_only=True):
    """A name given by someone else: GLN (0088), CN:USCC, DUNS, BPN, a Handle."""

    scheme: Annotated[str, Meta(max_length=40)]
    id: Annotated[str, Meta(max_length=120)]


class Party(Struct, frozen=True, kw_only=True):
    """A firm as it is written on documents (UBL Party)."""

    did: Did
    name: Title
    identifiers: tuple[Identifier, ...] = ()
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] = "DE"


class Firm(Struct, frozen=True, kw_only=True):
    """The firm a node belongs to."""

    party: Party
    currency: Currency = "EUR"
    timezone: Annotated[str, Meta(max_length=64)] = "UTC"
    language: Annotated[str, Meta(pattern=r"^(en|zh)$")] = "en"
