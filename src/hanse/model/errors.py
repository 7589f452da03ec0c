"""The error tree, drawn on one page.

::

    HanseError                     everything we raise on purpose
    |- BadInput                    what came in cannot be used: a file row, a field, a message
    |  |- BadConfig                a setting or rule file
    |  |- BadMessage               a message of another firm: shape, signature, order, expiry
    |  `- TooMuch                  a named limit was met
    |- NotAllowed                  the caller may not do this
    |- NotFound                    there is no such thing
    |- Conflict                    the thing is not in a state in which this can be done
    |- Unreachable                 a device, broker, database or peer does not answer
    |- Refused                     the other side answered no
    `- Broken                      our own records contradict themselves: stop and look

Each says what happened, to what, and what to do now, and carries a code that the documentation
and both languages know (``docs/reference/errors.md``).
"""

from __future__ import annotations

from typing import ClassVar


class HanseError(Exception):
    """Something that went wrong on purpose: a sentence, its subject, and what to do now.

    Args:
        what: what happened, one sentence without a full stop.
        subject: what it happened to (a file and row, a device, a peer), or empty.
        remedy: what the reader can do now, one sentence without a full stop, or empty.
        code: the stable name of this error in documentation and translations; by default the
            class's own.
    """

    code: ClassVar[str] = "error"

    def __init__(self, what: str, *, subject: str = "", remedy: str = "", code: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.subject = subject
        self.remedy = remedy
        self.name = code or self.code

    def __str__(self) -> str:
        """One line: subject, what happened, what to do now."""
        head = f"{self.subject}: {self.what}" if self.subject else self.what
        return f"{head}. {self.remedy}." if self.remedy else f"{head}."


class BadInput(HanseError):  # noqa: N818 (an error's name says what is wrong, not that it is one)
    """What came in cannot be used."""

    code = "bad-input"


class BadConfig(BadInput):
    """A setting, a rule file or a mapping is wrong."""

    code = "bad-config"


class BadMessage(BadInput):
    """A message of another firm has the wrong shape, signature, order or time."""

    code = "bad-message"


class TooMuch(BadInput):
    """A named limit was met."""

    code = "too-much"


class NotAllowed(HanseError):  # noqa: N818
    """The caller may not do this."""

    code = "not-allowed"


class NotFound(HanseError):  # noqa: N818
    """There is no such thing."""

    code = "not-found"


class Conflict(HanseError):  # noqa: N818
    """The thing is not in a state in which this can be done."""

    code = "conflict"


class Unreachable(HanseError):  # noqa: N818
    """A device, broker, database or peer does not answer."""

    code = "unreachable"


class Refused(HanseError):  # noqa: N818
    """The other side answered no."""

    code = "refused"


class Broken(HanseError):  # noqa: N818
    """Our own records contradict themselves: stop and look."""

    code = "broken"
