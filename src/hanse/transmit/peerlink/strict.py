"""JSON as it may cross a border between firms: bounded, unambiguous, without floats."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from hanse.model.errors import BadMessage, TooMuch

DEPTH_MAX = 32
WHOLE_NUMBER_MAX = 2**53 - 1


def check(text: bytes, *, bytes_max: int) -> Any:
    """The value of a JSON text that means the same to every reader.

    Refused: duplicate keys, NaN and infinity, floats (numbers between firms are decimal strings),
    whole numbers beyond 2**53 - 1 (RFC 8259, 6), lone surrogates, nesting beyond DEPTH_MAX.

    Raises:
        TooMuch: longer than ``bytes_max`` or nested too deep.
        BadMessage: not JSON, or ambiguous.
    """
    bound(text, bytes_max)
    if _depth(text) > DEPTH_MAX:
        raise TooMuch(f"a letter is nested at most {DEPTH_MAX} deep")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_no_duplicates,
            parse_float=_no_float,
            parse_constant=_no_float,
            parse_int=_whole_number,
        )
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BadMessage("a letter is not plain JSON", subject=str(error)[:200]) from error
    return value


def bound(text: bytes, bytes_max: int) -> None:
    """Refuse what is longer than ``bytes_max`` (`TooMuch`)."""
    if len(text) > bytes_max:
        raise TooMuch(f"a letter has at most {bytes_max} bytes", subject=f"{len(text)} bytes")


def _depth(text: bytes) -> int:
    """How deep brackets nest, those inside strings left out."""
    deepest = depth = 0
    inside = escaped = False
    for byte in text:
        if inside:
            inside = escaped or byte != 0x22
            escaped = byte == 0x5C and not escaped
        elif byte == 0x22:
            inside, escaped = True, False
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise BadMessage("a letter names a field twice", subject=str([k for k, _ in pairs])[:200])
    return content


def _no_float(text: str) -> NoReturn:
    raise BadMessage(
        "a letter holds a float", subject=text[:40], remedy="Write numbers as decimal strings"
    )


def _whole_number(text: str) -> int:
    if len(text) > 17 or abs(number := int(text)) > WHOLE_NUMBER_MAX:
        raise BadMessage("a letter holds a number that not every reader keeps", subject=text[:40])
    return number
