"""Users, sessions, links and tokens on the record; whether there is an owner, in memory."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from hanse.model import door
from hanse.store import Store, Tx

T = TypeVar("T")


def checked(thing: T) -> T:
    """The same thing, its bounds looked at: what is kept can be read again.

    Raises:
        msgspec.ValidationError: a value is out of its bounds.
    """
    return msgspec.convert(msgspec.to_builtins(thing), type(thing))


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

    async def users(self) -> tuple[door.User, ...]:
        """All users, by name."""
        found = await self._store.read(lambda tx: tx.users.all())
        return tuple(found)

    async def user(self, name: str) -> door.User | None:
        """One user."""
        return await self._store.read(lambda tx: tx.users.get(name))

    async def put_user(self, user: door.User) -> None:
        """Keep a user."""
        kept = checked(user)
        await self._store.write(lambda tx: tx.users.put(kept))

    async def put_session(self, session: door.Session) -> None:
        """Keep a session."""
        kept = checked(session)
        await self._store.write(lambda tx: tx.sessions.put(kept))

    async def session(self, hash_: str) -> door.Session | None:
        """One session."""
        return await self._store.read(lambda tx: tx.sessions.get(hash_))

    async def sessions(self, user: str | None = None) -> tuple[door.Session, ...]:
        """Sessions of one user, or of all."""
        found = await self._store.read(
            lambda tx: tx.sessions.where(user=user) if user else tx.sessions.all()
        )
        return tuple(found)

    async def end_sessions(self, *, user: str = "", hash_: str = "") -> int:
        """End one session, or all of a user; how many."""
        if hash_:
            return int(await self._store.write(lambda tx: tx.sessions.delete(hash_)))
        return await self._store.write(lambda tx: tx.sessions.delete_where(user=user))

    async def put_link(self, link: door.Link) -> None:
        """Keep a one-time link."""
        kept = checked(link)
        await self._store.write(lambda tx: tx.links.put(kept))

    async def link(self, hash_: str) -> door.Link | None:
        """Look at a link without using it."""
        return await self._store.read(lambda tx: tx.links.get(hash_))

    async def take_link(self, hash_: str) -> door.Link | None:
        """Use a link up: the first caller has it."""

        def take(tx: Tx) -> door.Link | None:
            found = tx.links.get(hash_)
            if found is not None:
                tx.links.delete(hash_)
            return found

        return await self._store.write(take)

    async def put_token(self, token: door.Token) -> None:
        """Keep an API token."""
        kept = checked(token)
        await self._store.write(lambda tx: tx.tokens.put(kept))

    async def token(self, hash_: str) -> door.Token | None:
        """One token."""
        return await self._store.read(lambda tx: tx.tokens.get(hash_))

    async def tokens(self, user: str | None = None) -> tuple[door.Token, ...]:
        """Tokens of one user, or of all."""
        found = await self._store.read(
            lambda tx: tx.tokens.where(user=user) if user else tx.tokens.all()
        )
        return tuple(found)

    async def end_token(self, hash_: str) -> None:
        """Forget a token."""
        await self._store.write(lambda tx: tx.tokens.delete(hash_))
