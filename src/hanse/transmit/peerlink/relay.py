"""Letters out: from the outbox to each firm's door, in order, until a signed receipt is kept."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from hanse.model.dice import Dice
from hanse.model.errors import BadMessage, HanseError, Unreachable
from hanse.model.signing import Signer, Verifier
from hanse.model.time import NS_PER_S, Clock
from hanse.transmit.backoff import delay_s
from hanse.transmit.peerlink import envelope, receipt
from hanse.transmit.peerlink.client import Answer, PeerClient, Route
from hanse.transmit.peerlink.receipt import Outcome, Receipt
from hanse.transmit.ports import PEER_LANE, Record, RecordTx, Waiting

BATCH_MAX = 64
SWEEP_S = 1.0
TRIES_MAX = 5
"""Tries of a letter that reaches the other firm and cannot be read there; see `LetterRelay`."""
SKIP_LASTS = dt.timedelta(days=365)
PEERS_MAX = 2_000
AHEAD_MAX = 100_000
"""Letters by which one side's count may be ahead of the other's after a restore."""
_REJECTED = range(400, 429)
_NUMBER_USED = 409

T = TypeVar("T", bound=RecordTx)


class PeerState(Struct, kw_only=True):
    """What a page shows of letters to one firm."""

    sent: int = 0
    refused: int = 0
    dead: int = 0
    failures: int = 0
    error: str = ""
    last_ns: int = 0


class LetterRelay(Generic[T]):
    """Sends letters. `poke` after a commit sends at once; SWEEP_S finds what is left.

    A firm that does not answer is tried for ever, 0.2 to 1.8 s apart, and holds up nobody else. A
    letter it refuses (signed) is dead and shown; the next one follows. A letter that its node
    cannot read TRIES_MAX times is dead too, and a signed `skip` takes its number.

    Where one side was restored from a backup the two counts differ: what the partner lost is sent
    again, and what we number too low is numbered on behind what the partner has seen.
    """

    def __init__(
        self,
        *,
        record: Record[T],
        route: Callable[[str], Route],
        signer: Signer,
        verifier: Verifier,
        clock: Clock,
        dice: Dice,
        client: PeerClient | None = None,
    ) -> None:
        """See the class; ``route`` gives a firm's address and pin, or raises `NotFound`."""
        self._record = record
        self._route = route
        self._signer = signer
        self._verifier = verifier
        self._clock = clock
        self._dice = dice
        self._client = client or PeerClient()
        self._pokes: dict[str, asyncio.Event] = {}
        self._new = asyncio.Event()
        self.states: dict[str, PeerState] = {}

    def poke(self, lane: str = "") -> None:
        """Letters were put into a lane (``peer:<did>``). Call it in the relay's own loop."""
        if lane in self._pokes:
            self._pokes[lane].set()
        else:
            self._new.set()

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    self._new.clear()
                    for lane in await self._lanes():
                        if lane not in self._pokes and len(self._pokes) < PEERS_MAX:
                            self._pokes[lane] = asyncio.Event()
                            tasks.create_task(self._serve(lane))
                    await wait(self._new, SWEEP_S)
        finally:
            await self._client.close()

    async def _lanes(self) -> list[str]:
        try:
            lanes = await self._record.read(lambda tx: tx.outbox.lanes())
        except HanseError:
            return []
        return [lane for lane in lanes if lane.startswith(PEER_LANE)]

    async def _serve(self, lane: str) -> None:
        poked = self._pokes[lane]
        state = self.states.setdefault(lane.removeprefix(PEER_LANE), PeerState())
        while True:
            poked.clear()
            pause_s = SWEEP_S
            try:
                for letter in await self._record.read(lambda tx: _due(tx, lane)):
                    await self._send(lane, letter, state)
                    poked.set()
            except HanseError as error:
                state.failures += 1
                state.error = str(error)
                pause_s = delay_s(state.failures, self._dice)
                await asyncio.sleep(pause_s)
                poked.set()
            await wait(poked, pause_s)

    async def _send(self, lane: str, letter: Waiting, state: PeerState) -> None:
        """Send one letter and keep what was answered; raises when it must be sent again."""
        peer = lane.removeprefix(PEER_LANE)
        answer = await self._client.post(self._route(peer), letter.payload)
        if answer.status == _NUMBER_USED and _needed(answer.body) > letter.number:
            await self._number_on(lane, _needed(answer.body), letter)
        if answer.status in _REJECTED:
            await self._rejected(lane, letter, answer)
        else:
            given = self._receipt(peer, letter.payload, answer)
            if given.outcome is Outcome.PARKED:
                await self._send_again(lane, letter, given)
            await self._keep(lane, letter, answer.body, given=given)
            state.refused += given.outcome is Outcome.REFUSED
        state.sent += 1
        state.failures, state.error, state.last_ns = 0, "", self._clock.ns()

    def _receipt(self, peer: str, sealed: bytes, answer: Answer) -> Receipt:
        if not answer.ok:
            raise Unreachable(f"the partner answers {answer.status}: not now", subject=peer)
        digest = envelope.digest_of(sealed)
        return receipt.unseal(answer.body, by=peer, digest=digest, verifier=self._verifier)

    async def _number_on(self, lane: str, needed: int, letter: Waiting) -> None:
        """Our record is older than what the partner has seen: number on behind that.

        The word of the partner that it rests on comes over its pinned certificate, not signed; at
        worst it costs numbers of this one lane.

        Raises:
            Unreachable: always; what waits has new numbers and is sent again.
        """
        if needed - letter.number > AHEAD_MAX:
            return

        def write(tx: T) -> None:
            numbered = list(enumerate(tx.outbox.all_waiting(lane), needed))
            for number, old in reversed(numbered):
                fresh = envelope.renumbered(old.payload, number, self._signer)
                tx.outbox.renumber(lane, old.id, number=number, payload=fresh)

        await self._record.write(write)
        raise Unreachable(
            f"the partner has seen letters up to {needed - 1}", subject=lane.removeprefix(PEER_LANE)
        )

    async def _send_again(self, lane: str, letter: Waiting, given: Receipt) -> None:
        """The partner lost letters it had taken: those kept here are sent again, others skipped.

        Nothing is sent twice in effect: what the partner has it answers as it did before.

        Raises:
            Unreachable: always; this letter is sent again behind them.
        """
        first = max(given.needed, letter.number - AHEAD_MAX, 1)
        kept = await self._record.write(lambda tx: tx.outbox.again(lane, first, letter.number))
        if not kept or kept[0] > first:
            await self._skip(lane, first)
        raise Unreachable(
            f"the partner waits for letter {given.needed} before {given.number}",
            subject=lane.removeprefix(PEER_LANE),
        )

    async def _keep(self, lane: str, letter: Waiting, body: bytes, *, given: Receipt) -> None:
        if given.outcome is Outcome.TAKEN:
            await self._record.write(lambda tx: tx.outbox.answered(lane, letter.id, body))
        else:
            why = f"refused: {given.reason}"
            await self._record.write(
                lambda tx: tx.outbox.dead(lane, letter.id, error=why, answer=body)
            )

    async def _rejected(self, lane: str, letter: Waiting, answer: Answer) -> None:
        """The partner could not read it: once more later, and in the end a skip in its place."""
        why = f"the partner answers {answer.status}: {_title(answer.body)}"
        next_ns = self._clock.ns() + round(delay_s(letter.attempts + 1, self._dice) * NS_PER_S)
        await self._record.write(
            lambda tx: tx.outbox.failed(lane, letter.id, error=why, next_ns=next_ns)
        )
        if letter.attempts + 1 < TRIES_MAX:
            raise BadMessage(why, subject=lane.removeprefix(PEER_LANE))
        await self._skip(lane, letter.number)
        await self._record.write(lambda tx: tx.outbox.dead(lane, letter.id, error=why))
        self.states[lane.removeprefix(PEER_LANE)].dead += 1

    async def _skip(self, lane: str, number: int) -> None:
        peer, now = lane.removeprefix(PEER_LANE), self._clock.now()
        message = envelope.Message(
            id=f"skip-{number}",
            source=self._signer.did,
            audience=peer,
            number=number,
            kind=envelope.SKIP_KIND,
            at=now,
            expires=now + SKIP_LASTS,
        )
        sealed = envelope.seal(message, self._signer)
        answer = await self._client.post(self._route(peer), sealed)
        if self._receipt(peer, sealed, answer).outcome is Outcome.PARKED:
            raise Unreachable(f"the partner waits for a letter before {number}", subject=peer)


def _due(tx: RecordTx, lane: str) -> Sequence[Waiting]:
    return tx.outbox.due(lane, limit=BATCH_MAX)


def _title(body: bytes) -> str:
    return str(_problem(body).get("title", "no reason"))[:200]


def _needed(body: bytes) -> int:
    """The number the partner's door wants next, as its problem says; 0 where it says none."""
    found = _problem(body).get("needed", 0)
    return found if isinstance(found, int) else 0


def _problem(body: bytes) -> dict[str, str | int]:
    try:
        return msgspec.json.decode(body, type=dict[str, str | int])
    except (msgspec.MsgspecError, RecursionError):
        return {}


async def wait(event: asyncio.Event, timeout_s: float) -> None:
    """Wait for an event, or until the time is over."""
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
