"""Carrying out what the loop decided: each command once for its event.

For: the flow role. In: an event and a command of `hanse.flows`. Out: the effect in one
transaction with a mark, so that a command that comes again changes nothing.
"""
