"""F2 transmit: what was collected arrives once, in order, also over bad links and after a crash.

In: frames of samples from a collector, events and letters from the record's outboxes. Out: the
same frames and events at whoever follows them, letters at another firm's inbox, and history.

Plain modules are pure: `codec` (frame <-> bytes), `partition`, `coverage` (which numbers of a
source had their effect), `order` (what a receiver makes of a letter's number), `backoff`, `lease`.
`ports` names what is needed from the record. What touches the world stands in `nats` (broker,
streams, publisher, consumers), `peerlink` (between firms, over HTTPS) and `history` (the table).

Limits: FRAME_BYTES_MAX a frame, PARTITIONS subjects, RING_BYTES_MAX in memory and SPOOL_BYTES_MAX
on disk while the broker is away, LETTER_BYTES_MAX a letter; what happens at each is shown.
"""
