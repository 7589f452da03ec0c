"""Users, sessions, links and tokens on the record; whether there is an owner, in memory."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from hanse.model import door
from hanse.store import Store
from hanse.web.views import people as seen

T = TypeVar("T")


def as_(kind: type[T], thing: Any) -> T:
    """The same thing as the other floor's Struct of the same fields."""
    return msgspec.convert(msgspec.to_builtins(thing), kind)


class RecordAccounts:
    """A `hanse.web.ports.Accounts`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._claimed = False

    async def claimed(self) -> bool:
        """Whether there is an owner; once true it stays so."""
        if not self._claimed:
            owners = await self._store.read(lambda tx: tx.users.all())
            self._claimed = any(u.role is door.Role.OWNER and u.enabled for u in owners)
        return self._claimed

    async def users(self) -> tuple[seen.User, ...]:
        """All users, by name."""
        found = await self._store.read(lambda tx: tx.users.all())
        return tuple(as_(seen.User, user) for user in found)

    async def user(self, name: str) -> seen.User | None:
        """One user."""
        found = await self._store.read(lambda tx: tx.users.get(name))
        return as_(seen.User, found) if found else None

    async def put_user(self, user: seen.User) -> None:
        """Keep a user."""
        kept = as_(door.User, user)
        await self._store.write(lambda tx: tx.users.put(kept))

    async def put_session(self, session: seen.Session) -> None:
        """Keep a session."""
        kept = as_(door.Session, session)
        await self._store.write(lambda tx: tx.sessions.put(kept))

    async def session(self, hash_: str) -> seen.Session | None:
        """One session."""
        found = await self._store.read(lambda tx: tx.sessions.get(hash_))
        return as_(seen.Session, found) if found else None

    async def sessions(self, user: str | None = None) -> tuple[seen.Session, ...]:
        """Sessions of one user, or of all."""
        found = await self._store.read(
            lambda tx: tx.sessions.where(user=user) if user else tx.sessions.all()
        )
        return tuple(as_(seen.Session, session) for session in found)

    async def end_sessions(self, *, user: str = "", hash_: str = "") -> int:
        """End one session, or all of a user; how many."""
        if hash_:
            return int(await self._store.write(lambda tx: tx.sessions.delete(hash_)))
        return await self._store.write(lambda tx: tx.sessions.delete_where(user=user))

    async def put_link(self, link: seen.Link) -> None:
        """Keep a one-time link."""
        kept = as_(door.Link, link)
        await self._store.write(lambda tx: tx.links.put(kept))

    async def link(self, hash_: str) -> seen.Link | None:
        """Look at a link without using it."""
        found = await self._store.read(lambda tx: tx.links.get(hash_))
        return as_(seen.Link, found) if found else None

    async def take_link(self, hash_: str) -> seen.Link | None:
        """Use a link up: the first caller has it."""

        def take(tx: Any) -> Any:
            found = tx.links.get(hash_)
            if found is not None:
                tx.links.delete(hash_)
            return found

        found = await self._store.write(take)
        return as_(seen.Link, found) if found else None

    async def put_token(self, token: seen.Token) -> None:
        """Keep an API token."""
        kept = as_(door.Token, token)
        await self._store.write(lambda tx: tx.tokens.put(kept))

    async def token(self, hash_: str) -> seen.Token | None:
        """One token."""
        found = await self._store.read(lambda tx: tx.tokens.get(hash_))
        return as_(seen.Token, found) if found else None

    async def tokens(self, user: str | None = None) -> tuple[seen.Token, ...]:
        """Tokens of one user, or of all."""
        found = await self._store.read(
            lambda tx: tx.tokens.where(user=user) if user else tx.tokens.all()
        )
        return tuple(as_(seen.Token, token) for token in found)

    async def end_token(self, hash_: str) -> None:
        """Forget a token."""
        await self._store.write(lambda tx: tx.tokens.delete(hash_))
