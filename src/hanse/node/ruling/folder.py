"""The node's ``rules`` folder: what is written there is taken in by itself."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from pathlib import Path

import structlog
from nats.aio.client import Client

from hanse.decide.rulefile import RULE_FILE_BYTES_MAX
from hanse.model.errors import BadConfig, BadInput, Unreachable
from hanse.node.context import Context
from hanse.node.ruling.book import RULE_FILES_MAX, RuleFile, forget, keep, refused, rule_files
from hanse.store import Tx
from hanse.transmit.nats.requests import ask

FOLDER = "rules"
BY = "rules folder"
LOOK_S = 1.0
RELOAD = "decide.reload"
RELOAD_S = 10.0
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")
Signature = dict[str, tuple[int, int]]
log = structlog.get_logger("rules")


async def tell_decide(nats: Client) -> bool:
    """Have the decide role take the rules up; False where it does not run now."""
    with contextlib.suppress(Unreachable):
        return await ask(nats, RELOAD, "", answer=bool, wait_s=RELOAD_S)
    return False


async def keep_watch(context: Context) -> None:
    """Take changes of the folder in until cancelled; a file counts once it has stopped changing."""
    place = context.folder / FOLDER
    seen: Signature | None = None
    taken: Signature | None = None
    while True:
        now = await asyncio.to_thread(signature, place)
        if now == seen and now != taken:
            try:
                if await context.store.write(lambda tx: take_in(tx, place)):
                    await tell_decide(context.nats)
                taken = now
            except Exception as error:
                log.warning("rules folder", error=str(error), exc_info=error)
        seen = now
        await asyncio.sleep(LOOK_S)


def signature(place: Path) -> Signature:
    """What stands in a folder of rules: name -> (changed at, size)."""
    if not place.is_dir():
        return {}
    files = sorted(place.glob("*.toml"))[:RULE_FILES_MAX]
    found: Signature = {}
    for path in files:
        with contextlib.suppress(FileNotFoundError):
            stat = path.stat()
            found[path.name] = (stat.st_mtime_ns, stat.st_size)
    return found


def take_in(tx: Tx, place: Path) -> bool:
    """Make the rules kept from the folder those that stand in it; whether anything changed.

    A file with an error is left out, and an event says why; what stood before holds.
    """
    changed = False
    paths = {p.stem: p for p in sorted(place.glob("*.toml"))[:RULE_FILES_MAX]}
    for key, path in paths.items():
        text = path.read_bytes()[: RULE_FILE_BYTES_MAX + 1].decode(errors="replace")
        try:
            _check_name(key)
            kept = keep(tx, RuleFile(key=key, text=text, folder=True), by=BY)
            changed = changed or kept is not None
        except BadInput as error:
            mark = hashlib.sha256(text.encode()).hexdigest()[:16]
            refused(tx, key[:80], error, mark=mark)
    for gone in [f.key for f in rule_files(tx).all() if f.folder and f.key not in paths]:
        forget(tx, gone, by=BY, folder=True)
        changed = True
    return changed


def _check_name(key: str) -> None:
    if not _NAME.match(key):
        raise BadConfig(
            "a file of rules is called by letters, digits and . _ -",
            subject=key[:80],
            remedy="Rename the file",
        )
