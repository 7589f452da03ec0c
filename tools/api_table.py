"""The table of the JSON API's addresses in ``docs/reference/api.md``, made from the application.

``./dev run python -m tools.api_table`` writes what stands between the two marks of the page; a
test holds that the page is in line.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from litestar.handlers import HTTPRouteHandler

from hanse.web.routes.api import ROUTER

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "api.md"
START, END = "<!-- table: made by tools/api_table.py -->", "<!-- end of the table -->"


def rows() -> list[tuple[str, str, str, str]]:
    """Address, method, permission and what it does, of every route."""
    found: list[tuple[str, str, str, str]] = []
    for route in ROUTER.routes:
        for handler in getattr(route, "route_handlers", ()):
            if not isinstance(handler, HTTPRouteHandler):
                continue
            for method in sorted(set(handler.http_methods) & {"GET", "POST"}):
                what = sentence(handler.fn)
                found.append((route.path, method, str(handler.opt["permission"]), what))
    return sorted(found)


def sentence(function: Any) -> str:
    """The first line of a docstring."""
    return (function.__doc__ or "").strip().partition("\n")[0]


def table() -> str:
    """The table as Markdown."""
    lines = ["| address | method | needs | what |", "|---|---|---|---|"]
    lines += [
        f"| `{path}` | {method} | `{needs}` | {what} |" for path, method, needs, what in rows()
    ]
    return "\n".join(lines)


def renewed(text: str) -> str:
    """A page with its table made anew."""
    head, _, rest = text.partition(START)
    tail = rest.partition(END)[2]
    return f"{head}{START}\n\n{table()}\n\n{END}{tail}"


def main() -> int:
    """Write the page."""
    PAGE.write_text(renewed(PAGE.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
