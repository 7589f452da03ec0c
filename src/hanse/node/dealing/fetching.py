"""Fetches the files that partners' documents name, until each is here or given up."""

from __future__ import annotations

import asyncio
import datetime as dt

import msgspec

from hanse.match.messages import Incoming, document_of
from hanse.model import trade
from hanse.model.errors import HanseError
from hanse.model.event import Draft
from hanse.model.text import Text
from hanse.node.context import Context
from hanse.node.dealing import files
from hanse.node.dealing.files import PAUSE_S_MAX, TRIES_MAX, KeptFile, Wanted
from hanse.store import Tx
from hanse.transmit.backoff import delay_s
from hanse.transmit.peerlink.client import PeerClient

SWEEP_S = 1.0
ERROR_MAX = 200


def note_files(tx: Tx, incoming: Incoming) -> None:
    """What a request names and is not here will be fetched."""
    if incoming.kind != "request_for_quotation" or incoming.letter.document is None:
        return
    rfq = document_of(incoming.kind, incoming.letter.document)
    assert isinstance(rfq, trade.RequestForQuotation)
    for line in rfq.request_for_quotation_line:
        drawing = line.item.drawing
        if drawing is not None and drawing.digest:
            files.want(tx, drawing.digest, source=incoming.source, name=drawing.id)


async def run(context: Context) -> None:
    """Fetch what is wanted until cancelled; one after the other, the oldest try first."""
    client = PeerClient()
    try:
        while True:
            for wish in await context.store.read(lambda tx: _due(tx, context)):
                await _try(context, client, wish)
            await asyncio.sleep(SWEEP_S)
    finally:
        await client.close()


def _due(tx: Tx, context: Context) -> list[Wanted]:
    now = context.clock.now()
    return [w for w in files.wanted(tx).all() if w.next_at is None or w.next_at <= now]


async def _try(context: Context, client: PeerClient, wish: Wanted) -> None:
    try:
        file = await files.fetch(context, client, wish)
    except (HanseError, OSError) as error:
        said = str(error)[:ERROR_MAX]
        await context.store.write(lambda tx: _later(tx, context, wish, said))
        return
    await context.store.write(lambda tx: _here(tx, file))


def _later(tx: Tx, context: Context, wish: Wanted, error: str) -> None:
    tries = wish.tries + 1
    if tries >= TRIES_MAX:
        files.wanted(tx).delete(wish.digest)
        return
    pause = dt.timedelta(seconds=min(PAUSE_S_MAX, delay_s(tries, context.dice) * tries))
    fresh = msgspec.structs.replace(
        wish, tries=tries, error=error, next_at=context.clock.now() + pause
    )
    files.wanted(tx).put(wish.digest, fresh)


def _here(tx: Tx, file: KeptFile) -> None:
    files.wanted(tx).delete(file.digest)
    files.kept(tx).put(file.digest, file)
    draft = Draft(
        kind="match.file_came",
        subject=file.digest,
        text=Text(f"The file {file.name} came and is whole", f"文件 {file.name} 已收到且完整"),
        by=file.source,
        about={"name": file.name, "size": file.size},
    )
    tx.events.append(draft)
