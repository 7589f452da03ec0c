"""A group of firms clears together, on a running node: convening, stating, clearing, going on.

In: a person's word to convene, letters of other members, open demands, the live plan. Out: letters
in the outbox; for what fits on the buying side a demand's ordinary request to the firm named. The
states are `hanse.match.group`'s; everything is on record, so a restart goes on where it was.
Limits: GROUPS_MAX clearings are kept, NEEDS_STATED_MAX and OFFERS_STATED_MAX lines are stated.
"""
