"""The plan role from both sides: what may be asked of it, and the desk that answers.

For: the flow role, the pages and the command line, which ask over the broker; the plan process,
which answers from the live plan in memory. In: commands below. Out: plan versions on record with
their events, holds, promises.
Limits: one plan process a node; a command is carried out once for its cause.
"""
