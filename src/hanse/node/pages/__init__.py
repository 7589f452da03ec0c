"""The ports of `hanse.web` on the record and the roles: what pages read and do.

For: the gate role, which hands them to the web application. In: a `Context`. Out: one class a
port, each a few queries or one command; nothing is kept between requests but what must be fast.
"""
