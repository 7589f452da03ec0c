"""Style sheets, scripts and icons: read once, addressed by their hash, kept for ever."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath

from hanse.model.errors import NotFound
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.reading import Asked

MEDIA = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}
FOR_EVER = "public, max-age=31536000, immutable"


@get("/static/{digest:str}/{path:path}", opt=needs(Permission.OPEN), include_in_schema=False)
async def static(request: Asked, digest: FromPath[str], path: FromPath[str]) -> Response[bytes]:
    """One of our own files; an older digest is answered too, but not kept."""
    paper = desk_of(request).paper
    name = path.removeprefix("/")
    media = MEDIA.get(name.rpartition(".")[2])
    if media is None or name not in paper.files:
        raise NotFound("no such file", subject=name[:80])
    keep = FOR_EVER if digest == paper.digest else "no-cache"
    return Response(paper.files[name], media_type=media, headers={"cache-control": keep})


@get("/favicon.ico", opt=needs(Permission.OPEN), include_in_schema=False)
async def favicon(request: Asked) -> Response[bytes]:
    """The mark of the project."""
    content = desk_of(request).paper.files["mark.svg"]
    return Response(content, media_type="image/svg+xml", headers={"cache-control": "max-age=86400"})


HANDLERS = (static, favicon)
