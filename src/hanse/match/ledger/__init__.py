"""The pair ledger: what two firms agreed, signed by both, chained, provable to a third.

For: evidence between two firms without an operator, and for a bank, an auditor or a court.
In: entries proposed by one firm (RFC 8785 bytes and its signature), countersigned by the other.
Out: one chain per pair that both hold alike; heads; an export that anyone verifies offline with
the two public keys; a proof of who forked; an inclusion proof of one entry under a firm's root.
Pure: every change gives a new value; keys sign through a port; nothing here reads a clock.
Limits: ENTRY_BYTES_MAX an entry, DEPTH_MAX nesting, QUEUE_MAX proposals waiting for their turn.
"""
