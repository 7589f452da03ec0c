"""What people may do to an alarm, by name: the acts of ISA-18.2 as they travel between roles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hanse.decide import (
    AlarmBook,
    AlarmEvent,
    acknowledge,
    comment,
    confirm,
    place_in_service,
    remove_from_service,
    reset,
    shelve,
    suppress,
    unshelve,
    unsuppress,
)
from hanse.decide.alarm import Step
from hanse.model.errors import BadInput
from hanse.node.watching import AlarmAct

Verb = Callable[..., Step]
NOTED: dict[str, Verb] = {
    "acknowledge": acknowledge,
    "confirm": confirm,
    "comment": comment,
    "shelve": shelve,
}
REASONED: dict[str, Verb] = {"suppress": suppress, "out_of_service": remove_from_service}
PLAIN: dict[str, Verb] = {
    "unshelve": unshelve,
    "unsuppress": unsuppress,
    "in_service": place_in_service,
    "reset": reset,
}
VERBS = NOTED | REASONED | PLAIN


def perform(book: AlarmBook, wish: AlarmAct, *, at_ns: int) -> list[AlarmEvent]:
    """Do an act; the steps to be recorded.

    Raises:
        BadInput: there is no such act, or its words are missing.
        Conflict: it cannot be done in the alarm's state.
        NotFound: there is no such alarm.
    """
    verb = VERBS.get(wish.verb)
    if verb is None:
        raise BadInput("there is no such act on an alarm", subject=wish.verb)
    how: dict[str, Any] = {"by": wish.by, "at_ns": at_ns}
    how |= {"note": wish.note} if wish.verb in NOTED else {}
    how |= {"reason": wish.note} if wish.verb in REASONED else {}
    how |= {"for_s": wish.for_s} if wish.verb == "shelve" else {}
    return book.act(wish.alarm, verb, **how)
