"""The application: doors first, then pages and API."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ControllerRouterHandler

from hanse.web.desk import Desk
from hanse.web.doors.guard import door
from hanse.web.doors.headers import header_writer
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.rates import Rates
from hanse.web.drawing.paper import Paper
from hanse.web.ports import Ports
from hanse.web.problems import answer_error
from hanse.web.routes import HANDLERS
from hanse.web.settings import FORM_BODY_MAX, WebSettings

__all__ = ["create_app"]


def create_app(ports: Ports, settings: WebSettings) -> Litestar:
    """The node's web application (ASGI).

    Args:
        ports: read models and commands; asked at each request, nothing is kept.
        settings: how the node is reached, lifetimes, rates.
    """
    return with_handlers(ports, settings, HANDLERS)


def with_handlers(
    ports: Ports, settings: WebSettings, handlers: Sequence[ControllerRouterHandler]
) -> Litestar:
    """The same doors before other handlers: how tests try them."""
    desk = Desk(ports=ports, settings=settings, paper=Paper(ports.firm), rates=Rates(ports.clock))
    return Litestar(
        route_handlers=[*handlers],
        guards=[door],
        exception_handlers={Exception: answer_error},
        before_send=[header_writer(hsts=settings.hsts and settings.secure)],
        request_max_body_size=FORM_BODY_MAX,
        openapi_config=_schema(ports.firm.version),
        logging_config=None,
        state=State({"desk": desk}, deep_copy=False),
        debug=False,
        pdb_on_exception=False,
    )


def _schema(version: str) -> OpenAPIConfig:
    """The OpenAPI document: for those who are signed in."""
    return OpenAPIConfig(
        title="Hanse",
        version=version,
        use_handler_docstrings=True,
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        openapi_router=Router("/schema", route_handlers=[], opt=needs(Permission.SELF)),
    )
