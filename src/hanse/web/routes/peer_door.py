"""The door for other firms' nodes: bytes in, bytes out; the message itself is signed."""

from __future__ import annotations

from litestar import Response, get, post

from hanse.model.errors import TooMuch
from hanse.web.desk import desk_of
from hanse.web.doors.guard import address_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.reading import Asked
from hanse.web.settings import PEER_BODY_MAX, WORD_BODY_MAX
from hanse.web.views.running import PeerAnswer


@post(
    "/peer/v1/inbox",
    opt=needs(Permission.PEER),
    include_in_schema=False,
    request_max_body_size=PEER_BODY_MAX,
)
async def inbox(request: Asked) -> Response[bytes]:
    """One message of another firm; answered by a signed acknowledgement."""
    body = await request.body()
    if len(body) > PEER_BODY_MAX:
        raise TooMuch(f"at most {PEER_BODY_MAX} bytes", code="too-large")
    return _out(await desk_of(request).ports.door.receive(body, address=address_of(request)))


@post(
    "/peer/v1/files",
    opt=needs(Permission.PEER),
    include_in_schema=False,
    request_max_body_size=WORD_BODY_MAX,
    status_code=200,
)
async def file(request: Asked) -> Response[bytes]:
    """A piece of a file that lies ready for the firm that asks; its word is signed."""
    return _out(await desk_of(request).ports.door.file(await request.body()))


@get("/.well-known/hanse-profile", opt=needs(Permission.PEER), include_in_schema=False)
async def profile(request: Asked) -> Response[bytes]:
    """The signed profile of this firm."""
    return _out(await desk_of(request).ports.door.profile())


@get("/.well-known/hanse", opt=needs(Permission.PEER), include_in_schema=False)
async def whereabouts(request: Asked) -> Response[bytes]:
    """Who this firm is and where its node answers."""
    return _out(await desk_of(request).ports.door.whereabouts())


@get("/.well-known/did.json", opt=needs(Permission.PEER), include_in_schema=False)
async def did_document(request: Asked) -> Response[bytes]:
    """The did:web document of the firm's domain."""
    return _out(await desk_of(request).ports.door.did_document())


@get("/.well-known/hanse/profiles", opt=needs(Permission.PEER), include_in_schema=False)
async def profiles(request: Asked) -> Response[bytes]:
    """Signed profiles that this node passes on."""
    return _out(await desk_of(request).ports.door.profiles())


def _out(answer: PeerAnswer) -> Response[bytes]:
    return Response(answer.body, status_code=answer.status, media_type=answer.media_type)


HANDLERS = (inbox, file, profile, whereabouts, did_document, profiles)
