"""The decide role from inside: partitions of the plant shared out, each watched by a desk.

In: the record's plant and rules, frames of a partition, people's acts. Out: alarms on the record,
each step an event, once. A desk may die at any moment: whoever takes its partition over restores
its image from the broker, is fed what came since at the instants at which it came, and tells the
same. Limits: PARTITIONS desks a process, one that lost its lease writes nothing more.
"""
