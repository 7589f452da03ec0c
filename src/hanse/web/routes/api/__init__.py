"""The JSON API under ``/api/v1``: the same read models and commands as the pages.

In: requests with a token (or a session of our own pages), bounded parameters, JSON bodies. Out:
the Structs of `hanse.web.views` as JSON; every refusal is problem+json with a reason and what to
do in English and Chinese, and is documented at ``/schema/openapi.json``.
Limits: ``ROWS_MAX`` rows a list, ``POINTS_MAX`` points a line, bodies as in `hanse.web.settings`.
"""

from litestar import Router

from hanse.web.routes.api import (
    alarms,
    clearing,
    firm,
    life,
    losses,
    notices,
    planning,
    plant,
    ripples,
    rules,
    setting,
    trade,
)

ROUTER = Router(
    "/api/v1",
    route_handlers=[
        *alarms.HANDLERS,
        *clearing.HANDLERS,
        *firm.HANDLERS,
        *life.HANDLERS,
        *losses.HANDLERS,
        *notices.HANDLERS,
        *planning.HANDLERS,
        *plant.HANDLERS,
        *ripples.HANDLERS,
        *rules.HANDLERS,
        *setting.HANDLERS,
        *trade.HANDLERS,
    ],
    tags=["v1"],
)
HANDLERS = (ROUTER,)
