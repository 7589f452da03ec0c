"""Secrets: passwords as argon2id, everything else as 256 random bits kept as SHA-256."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from functools import lru_cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hanse.model.errors import BadInput

PASSWORD_MIN = 10
PASSWORD_MAX = 200
PARALLEL_HASHES_MAX = 2
TOKEN_MARK = "hanse_"  # noqa: S105 (the public mark before a token, so that scanners find leaks)

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_COMMON = frozenset(
    [
        "0123456789",
        "1234567890",
        "12345678910",
        "123456789a",
        "1q2w3e4r5t",
        "1qaz2wsx3edc",
        "a123456789",
        "aa12345678",
        "abcd123456",
        "abcdefghij",
        "adminadmin",
        "administrator",
        "changeme123",
        "factory123",
        "football123",
        "hanse12345",
        "iloveyou12",
        "letmein123",
        "machine123",
        "maschine123",
        "passw0rd123",
        "password12",
        "password123",
        "password1234",
        "passwort123",
        "q1w2e3r4t5",
        "qazwsxedc1",
        "qwer123456",
        "qwerty1234",
        "qwerty12345",
        "qwertyuiop",
        "schichtplan",
        "sunshine12",
        "superman12",
        "test123456",
        "trustno1234",
        "welcome123",
        "welcome1234",
        "willkommen",
        "willkommen1",
        "woaini1314",
        "woaini520",
        "woaini5201314",
        "zxcvbnm123",
    ]
)


def new_secret() -> str:
    """256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """SHA-256 of a secret in hexadecimal: what is kept and looked up."""
    return hashlib.sha256(secret.encode()).hexdigest()


def check_password(password: str, *, user: str) -> None:
    """Refuse what is guessed first.

    Raises:
        BadInput: shorter than PASSWORD_MIN, longer than PASSWORD_MAX, common, or the user's name.
    """
    plain = password.casefold()
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise BadInput(
            f"a password has {PASSWORD_MIN} to {PASSWORD_MAX} characters", code="password-length"
        )
    guessed = plain in _COMMON or len(set(plain)) < 4 or _is_run(plain)
    if guessed or plain.strip("0123456789!?.-_") in {user, user[::-1], "hanse"}:
        raise BadInput("this password is guessed first", code="password-common")


def _is_run(text: str) -> bool:
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    return steps in ({1}, {-1}, {0})


class Passwords:
    """Hashing off the loop, at most PARALLEL_HASHES_MAX at a time (19 MiB each)."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(PARALLEL_HASHES_MAX)

    async def make(self, password: str) -> str:
        """The argon2id hash of a password."""
        async with self._turn:
            return await asyncio.to_thread(_HASHER.hash, password)

    async def matches(self, password: str, hashed: str) -> bool:
        """Whether a password is the one. Costs the same where there is no hash to match."""
        async with self._turn:
            return await asyncio.to_thread(_matches, password, hashed or _no_ones())


def _matches(password: str, hashed: str) -> bool:
    try:
        return _HASHER.verify(hashed, password) and hashed != _no_ones()
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _no_ones() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))
