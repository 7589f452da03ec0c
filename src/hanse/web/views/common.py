"""Small values that several pages share."""

from __future__ import annotations

import enum
from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.text import Text

VALUE_MAX = 4_000

Id = Annotated[str, Meta(min_length=1, max_length=160)]
"""Identity of a row, as it stands in a URL."""

Line = Annotated[str, Meta(max_length=400)]
"""One line of text that is the same in both languages: a code, an address, a name."""

Count = Annotated[int, Meta(ge=0, le=2**53)]
"""A number of things."""


AMOUNT_PATTERN = r"^(?=.*[1-9])[0-9]{1,9}(\.[0-9]{1,6})?$"
Amount = Annotated[
    str,
    Meta(
        pattern=AMOUNT_PATTERN,
        max_length=16,
        description="A quantity over 0 as a decimal: 120 or 2.5",
    ),
]
"""A quantity as it is typed or sent; checked here, because Meta bounds no decimals."""


class Tone(enum.StrEnum):
    """How a state looks: its colour, and the shape beside it for those who see no colour."""

    GOOD = "good"
    BUSY = "busy"
    QUIET = "quiet"
    WARN = "warn"
    BAD = "bad"


class State(Struct, frozen=True):
    """A state as a screen shows it: the stable word of the code, a label and a tone."""

    name: Annotated[str, Meta(max_length=60)]
    label: Text
    tone: Tone = Tone.QUIET


class Fact(Struct, frozen=True):
    """One labelled value; ``href`` leads to the page of what it names, or is empty."""

    label: Text
    value: Text
    href: Line = ""


class FieldKind(enum.StrEnum):
    """How a value is asked for."""

    TEXT = "text"
    LONG = "long"
    NUMBER = "number"
    INSTANT = "instant"
    CHOICE = "choice"
    SECRET = "secret"  # noqa: S105 (a kind of field)
    FLAG = "flag"


class Option(Struct, frozen=True):
    """One choice of a field; ``hint`` says what is behind it."""

    value: Line
    label: Text
    hint: Text = Text("", "")


class Field(Struct, frozen=True, kw_only=True):
    """One value a person is asked for in a form."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    label: Text
    kind: FieldKind = FieldKind.TEXT
    value: Annotated[str, Meta(max_length=VALUE_MAX)] = ""
    required: bool = True
    options: tuple[Option, ...] = ()
    hint: Text = Text("", "")


class Deed(Struct, frozen=True, kw_only=True):
    """Something a person may do to a thing as it stands now; the port says which there are.

    ``confirm`` is the question asked before it is done, or empty.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    label: Text
    fields: tuple[Field, ...] = ()
    confirm: Text = Text("", "")
    main: bool = False
    danger: bool = False


class Done(Struct, frozen=True, kw_only=True):
    """The answer to a deed: a sentence, and the event that records it."""

    text: Text
    event: str = ""
    href: Line = ""
