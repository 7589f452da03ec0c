"""Bring the catalogues of both languages in line with the templates.

``./dev run python -m tools.catalogue`` writes ``web/locales/{en,zh}/hanse.po`` with every sentence
of the templates, sorted; English says itself, Chinese keeps what it has. Prints what is missing
and fails while something is.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

WEB = Path(__file__).parents[1] / "src" / "hanse" / "web"


def sentences() -> set[str]:
    """Every constant that a template hands to ``_``."""
    environment = Environment(autoescape=True)
    found = set()
    for path in sorted((WEB / "templates").rglob("*.html")):
        for call in environment.parse(path.read_text()).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "_":
                found.add(call.args[0].as_const())
    return found


def known(path: Path) -> dict[str, str]:
    """What a catalogue says already."""
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id}


def main() -> int:
    """Write both; the number of sentences without a translation."""
    missing = 0
    for language in ("en", "zh"):
        path = WEB / "locales" / language / "hanse.po"
        said = known(path)
        catalogue = Catalog(locale=language, project="hanse", fuzzy=False, creation_date=None)
        for sentence in sorted(sentences()):
            string = sentence if language == "en" else said.get(sentence, "")
            missing += not string
            if not string:
                print(sentence)
            catalogue.add(sentence, string)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalogue, width=100, omit_header=True, sort_output=True)
    return min(missing, 1)


if __name__ == "__main__":
    sys.exit(main())
