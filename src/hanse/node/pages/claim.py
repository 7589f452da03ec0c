"""The first owner: a one-time link to the log and a file only the owner can read."""

from __future__ import annotations

import structlog

from hanse.node.context import Context
from hanse.node.folder import write_secret
from hanse.node.pages.accounts import RecordAccounts
from hanse.web.doors.links import make_claim_link
from hanse.web.settings import WebSettings

CLAIM_FILE = "claim-link"
log = structlog.get_logger("gate")


async def print_claim_link(context: Context, url: str) -> None:
    """Leave a fresh claim link in ``run/`` while the node has no owner."""
    accounts = RecordAccounts(context.store)
    if await accounts.claimed():
        return
    link = await make_claim_link(accounts, clock=context.clock, settings=WebSettings(base_url=url))
    write_secret(context.folder.run_file(CLAIM_FILE), f"{link}\n".encode())
    log.info("claim this node", file=str(context.folder.run_file(CLAIM_FILE)))
