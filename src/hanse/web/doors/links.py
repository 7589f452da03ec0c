"""One-time links: the first owner, and phones. What a node prints and what a page draws as QR."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from hanse.model.door import Link
from hanse.model.time import Clock
from hanse.web.doors.secrets import hash_of, new_secret
from hanse.web.ports import Accounts
from hanse.web.settings import WebSettings


async def make_claim_link(accounts: Accounts, *, clock: Clock, settings: WebSettings) -> str:
    """The address at which the node is claimed once, for `claim_min` minutes."""
    secret = new_secret()
    until = clock.now() + dt.timedelta(minutes=settings.claim_min)
    await accounts.put_link(Link(hash=hash_of(secret), purpose="claim", expires_at=until))
    return f"{settings.origin}/claim/{secret}"


async def make_enrol_link(
    accounts: Accounts,
    user: str,
    *,
    kind: Literal["browser", "phone", "kiosk"],
    clock: Clock,
    settings: WebSettings,
) -> str:
    """The address that signs a browser, phone or kiosk in as a user, once."""
    secret = new_secret()
    until = clock.now() + dt.timedelta(minutes=settings.enrol_min)
    link = Link(hash=hash_of(secret), purpose="enrol", expires_at=until, user=user, kind=kind)
    await accounts.put_link(link)
    return f"{settings.origin}/enrol/{secret}"
