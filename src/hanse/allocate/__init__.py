"""Allocate: machines, people, tools, material and time are given work, and given again on change.

For: the ``plan`` role, which keeps a `live.LivePlan` in memory; quotes; the planner's what-ifs.
In: the records of a plant (`records.Records`: machines, calendars, people, items, routings, stock,
orders, outages, progress, pins) and events (machine down, order inserted, material late ...).
Out: numbered plans with the reason of each move, promises (date against harm in money), what
cannot be kept and why, scenarios compared with the live plan.
How: one decoder that knows every rule of a shop, searched by priority keys; a tabu search and
CP-SAT beside it; a checker that shares no code with them judges every plan.
Limits: `problem.OPS_MAX` operations, `problem.LANES_MAX` machines, `calendars.HORIZON_DAYS_MAX`
days; schedule time is whole seconds from the shop's origin. Small shops never load numba.
"""
