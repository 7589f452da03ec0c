"""Exact bytes under their SHA-256: signed messages, drawings' descriptions, received files."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from hanse.model.errors import Broken, NotFound, TooMuch
from hanse.model.time import Clock
from hanse.store.schema import DOCUMENTS

DOCUMENT_BYTES_MAX = 4 * 1024 * 1024
"""A larger thing is a file: its bytes stand in the node's ``files`` folder."""


class Documents:
    """The documents inside one transaction."""

    def __init__(self, connection: sa.Connection, *, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def put(self, content: bytes, *, kind: str) -> str:
        """Keep bytes and give their SHA-256; keeping the same bytes again changes nothing.

        Raises:
            TooMuch: over DOCUMENT_BYTES_MAX.
        """
        if len(content) > DOCUMENT_BYTES_MAX:
            raise TooMuch(f"a document holds at most {DOCUMENT_BYTES_MAX} bytes", subject=kind)
        digest = hashlib.sha256(content).hexdigest()
        if not self.has(digest):
            row = {"sha256": digest, "kind": kind, "size": len(content), "content": content}
            self._connection.execute(DOCUMENTS.insert(), row | {"at_ns": self._clock.ns()})
        return digest

    def has(self, sha256: str) -> bool:
        """Whether a document of that hash is kept."""
        query = sa.select(DOCUMENTS.c.size).where(DOCUMENTS.c.sha256 == sha256)
        return self._connection.execute(query).first() is not None

    def get(self, sha256: str) -> bytes:
        """The exact bytes.

        Raises:
            NotFound: there is no such document.
            Broken: the bytes do not have that hash any more.
        """
        query = sa.select(DOCUMENTS.c.content).where(DOCUMENTS.c.sha256 == sha256)
        content = self._connection.execute(query).scalar_one_or_none()
        if content is None:
            raise NotFound("there is no such document", subject=sha256)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise Broken("a document was changed on disk", subject=sha256)
        return bytes(content)
