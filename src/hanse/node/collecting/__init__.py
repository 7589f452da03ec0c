"""Collecting in a running node: which connections run here, since when, and who may ask them.

For: the collect role. In: set-ups on record, the broker, this machine's keys. Out: collectors that
run, frames to the spool and broker, gaps and device events on record, answers to pages.
Alone, a process runs every connection; against a cluster, several processes share them by leases
in the broker, and one of them writes the history.
Limits: a stopped connection has STOP_S_MAX to hand on what it took; `HEARD_S` bounds how wrong the
beginning of a gap may be after a kill.
"""
