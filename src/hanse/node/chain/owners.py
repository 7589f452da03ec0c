"""An owner for every node of a chain, and the links that sign a browser in."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hanse.model.door import Role, User
from hanse.node.chain.lay import Laid
from hanse.node.folder import Folder
from hanse.node.offline import offline
from hanse.node.pages.accounts import RecordAccounts
from hanse.web.doors.links import make_enrol_link
from hanse.web.settings import WebSettings

OWNER = "owner"


def sign_in_links(laid: Laid) -> dict[str, str]:
    """A one-time link for each node; its owner is made where there is none."""
    return {key: _link(laid, key) for key in laid.folders}


def _link(laid: Laid, key: str) -> str:
    with offline(Folder(Path(laid.folders[key]))) as context:
        accounts = RecordAccounts(context.store)
        settings = WebSettings(base_url=f"https://127.0.0.1:{laid.web_ports[key]}", enrol_min=60)

        async def make() -> str:
            if await accounts.user(OWNER) is None:
                owner = User(
                    name=OWNER, title="Owner", role=Role.OWNER, created_at=context.clock.now()
                )
                await accounts.put_user(owner)
            return await make_enrol_link(
                accounts, OWNER, kind="browser", clock=context.clock, settings=settings
            )

        return asyncio.run(make())
