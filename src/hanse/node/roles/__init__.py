"""The roles of a node, each one coroutine ``run(context)`` that goes on until cancelled.

For: `hanse.node.process`, which imports only those it runs. In: a `Context`. Out: effects on the
record, the broker and the doors.
"""
