"""The door for partners: letters in, their effect at the desk, signed receipts out."""

from __future__ import annotations

import asyncio

from hanse.model.keys import DidKeyVerifier
from hanse.node.context import Context
from hanse.node.dealing import files, partners
from hanse.node.dealing.desk import take_in
from hanse.node.dealing.introducing import own_card
from hanse.store import Tx
from hanse.transmit.peerlink.door import Door
from hanse.transmit.peerlink.envelope import Message
from hanse.web.views.running import PeerAnswer


class RecordPeerDoor:
    """A `hanse.web.ports.PeerDoor`."""

    def __init__(self, context: Context, url: str) -> None:
        self._context = context
        self._url = url
        self._door: Door[Tx] = Door(
            signer=context.identity.signer,
            verifier=DidKeyVerifier(),
            known=self._known,
            record=context.store,
            effect=self._effect,
            clock=context.clock,
        )

    async def receive(self, body: bytes, *, address: str) -> PeerAnswer:
        """Check, record and acknowledge one letter."""
        del address
        reply = await self._door.receive(body)
        return PeerAnswer(body=reply.body, status=reply.status, media_type=reply.media_type)

    async def profile(self) -> PeerAnswer:
        """Who this firm is, signed."""
        body = await self._context.store.read(lambda tx: own_card(tx, self._context, self._url))
        return PeerAnswer(body=body)

    async def file(self, body: bytes) -> PeerAnswer:
        """A piece of a file that lies ready for the firm that asks."""
        piece = await asyncio.to_thread(files.piece, self._context, body)
        return PeerAnswer(body=piece, media_type="application/octet-stream")

    def _known(self, did: str) -> bool:
        found = self._context.store.read_sync(lambda tx: partners.partners(tx).get(did))
        return found is not None and found.active

    def _effect(self, tx: Tx, message: Message) -> None:
        take_in(tx, self._context, message)
