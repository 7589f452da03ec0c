"""History: every sample kept, open to any engine, and asked in milliseconds.

In: frames (`writer.HistoryWriter`), each committed together with the ``(source, epoch, seq)`` it
covers and acknowledged afterwards. Out: `query.History`: ranges thinned so that extremes stay,
buckets and rollups, values as of an instant, last values, gaps, export.

The table is a Delta Lake table (``samples``, with ``minutes`` and ``hours`` of rollups beside it):
Parquet files sorted by signal and time, and a log of small JSON files that this package writes
itself so that nothing is acknowledged before the disk has it. Merging runs in a process of its own
(`merge`), so that a node's memory stays small.

Limits: COMMIT_S and COMMIT_SAMPLES_MAX until a commit, MERGE_ROWS_MAX sorted at once,
RANGE_ROWS_MAX a raw answer. Libraries are imported where they are used.
"""
