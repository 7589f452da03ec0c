"""Disturbances and forecasts of a running node: what they do here, on to partners, answers back.

In: events of the loop, partners' letters, a person's word. Out: letters in the outbox, a ripple on
record with what it does here and what partners answered. One ripple has one record; RIPPLES_MAX
are kept. What reaches what is decided by `hanse.match.reach` and `hanse.match.ripple`.
"""
