"""Links: what a firm does with the five factors, room by room.

For: the work of a firm itself. `imports` brings in what it already has on file; rnd, production,
assembly, service, marketing and circulation follow the six links of the mission.
In: files, forms and events. Out: values of the model, and commands to the factors.
Limits: each room names its own, ending in ``_MAX``.
"""
