"""Connectors: one folder a protocol, all of one shape, all passing one conformance suite.

A folder holds ``config.py`` (one Struct: the form, the schema and the reference page are made
from it), ``source.py`` (one session), ``browse.py`` and ``write.py`` where the protocol can,
``diagnostics.py`` (what errors mean), ``quality.toml`` (what is proven), and an ``__init__.py``
that assembles the ``CONNECTOR``.
In: settings and points. Out: values, gaps and events into an `Intake`.
These are the only modules of `hanse.collect` that touch the network or files.
"""
