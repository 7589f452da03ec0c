"""Secrets in settings: found, taken out, and named in their place. Pure.

What may be shown (pages, logs, the record, exports) holds ``secret:NAME``; the secret itself is
kept by whoever owns the keys.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import msgspec
from msgspec import Struct

MARK: Final = "secret:"
SECRET: Final[dict[str, Any]] = {"secret": True}
"""``extra`` of a settings field that holds a secret, or the name of one."""
NAME_MAX = 120
_WORDS = frozenset(
    [
        "token",
        "access_token",
        "auth",
        "key",
        "apikey",
        "api_key",
        "password",
        "passwd",
        "pwd",
        "secret",
        "sig",
        "signature",
    ]
)


class Hidden(Struct, frozen=True, kw_only=True):
    """Settings that may be shown, and the secrets taken out of them by name."""

    settings: Struct
    secrets: dict[str, str]


def secret_fields(config: type[Struct]) -> tuple[str, ...]:
    """The fields of some settings that hold a secret."""
    fields = msgspec.inspect.type_info(config).fields  # type: ignore[attr-defined]
    return tuple(f.name for f in fields if _is_secret(f.type))


def hide(connection: str, settings: Struct) -> Hidden:
    """Settings with every secret replaced by ``secret:CONNECTION-FIELD``.

    Looked for in fields marked `SECRET`, in ``user:password@`` of a URL, and in parameters of a
    URL that are called token, key, password and the like.
    """
    fields: dict[str, Any] = msgspec.to_builtins(settings)
    secrets: dict[str, str] = {}

    def keep(what: str, secret: str) -> str:
        name = _name(connection, what)
        secrets[name] = secret
        return MARK + name

    url = fields.get("url")
    if isinstance(url, str):
        _hide_login(fields, url)
        fields["url"] = _query(fields["url"], keep)
    for field in secret_fields(type(settings)):
        value = fields.get(field)
        if isinstance(value, str) and value and not value.startswith(MARK):
            fields[field] = keep(field, value)
    return Hidden(settings=msgspec.convert(fields, type(settings), strict=False), secrets=secrets)


def named_in(settings: Struct) -> tuple[str, ...]:
    """The names of the secrets that some settings need."""
    texts = [v for v in msgspec.to_builtins(settings).values() if isinstance(v, str)]
    return tuple(sorted({n for t in texts for n in re.findall(r"secret:([\w.-]+)", t)}))


def without_secrets(url: str) -> str:
    """A URL as it may be shown: no password, no token; at most 200 characters."""
    head, mark, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    bare, question, query = path.partition("?")
    if not slash:
        place, question, query = place.partition("?")
    shown = f"{head}{mark}{place.rpartition('@')[2]}{slash}{bare}"
    kept = _query(f"?{query}", lambda *_: "...") if question else ""
    return (shown + kept)[:200]


def revealed(url: str, reveal: Any) -> str:
    """A URL with the secrets its parameters name."""
    if MARK not in url:
        return url
    parts = urlsplit(url)
    pairs = [(k, reveal(v)) for k, v in parse_qsl(parts.query, keep_blank_values=True)]
    return urlunsplit(parts._replace(query=urlencode(pairs)))


def _hide_login(fields: dict[str, Any], url: str) -> None:
    """Move the password of a URL into the field for it."""
    parts = urlsplit(url)
    login, at, place = parts.netloc.rpartition("@")
    user, colon, password = login.partition(":")
    if not (at and colon and "password" in fields):
        return
    fields["password"] = fields["password"] or unquote(password)
    fields["url"] = urlunsplit(parts._replace(netloc=f"{user}@{place}"))


def _query(url: str, keep: Any) -> str:
    head, question, query = url.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    if not any(_is_telling(k, v) for k, v in pairs):
        return url
    hidden = [(k, keep(k, v) if _is_telling(k, v) else v) for k, v in pairs]
    return f"{head}{question}{urlencode(hidden, safe=':.')}"


def _is_telling(key: str, value: str) -> bool:
    return key.lower() in _WORDS and bool(value) and not value.startswith(MARK)


def _is_secret(kind: Any) -> bool:
    while isinstance(kind, msgspec.inspect.Metadata):
        if (kind.extra or {}).get("secret"):
            return True
        kind = kind.type
    return False


def _name(connection: str, what: str) -> str:
    """A file's name; connections whose names differ in odd letters only share no secret."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", connection)
    mark = "" if plain == connection else f"-{connection.encode().hex()[:24]}"
    return f"{plain}{mark}-{re.sub(r'[^A-Za-z0-9_]', '-', what)}"[:NAME_MAX]
