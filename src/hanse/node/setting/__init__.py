"""Setting signals of machines: attempts on record, carried out once beside the connector.

For: the collect role, which has the guard; the gate and the command line, which ask. In: a wish
(who, what, why), the rules on the connection. Out: an attempt and what came of it, events with old
and new value, proposals that wait for a person.
Limits: a proposal lapses after WAIT_S_MAX; an attempt that a crash cut off ends as unsure after
SENT_S_MAX and is not made again.
"""
