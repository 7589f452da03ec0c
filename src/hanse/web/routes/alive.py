"""Whether the node is alive and ready, and its figures."""

from __future__ import annotations

from litestar import Response, get

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.reading import Asked, page
from hanse.web.views.running import Readiness


@get("/healthz", opt=needs(Permission.OPEN), include_in_schema=False)
async def healthz() -> dict[str, str]:
    """Alive: the only answer besides the claim page before the node has an owner."""
    return {"status": "alive"}


@get("/readyz", opt=needs(Permission.PUBLIC), include_in_schema=False)
async def readyz(request: Asked) -> Response[dict[str, bool]] | Response[Readiness]:
    """Ready or not; the reasons only for those who may see them."""
    ready = await desk_of(request).ports.health.ready()
    status = 200 if ready.ok else 503
    if request.user.may(Permission.HEALTH_READ):
        return Response(ready, status_code=status)
    return Response({"ready": ready.ok}, status_code=status)


@get("/metrics", opt=needs(Permission.SCRAPE), include_in_schema=False)
async def metrics(request: Asked) -> Response[bytes]:
    """Figures in Prometheus' text form: from loopback, or with metrics.read."""
    body = await desk_of(request).ports.health.metrics()
    return Response(body, media_type="text/plain; version=0.0.4")


@get("/health", opt=needs(Permission.HEALTH_READ), include_in_schema=False)
async def health(request: Asked) -> Response[str]:
    """Every check with its reason and what to do."""
    ready = await desk_of(request).ports.health.ready()
    return page(request, "health.html", ready=ready)


HANDLERS = (healthz, readyz, metrics, health)
