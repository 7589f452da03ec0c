"""The composition root: the only place that knows every part and the real world.

For: turning a folder into a running node. In: ``config.toml``, keys, the record. Out: processes
with roles (`gate`, `collect`, `decide`, `plan`, `flow`) around one embedded broker, a supervisor
that keeps them alive, and the answers to health, doctor and verify.
Nothing below imports this package; the command line is its only user.
Limits: one folder belongs to one supervisor at a time; a role that fails is started again with
growing pauses, and what it said last is shown.
"""
