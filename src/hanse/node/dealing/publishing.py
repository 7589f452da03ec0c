"""What this firm publishes so that others find its node by its domain, and whether it stands."""

from __future__ import annotations

from hanse.match.whereabouts import (
    RECORDS_MAX,
    Whereabouts,
    document,
    from_records,
    record_line,
    record_name,
    record_text,
)
from hanse.model.errors import BadInput, Conflict, NotFound
from hanse.model.text import Text
from hanse.node.dealing.finding import DOCUMENT, Dns, Names
from hanse.node.gate_url import base_url
from hanse.node.settings import Settings
from hanse.web.views.common import Fact

SAMPLE_DOMAIN = "example.com"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def names_of(settings: Settings) -> Names:
    """Where this node looks names up."""
    return Dns(settings.web.name_server)


def own_whereabouts(settings: Settings, did: str, url: str = "") -> Whereabouts:
    """Who we are and where our node answers.

    Args:
        settings: ``web.public_url`` where it is set.
        did: this firm.
        url: where the gate says it listens; by default host and port of the settings.

    Raises:
        NotFound: no other firm can reach us at an address of ours.
    """
    where = (url or base_url(settings, settings.web.port)).rstrip("/")
    host = where.removeprefix("https://")
    if not where.startswith("https://") or "/" in host:
        raise NotFound(
            "this node has no address of its own that partners could reach",
            subject=where,
            remedy="Set web.public_url in config.toml to https://host:port",
        )
    return Whereabouts(did=did, url=where)


def publishing_facts(settings: Settings, did: str) -> list[Fact]:
    """What an owner puts into the firm's domain, for our own page."""
    try:
        where = own_whereabouts(settings, did)
    except NotFound:
        return []
    domain = settings.web.domain or SAMPLE_DOMAIN
    record = f"{record_name(domain)} TXT {record_text(where)}"
    page = f"https://{domain}{DOCUMENT}: {{did, url}}"
    return [
        Fact(
            Text("To be found by your domain: DNS record", "供他人按域名查找:DNS 记录"),
            _same(record),
        ),
        Fact(Text("or a document on your website", "或网站上的文件"), _same(page), DOCUMENT),
    ]


def _same(text: str) -> Text:
    return Text(text, text)


def to_publish(settings: Settings, did: str) -> str:
    """The line of the zone file and the document, for the command line."""
    where = own_whereabouts(settings, did)
    domain = settings.web.domain or SAMPLE_DOMAIN
    return f"{record_line(domain, where)}\nor on the website {DOCUMENT}: {document(where).decode()}"


def is_reached(settings: Settings) -> bool:
    """Whether an owner gave an address, or others than this machine may reach where we listen."""
    return bool(settings.web.public_url) or settings.web.host not in LOOPBACK


async def check_published(settings: Settings, did: str, names: Names) -> str:
    """What the domain of the settings says of us.

    Raises:
        NotFound: the record is not there.
        Conflict: it says something else than this node is.
        Unreachable, BadMessage: no name server answers, or the record cannot be read.
    """
    where, domain = own_whereabouts(settings, did), settings.web.domain
    texts = await names.texts(record_name(domain))
    try:
        found = from_records(texts[:RECORDS_MAX], domain=domain)
    except BadInput as error:
        raise Conflict(error.what, subject=error.subject, remedy=_publish(domain, where)) from error
    if found is None:
        raise NotFound("no such TXT record", subject=domain, remedy=_publish(domain, where))
    if found != where:
        raise Conflict(
            f"the domain's record names {found.did} at {found.url}",
            subject=record_name(domain),
            remedy=_publish(domain, where),
        )
    return f"{record_name(domain)} leads here"


def _publish(domain: str, where: Whereabouts) -> str:
    return f"Publish: {record_line(domain, where)}"
