"""A whole chain of sample firms on this machine: folders, processes, the story, what came of it.

For: ``hanse demo`` and the loop benchmark. In: a sample chain of `hanse.sim`, a folder. Out: nodes
that run as any node does, and a report of the story's steps with their causes.
Limits: what this package knows of the nodes it reads from their records, as their owner could;
nodes themselves know of one another only what they were told.
"""
