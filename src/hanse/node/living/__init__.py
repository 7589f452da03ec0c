"""Remaining life in a node: what is watched, versions trained apart, and a window before the end.

In: the history of the machines of a type, and the alarms that ended their lives. Out: versions of
a model with their data and score on the record; how long each machine will last; a proposal to the
planner when that is shorter than the horizon. Training runs in a process of its own. Limits:
LIVES_MAX lives a training, one training of a type at a time in the whole node.
"""
