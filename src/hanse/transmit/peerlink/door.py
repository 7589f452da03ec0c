"""What happens to a letter that arrives: checked, kept, its effect written once, a receipt signed.

The web's door hands in raw bytes and sends back what `Door.receive` answers; nothing here knows
of HTTP but the status numbers.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Struct

from hanse.model.errors import (
    BadMessage,
    Broken,
    HanseError,
    NotAllowed,
    TooMuch,
    Unreachable,
)
from hanse.model.signing import Signer, Verifier
from hanse.model.time import Clock
from hanse.transmit.peerlink import envelope, receipt
from hanse.transmit.peerlink.envelope import Message
from hanse.transmit.peerlink.receipt import Outcome, Receipt
from hanse.transmit.ports import Arrived, Record, RecordTx

TRIES_MAX = 5
FAILING_MAX = 1_000
"""Letters whose failures are counted at once."""
REASON_MAX = 400
JOSE = "application/jose"
PROBLEM = "application/problem+json"
PARKED = "parked"
REPEATED = "repeated"

T = TypeVar("T", bound=RecordTx)
Effect = Callable[[T, Message], None]
"""What a letter does, inside the transaction that takes it. A `HanseError` refuses the letter;
anything else, `Unreachable` and `Broken` too, is tried again, TRIES_MAX times."""
Known = Callable[[str], bool]
"""Whether a firm is one that we deal with."""


class Reply(Struct, frozen=True, kw_only=True):
    """What to answer: an HTTP status, a body and its media type."""

    status: int
    body: bytes
    media_type: str


class _Failed(Exception):  # noqa: N818
    """Undoes the transaction in which an effect failed."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Door(Generic[T]):
    """Receives letters for one firm.

    Args:
        signer: signs receipts; its DID is the audience letters must name.
        verifier: knows the keys of partners.
        known: whether a firm may write to us at all.
        record: where inbox and effects are written in one transaction.
        effect: what a letter does.
        clock: judges expiry.
    """

    def __init__(
        self,
        *,
        signer: Signer,
        verifier: Verifier,
        known: Known,
        record: Record[T],
        effect: Effect[T],
        clock: Clock,
    ) -> None:
        self._signer = signer
        self._verifier = verifier
        self._known = known
        self._record = record
        self._effect = effect
        self._clock = clock
        self._failing: dict[str, int] = {}
        self.counts = dict.fromkeys(("received", "rejected", "refused", "failed"), 0)

    async def receive(self, sealed: bytes) -> Reply:
        """Take a letter in; the signed receipt (200), or why there is none.

        400, 413: it cannot be read or is not for us. 403: we do not deal with its sender. 409: its
        number was used for another letter (``needed`` is the next one that was not). 429: too many
        wait. 503: try again later.
        """
        try:
            message = self._open(sealed)
        except HanseError as error:
            self.counts["rejected"] += 1
            return _problem(error, {NotAllowed: 403, TooMuch: 413}.get(type(error), 400))
        try:
            answer, behind = await self._take(message, sealed)
        except (BadMessage, TooMuch) as error:
            self.counts["rejected"] += 1
            if isinstance(error, TooMuch):
                return _problem(error, 429)
            needed = await self._record.read(lambda tx: tx.inbox.expected(message.source))
            return _problem(error, 409, needed=needed)
        except (HanseError, _Failed) as error:
            self.counts["failed"] += 1
            return _problem(error, 503)
        self.counts["received"] += 1
        await self._take_parked(behind)
        return Reply(status=200, body=answer, media_type=JOSE)

    def _open(self, sealed: bytes) -> Message:
        message = envelope.unseal(sealed, us=self._signer.did, verifier=self._verifier)
        if not self._known(message.source):
            raise NotAllowed("we do not deal with this firm", subject=message.source)
        return message

    async def _take_parked(self, behind: Arrived | None) -> None:
        """Take the letters that waited for the one just taken, as far as they go."""
        with contextlib.suppress(HanseError, _Failed):
            while behind is not None:
                _, behind = await self._take(self._open(behind.payload), behind.payload)

    async def _take(self, message: Message, sealed: bytes) -> tuple[bytes, Arrived | None]:
        refusal = self._refusal(message)
        if refusal is None:
            try:
                return await self._record.write(lambda tx: self._settle(tx, message, sealed))
            except _Failed as failed:
                refusal = self._after_failure(message, failed)
        self.counts["refused"] += 1
        final = refusal
        return await self._record.write(lambda tx: self._refuse(tx, message, sealed, why=final))

    def _refusal(self, message: Message) -> HanseError | None:
        """Why a letter can have no effect whatever it says, or None."""
        now = self._clock.now()
        if envelope.is_expired(message, at=now):
            return BadMessage("the letter came after its expiry", code="expired")
        if envelope.is_from_the_future(message, at=now):
            return BadMessage("the letter is from the future: set a clock right", code="clock")
        return None

    def _after_failure(self, message: Message, failed: _Failed) -> HanseError:
        """The error to refuse a letter with; raises ``failed`` while it may be tried again."""
        cause = failed.cause
        if isinstance(cause, HanseError) and not isinstance(cause, Unreachable | Broken):
            return cause
        tries = self._failing.pop(message.digest, 0) + 1
        if tries < TRIES_MAX:
            self._failing[message.digest] = tries
            if len(self._failing) > FAILING_MAX:
                self._failing.pop(next(iter(self._failing)))
            raise failed
        what = f"the letter failed {tries} times ({type(cause).__name__}: {cause})"
        return Broken(what[:REASON_MAX], code="poison")

    def _settle(self, tx: T, message: Message, sealed: bytes) -> tuple[bytes, Arrived | None]:
        """Within a transaction: keep it, and if its turn has come, have its effect."""
        inbox, peer = tx.inbox, message.source
        arrival, kept = inbox.offer(peer, id=message.id, number=message.number, payload=sealed)
        if arrival == PARKED:
            return self._receipt(message, Outcome.PARKED, needed=inbox.expected(peer)), None
        if arrival == REPEATED:
            return kept.answer or self._receipt(message, Outcome.TAKEN), None
        if message.kind != envelope.SKIP_KIND:
            try:
                self._effect(tx, message)
            except Exception as error:
                raise _Failed(error) from error
        answer = self._receipt(message, Outcome.TAKEN)
        return answer, inbox.taken(peer, message.id, answer=answer)

    def _refuse(
        self, tx: T, message: Message, sealed: bytes, *, why: HanseError
    ) -> tuple[bytes, Arrived | None]:
        """Within a transaction: use its number up without an effect."""
        inbox, peer = tx.inbox, message.source
        arrival, kept = inbox.offer(peer, id=message.id, number=message.number, payload=sealed)
        if arrival == PARKED:
            return self._receipt(message, Outcome.PARKED, needed=inbox.expected(peer)), None
        if arrival == REPEATED and kept.answer:
            return kept.answer, None
        answer = self._receipt(message, Outcome.REFUSED, reason=str(why), code=why.name)
        return answer, inbox.refused(peer, message.id, error=str(why), answer=answer)

    def _receipt(
        self,
        message: Message,
        outcome: Outcome,
        *,
        reason: str = "",
        code: str = "",
        needed: int = 0,
    ) -> bytes:
        given = Receipt(
            by=self._signer.did,
            id=message.id,
            number=message.number,
            digest=message.digest,
            outcome=outcome,
            at=self._clock.now(),
            reason=reason[:REASON_MAX],
            code=code,
            needed=needed,
        )
        return receipt.seal(given, self._signer)


def _problem(error: Exception, status: int, **more: int) -> Reply:
    """An RFC 9457 problem. What failed inside is not told to others."""
    told = error if isinstance(error, HanseError) and status != 503 else Unreachable("not now")
    content = {"title": told.what, "status": status, "detail": told.subject, "code": told.name}
    content |= more
    return Reply(status=status, body=json.dumps(content).encode(), media_type=PROBLEM)
