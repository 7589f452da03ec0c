"""How the doors are set: addresses, lifetimes, limits."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from hanse.model.errors import BadConfig

FORM_BODY_MAX = 256 * 1024
IMPORT_BODY_MAX = 20 * 1024 * 1024
PEER_BODY_MAX = 1024 * 1024
PUSH_BODY_MAX = 2 * 1024 * 1024
CHOICE_BODY_MAX = 4 * 1024 * 1024
WORD_BODY_MAX = 8 * 1024
FILE_BODY_MAX = 21 * 1024 * 1024
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class WebSettings(Struct, frozen=True, kw_only=True):
    """Settings of the cockpit.

    ``base_url`` is how browsers reach this node; it is the only source of links and of the
    origin that may change things, never a request's header. Plain ``http`` is accepted on
    loopback alone. ``origins`` adds further ones (a name beside an address).
    """

    base_url: Annotated[str, Meta(max_length=200, description="https://name:port of the node")]
    origins: Annotated[tuple[str, ...], Meta(max_length=10)] = ()
    idle_h: Annotated[int, Meta(ge=1, le=72)] = 12
    session_days: Annotated[int, Meta(ge=1, le=30)] = 7
    phone_days: Annotated[int, Meta(ge=1, le=365)] = 90
    claim_min: Annotated[int, Meta(ge=1, le=1_440)] = 30
    enrol_min: Annotated[int, Meta(ge=1, le=60)] = 10
    api_per_min: Annotated[int, Meta(ge=1, le=100_000)] = 600
    peer_per_min: Annotated[int, Meta(ge=1, le=1_000_000)] = 600
    device_per_min: Annotated[int, Meta(ge=1, le=1_000_000)] = 1_200
    login_per_min: Annotated[int, Meta(ge=1, le=1_000)] = 5
    login_address_per_min: Annotated[int, Meta(ge=1, le=1_000)] = 20
    hsts: bool = False
    open_docs: bool = False

    def __post_init__(self) -> None:
        url = urlsplit(self.base_url)
        if url.scheme not in {"http", "https"} or not url.hostname:
            raise BadConfig("not an address", subject=self.base_url, remedy="Write https://host:1")
        if url.scheme == "http" and url.hostname not in LOOPBACK:
            raise BadConfig(
                "plain http is for this machine only",
                subject=self.base_url,
                remedy="Use https, or 127.0.0.1",
            )

    @property
    def secure(self) -> bool:
        """Whether the node is reached over TLS."""
        return self.base_url.startswith("https:")

    @property
    def origin(self) -> str:
        """Scheme, host and port of the node's own pages."""
        url = urlsplit(self.base_url)
        return f"{url.scheme}://{url.netloc}"

    @property
    def cookie(self) -> str:
        """Name of the session cookie; browsers share cookies between ports, so it names its own."""
        port = urlsplit(self.base_url).port or (443 if self.secure else 80)
        return f"__Host-hanse-{port}" if self.secure else f"hanse-{port}"

    def is_own(self, origin: str) -> bool:
        """Whether an Origin header names this node."""
        return origin == self.origin or origin in self.origins
