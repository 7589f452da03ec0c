"""TOML written out: flat tables only, which is all that a mapping needs (TOML 1.0)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping


def write_tables(name: str, tables: Iterable[Mapping[str, object]]) -> str:
    """One ``[[name]]`` for each table, values being strings, numbers and booleans."""
    return "\n".join(_table(name, table) for table in tables)


def _table(name: str, table: Mapping[str, object]) -> str:
    return "\n".join([f"[[{name}]]", *(f"{k} = {_value(v)}" for k, v in table.items()), ""])


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return repr(value) if math.isfinite(value) else str(value)
        case _:
            return _text(str(value))


def _text(text: str) -> str:
    # JSON escapes are TOML escapes, but for DEL, which TOML wants escaped and JSON does not.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
