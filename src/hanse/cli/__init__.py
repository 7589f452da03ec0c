"""The command line: thin commands over the node.

For: people at a terminal and scripts. In: arguments and a folder. Out: tables for people, one
JSON object with ``--json``. Every command ends with a documented exit code: 0 done, 1 the answer
is no (a check failed), 2 wrong use, 3 something asked for is not there or does not answer,
4 not allowed, 70 our own records contradict themselves.
"""

from hanse.cli.main import main

__all__ = ["main"]
