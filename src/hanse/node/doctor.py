"""A look at a node from outside its processes: what is wrong, and what to do about it."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from hanse.model.errors import HanseError, NotFound, Unreachable
from hanse.node.broker import read_note
from hanse.node.folder import Folder
from hanse.node.identity import load_identity
from hanse.node.settings import read_settings
from hanse.node.world import RealClock
from hanse.transmit.nats.server import program

FREE_BYTES_MIN = 500_000_000
CONNECT_S = 2.0


class Found(Struct, frozen=True, kw_only=True):
    """One thing looked at."""

    name: str
    ok: bool
    said: str
    remedy: str = ""


def examine(folder: Folder) -> list[Found]:
    """Everything that can be seen from outside, one after the other."""
    looks: dict[str, Callable[[Folder], str]] = {
        "settings": _settings,
        "keys": _keys,
        "broker program": lambda _: str(program()),
        "broker": _broker,
        "door": _door,
        "disk": _disk,
        "domain": _domain,
        "words": _words,
    }
    return [_look(name, look, folder) for name, look in looks.items()]


def _look(name: str, look: Callable[[Folder], str], folder: Folder) -> Found:
    try:
        return Found(name=name, ok=True, said=look(folder))
    except HanseError as error:
        said = f"{error.subject}: {error.what}" if error.subject else error.what
        return Found(name=name, ok=False, said=said, remedy=error.remedy)


def _settings(folder: Folder) -> str:
    return read_settings(folder.path).firm.name


def _keys(folder: Folder) -> str:
    return load_identity(folder, clock=RealClock()).did


def _broker(folder: Folder) -> str:
    note = read_note(folder)
    if note is None:
        raise NotFound("it was never started", remedy="hanse up")
    return _answers(note.url)


def _door(folder: Folder) -> str:
    path = folder.run_file("web.json")
    if not path.exists():
        raise NotFound("it was never open", remedy="hanse up")
    return _answers(str(msgspec.json.decode(path.read_bytes())["url"]))


def _answers(url: str) -> str:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 443), CONNECT_S):
            return f"{url} answers"
    except OSError as error:
        raise Unreachable(
            "nothing answers there", subject=url, remedy="hanse up; see logs/ in the folder"
        ) from error


def _domain(folder: Folder) -> str:
    """What the firm publishes to be found; looked up where its domain is set."""
    from hanse.node.dealing.publishing import check_published, is_reached, names_of

    settings = read_settings(folder.path)
    did = load_identity(folder, clock=RealClock()).did
    if not settings.web.domain:
        return "not set; where web.public_url is set, what to publish is printed below"
    if not is_reached(settings):
        raise NotFound("this node listens on this machine only", remedy="Set web.public_url")
    return asyncio.run(check_published(settings, did, names_of(settings)))


def _words(folder: Folder) -> str:
    """Whether the model of the capability search is there, if it is switched on."""
    if not read_settings(folder.path).words.rerank:
        return "no model"
    from hanse.match.capability.rerank import shipped_model  # numpy only where it is wanted

    shipped_model()
    return "with a model"


def publishing(folder: Folder) -> str:
    """What to put into the firm's domain, in lines to copy; empty where nobody could reach us."""
    from hanse.node.dealing.publishing import is_reached, to_publish

    settings = read_settings(folder.path)
    if not is_reached(settings):
        return ""
    did = load_identity(folder, clock=RealClock()).did
    return f"\nTo be found by your domain, publish\n{to_publish(settings, did)}"


def _disk(folder: Folder) -> str:
    free = shutil.disk_usage(folder.path).free
    if free < FREE_BYTES_MIN:
        raise Unreachable(f"{free / 1e6:.0f} MB free", remedy="Make room")
    return f"{free / 1e9:.0f} GB free"
