"""Stops and losses of the plant: when machines stood and why, and what it cost (ISO 22400).

In: state and counter signals off the history, gaps, jobs, plan, calendars and people's reasons off
the record. Out: state spans on the record, stops with their reasons, OEE of machines, lines, shifts
and products in hours and in money, energy a piece. Everything is worked out anew from facts that
stay, so a late sample or a late reason puts the past right.
Limits: HOURS_MAX hours at once, STOPS_SHOWN_MAX stops a list.
"""
