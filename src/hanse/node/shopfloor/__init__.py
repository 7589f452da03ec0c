"""The shop floor: the plan gives machines their jobs, and machines report progress back.

For: the decide role, which sees machines in their frames; the flow role, which dispatches; the
collect role, whose guarded door a job goes through. In: the plan and the jobs on record. Out: jobs,
progress reports to the plan role, events with their causes.
Limits: one job in hand a machine; of a part that the plan makes for another order a scrapped piece
is made again at its step.
"""
