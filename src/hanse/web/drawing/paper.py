"""Templates: Jinja with strict names and autoescape, and what every page may use."""

from __future__ import annotations

import hashlib
import re
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct

from hanse.model.text import Language, Text
from hanse.model.time import Instant
from hanse.model.titles import role_title
from hanse.web.doors.identity import Identity
from hanse.web.drawing import figures, names, words
from hanse.web.drawing.menu import Entry, menu_for
from hanse.web.drawing.sentences import for_people, short
from hanse.web.views.people import FirmCard

HERE = Path(__file__).parents[1]
STATIC = HERE / "static"
TEMPLATES = HERE / "templates"
_HEAD = re.compile(r"<!--.*?-->|<svg.*?>", re.DOTALL)


class Reader(Struct, frozen=True, kw_only=True):
    """Who reads a page: language, identity, where they are, whether only a part is wanted."""

    language: Language
    me: Identity
    path: str
    now: Instant
    has_chain: bool = False


class Paper:
    """Makes pages. Reads templates, icons and static files once.

    Args:
        firm: whose node it is; its time zone is the one shown.
    """

    def __init__(self, firm: FirmCard) -> None:
        self.firm = firm
        self.files = {
            str(p.relative_to(STATIC)): p.read_bytes()
            for p in sorted(STATIC.rglob("*"))
            if p.is_file()
        }
        self.digest = _digest(self.files)
        self._icons = {p.stem: _icon(p) for p in sorted((STATIC / "vendor" / "lucide").glob("*"))}
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, template: str, reader: Reader, **context: Any) -> str:
        """A page or a part of one, as HTML."""
        return self._environment.get_template(template).render(self._common(reader), **context)

    def icon(self, name: str) -> Markup:
        """An inline SVG icon; decorative, hidden from screen readers."""
        return Markup(self._icons[name])  # noqa: S704 (our own files)

    def static(self, path: str) -> str:
        """The address of a static file; it changes when any of them does."""
        return f"/static/{self.digest}/{path}"

    def _common(self, reader: Reader) -> dict[str, Any]:
        return {
            "_": partial(words.say, reader.language),
            "t": partial(_in, reader, self.firm.timezone),
            "lang": reader.language,
            "me": reader.me,
            "path": reader.path,
            "now": reader.now,
            "firm": self.firm,
            "menu": _menu(reader),
            "icon": self.icon,
            "static": self.static,
            **self._figures(reader),
        }

    def _figures(self, reader: Reader) -> dict[str, Any]:
        zone = self.firm.timezone
        return {
            "when": partial(figures.when, now=reader.now, timezone=zone),
            "day": partial(figures.day, timezone=zone),
            "typed": partial(figures.typed, timezone=zone),
            "span": lambda seconds: figures.span(seconds, reader.language),
            "ago": lambda at: figures.span(
                max(0.0, (reader.now - at).total_seconds()), reader.language
            ),
            "gap_span": lambda gap: figures.gap_span(gap, now=reader.now, timezone=zone),
            "number": figures.number,
            "short": short,
            "cash": figures.cash,
            "share": figures.share,
            "name_of": partial(names.name_of, reader.language),
            "tone_of": names.tone_of,
            "role_said": lambda role: role_title(role).in_(reader.language),
        }


def _in(reader: Reader, timezone: str, text: Text | None) -> str:
    if not text:
        return ""
    return for_people(text.in_(reader.language), now=reader.now, timezone=timezone)


def _menu(reader: Reader) -> tuple[Entry, ...]:
    return menu_for(reader.me, has_chain=reader.has_chain)


def _icon(path: Path) -> str:
    """The drawing of an icon file, sized by the style sheet and silent to a screen reader."""
    body = _HEAD.sub("", path.read_text())
    head = '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
    return head + "".join(line.strip() for line in body.splitlines())


def _digest(files: dict[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name, content in files.items():
        whole.update(name.encode() + b"\0" + content)
    return whole.hexdigest()[:16]
