"""Dealing on record: the desk of `hanse.match` inside a transaction, its letters in the outbox.

For: the flow role and the pages, which act; the gate, which takes letters in. In: a transaction,
the event or letter that makes a step happen. Out: events with their cause, sealed letters.
Limits: LETTER_LASTS is how long a letter is worth delivering.
"""
