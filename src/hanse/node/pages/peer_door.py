"""The door for partners: letters in, their effect at the desk, signed receipts out."""

from __future__ import annotations

import asyncio

from hanse.match.whereabouts import Whereabouts, did_document, document
from hanse.model.errors import NotFound
from hanse.model.keys import DidKeyVerifier
from hanse.node.context import Context
from hanse.node.dealing import files, partners
from hanse.node.dealing.desk import take_in
from hanse.node.dealing.introducing import own_card
from hanse.node.dealing.mirroring import own_list
from hanse.node.dealing.publishing import own_whereabouts
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

    async def whereabouts(self) -> PeerAnswer:
        """Who this firm is and where its node answers."""
        return PeerAnswer(body=document(self._where()), media_type="application/json")

    async def profiles(self) -> PeerAnswer:
        """The signed profiles this node passes on.

        Raises:
            NotFound: it is no mirror.
        """
        shown = await self._context.store.read(lambda tx: own_list(tx, self._context))
        return PeerAnswer(body=shown, media_type="application/json")

    async def did_document(self) -> PeerAnswer:
        """The did:web document of the firm's domain.

        Raises:
            NotFound: the settings name no domain.
        """
        domain = self._context.settings.web.domain
        if not domain:
            raise NotFound("this node knows no domain of its firm", remedy="Set web.domain")
        return PeerAnswer(body=did_document(domain, self._where()), media_type="application/json")

    def _where(self) -> Whereabouts:
        return own_whereabouts(self._context.settings, self._context.identity.did, self._url)

    async def file(self, body: bytes) -> PeerAnswer:
        """A piece of a file that lies ready for the firm that asks."""
        piece = await asyncio.to_thread(files.piece, self._context, body)
        return PeerAnswer(body=piece, media_type="application/octet-stream")

    def _known(self, did: str) -> bool:
        found = self._context.store.read_sync(lambda tx: partners.partners(tx).get(did))
        return found is not None and found.active

    def _effect(self, tx: Tx, message: Message) -> None:
        take_in(tx, self._context, message)
