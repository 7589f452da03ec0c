"""F6, the loop: what one factor found, the next one acts on. Pure process managers.

For: turning an event of one factor into commands to another. In: a `hanse.model.event.Event`, the
firm's `Policy`, and a `View` of what is on record. Out: commands as values, each carried out once
by the node with the event as its cause.
Nothing here reads a clock, a database or a network, so a whole chain of firms can be run through
it in a test.
Limits: what may happen with no person asked is what `Policy` says; the rest becomes a question
with everything prepared (`AskPerson`).
"""
