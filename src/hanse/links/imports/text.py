"""Bytes of a text file to text: byte order marks, UTF-8, UTF-16 without a mark, GBK."""

from __future__ import annotations

import codecs

from msgspec import Struct

from hanse.model.errors import BadInput, TooMuch

FILE_BYTES_MAX = 50_000_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Decoded(Struct, frozen=True):
    """The text, and the encoding it was written in."""

    text: str
    encoding: str


def decode(content: bytes, *, name: str) -> Decoded:
    """The text of a file, whatever Excel, an ERP export or an editor saved it as.

    A byte order mark decides; else UTF-16 by its zero bytes, else UTF-8, else GB 18030 (which
    holds GBK and GB 2312).

    Raises:
        TooMuch: over FILE_BYTES_MAX.
        BadInput: none of the encodings fits, or it is not text.
    """
    if len(content) > FILE_BYTES_MAX:
        raise TooMuch(f"is over {FILE_BYTES_MAX} bytes", subject=name, remedy="Split the file")
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return Decoded(_strict(content[len(mark) :], encoding, name), encoding)
    wide = _wide(content)
    if wide:
        return Decoded(_strict(content, wide, name), wide)
    try:
        return Decoded(_readable(content.decode("utf-8"), name), "utf-8")
    except UnicodeDecodeError:
        return Decoded(_strict(content, "gb18030", name), "gb18030")


def _wide(content: bytes) -> str:
    """UTF-16 without a mark: nearly every other byte of its beginning is zero."""
    head = content[:2_000]
    if len(head) < 8:
        return ""
    if head[1::2].count(0) > len(head) * 0.3:
        return "utf-16-le"
    return "utf-16-be" if head[0::2].count(0) > len(head) * 0.3 else ""


def _strict(content: bytes, encoding: str, name: str) -> str:
    try:
        return _readable(content.decode(encoding), name)
    except UnicodeDecodeError as error:
        raise BadInput(
            f"its characters cannot be read as {encoding}",
            subject=name,
            remedy="Save it as CSV UTF-8 and try again",
        ) from error


def _readable(text: str, name: str) -> str:
    if "\x00" in text:
        raise BadInput("is not a text file", subject=name, remedy="Save it as CSV or XLSX")
    return text
