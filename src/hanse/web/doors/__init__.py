"""Doors and locks: who is asking, and whether they may.

In: a connection and the permission its route declares. Out: an `Identity`, or a typed error.
Order at every request: claimed? who? from our own pages? too often? permitted? Deny by default:
a route without a declared permission answers no one.
Passwords: argon2id, at least two at a time. Sessions, links and tokens: 256 random bits, kept
only as SHA-256. Limits: `rates` (attempts), `hanse.web.settings` (lifetimes, bodies).
"""
