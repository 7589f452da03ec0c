"""Short hands for migrations.

A column is ``name``, ``name:n`` counts, ``name:b`` holds bytes; one with ``?`` may be empty.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def column(written: str, *, key: bool = False) -> sa.Column[Any]:
    """The column of a short hand."""
    name, _, kind = written.rstrip("?").partition(":")
    types: dict[str, Any] = {"": _TEXT, "n": sa.BigInteger(), "b": sa.LargeBinary()}
    null = written.endswith("?")
    return sa.Column(name, types[kind], primary_key=key, nullable=null, autoincrement=False)


def table(name: str, *, key: str, rest: str) -> None:
    """Make a table from two lists of short hands."""
    keys = [column(c, key=True) for c in key.split()]
    op.create_table(name, *keys, *(column(c) for c in rest.split()))


def things(name: str, *, key: str = "key", index: str = "") -> None:
    """Make the table of a kind of thing: its key, what it is found by, its body and sum."""
    fields = [f"{c}?" for c in index.split() if c not in key.split()]
    table(name, key=key, rest=" ".join([*fields, "body", "sum"]))
    for written in index.split():
        found = column(written).name
        op.create_index(f"ix_{name}_{found}", name, [found])
