"""Questions to people off the record, and their word back into the loop."""

from __future__ import annotations

from hanse.model.errors import BadInput
from hanse.model.event import Event
from hanse.model.money import Money
from hanse.model.running import Question, QuestionState
from hanse.model.text import Text
from hanse.node.acts.people import answer_question
from hanse.node.context import Context
from hanse.store import Tx
from hanse.web.views.common import Done, Fact, State, Tone
from hanse.web.views.loops import Approval, Choice

AGREE = "agree"
_STATES = {
    QuestionState.OPEN: State("open", Text("open", "待决定"), Tone.WARN),
    QuestionState.AGREED: State("agreed", Text("agreed", "已同意"), Tone.GOOD),
    QuestionState.DECLINED: State("declined", Text("declined", "已拒绝"), Tone.QUIET),
    QuestionState.LAPSED: State("lapsed", Text("lapsed", "已过期"), Tone.QUIET),
}


class RecordApprovals:
    """A `hanse.web.ports.Approvals`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def rows(self, *, open_only: bool, limit: int) -> tuple[Approval, ...]:
        """Questions, open ones first, then newest."""

        def read(tx: Tx) -> list[Approval]:
            found = tx.questions.where(state="open") if open_only else tx.questions.all()
            found.sort(key=lambda q: (q.state is not QuestionState.OPEN, -q.asked_at.timestamp()))
            return [self._seen(tx, question) for question in found[:limit]]

        return tuple(await self._context.store.read(read))

    async def one(self, approval: str) -> Approval:
        """One question."""
        return await self._context.store.read(
            lambda tx: self._seen(tx, tx.questions.need(approval))
        )

    async def decide(self, approval: str, *, choice: str | None, note: str, by: str) -> Done:
        """Agree, or decline with None; the loop goes on."""
        if choice not in {AGREE, None}:
            raise BadInput("there is no such choice", subject=str(choice))

        def write(tx: Tx) -> Event:
            return answer_question(tx, approval, agreed=choice == AGREE, by=by, note=note)

        event = await self._context.store.write(write)
        return Done(text=event.text, event=event.id, href=f"/loops/{event.loop}")

    def _seen(self, tx: Tx, question: Question) -> Approval:
        asked = tx.events.get(question.event)
        currency = self._context.settings.firm.currency
        amount = Money(question.value_minor, currency) if question.value_minor else None
        reason = tx.events.get(asked.cause) if asked and asked.cause else None
        limit = self._context.policy_in(tx).award_alone_up_to_minor
        alone = Money(limit, currency)
        return Approval(
            id=question.id,
            title=question.text,
            why=Text(
                f"Your rules let the node decide alone up to {alone}",
                f"按贵司规则,节点可自行决定的上限为 {alone}",
            ),
            state=_STATES[question.state],
            asked_at=question.asked_at,
            choices=(Choice(name=AGREE, title=Text("Agree", "同意"), recommended=True),),
            amount=amount,
            facts=(Fact(Text("Because", "原因"), reason.text),) if reason else (),
            event=question.event,
            loop=question.loop,
            open=question.state is QuestionState.OPEN,
            decided_by=question.decided_by,
        )
