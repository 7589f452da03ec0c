"""The vocabulary of Hanse: one word a thing, the trade's own.

For: every other package. Imports nothing of ours, does no input or output.
Holds: identities, text in two languages, time, money, quantities, the plant, products, orders,
plans, samples and gaps, alarms, what firms say to one another, events with their cause, and the
error tree.
Values are frozen msgspec Structs; instants are aware UTC; schedule time is integer seconds from a
plan's origin; money is minor units with a currency; quantities are decimals with a unit code.
Limits: every text, list and number is bounded here, once, by a name that ends in ``_MAX``.
"""
