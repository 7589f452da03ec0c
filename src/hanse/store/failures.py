"""What a database says when it cannot, in our words: what happened and what to do now."""

from __future__ import annotations

import sqlalchemy.exc as sx

from hanse.model.errors import BadInput, Broken, Conflict, HanseError, TooMuch, Unreachable

_FULL = ("database or disk is full", "no space left", "could not extend file", "disk i/o error")
_BROKEN = ("malformed", "not a database", "file is encrypted", "invalid page", "could not decode")
_BUSY = ("database is locked", "database table is locked", "lock timeout", "canceling statement")


def told(error: BaseException, subject: str) -> BaseException:
    """A database's error as one of ours; anything else stays what it is."""
    if isinstance(error, HanseError) or not isinstance(error, sx.DBAPIError):
        return error
    said = str(error.orig).lower()
    ours = _by_words(said, subject)
    if ours is None and isinstance(error, sx.IntegrityError):
        ours = Conflict(f"it is there already, or names what is not: {said}", subject=subject)
    if ours is None and isinstance(error, sx.DataError):
        ours = BadInput(f"the database cannot keep such a value: {said}", subject=subject)
    return ours if ours is not None else _unreachable(error, subject)


def _by_words(said: str, subject: str) -> HanseError | None:
    if any(word in said for word in _FULL):
        return TooMuch(
            "the disk is full; what was acknowledged is safe, this was not taken",
            subject=subject,
            remedy="Free some space, then try again",
            code="disk-full",
        )
    if any(word in said for word in _BROKEN):
        return Broken(
            f"the record is damaged: {said}",
            subject=subject,
            remedy="Stop the node, keep the file, restore the last backup, run hanse verify",
        )
    if any(word in said for word in _BUSY):
        return Unreachable(
            "another process holds the record",
            subject=subject,
            remedy="Find the process that holds it (hanse doctor), then try again",
        )
    return None


def _unreachable(error: sx.DBAPIError, subject: str) -> Exception:
    if not (error.connection_invalidated or isinstance(error, sx.OperationalError)):
        return error
    return Unreachable(
        f"the database does not answer: {error.orig}",
        subject=subject,
        remedy="Start it, then repeat: a write under the same key has one effect",
    )
