"""Choosing among offers: who gets what, what it costs, and what the next best would cost.

For: buyers with a few quotations (`few`), awards over many lines and offers (`award`), a group of
firms that wants to clear together (`clear`), and bilateral clearing by messages (`auction`).
In: requests, quotations, partner records, limits. Out: a choice with its reasons in two languages.
Limits: LINES_MAX lines, QUOTES_MAX offers; times are budgets that are kept, answers any-time.
"""
