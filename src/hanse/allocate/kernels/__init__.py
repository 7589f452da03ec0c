"""The compiled twin of the plain decoder, and the searches built on it.

For: shops of more than a few hundred operations. Importing any module of this package loads numba;
nothing else in `hanse.allocate` does.
In: `arrays.Arrays`, the shop as flat arrays of int64. Out: placements as rows of twelve int64.
Everything runs without the interpreter lock. The first call on a machine compiles for some seconds
and is kept on disk afterwards; `warm_up` does it ahead of the first breakdown.
Limits: those of `problem`; sums of money and time stay far below 2**62.
"""
