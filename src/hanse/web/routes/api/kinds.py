"""What all API routes share: bounded parameters and documented refusals."""

from __future__ import annotations

from typing import Annotated, Any

from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter
from msgspec import Meta, Struct

from hanse.web.doors.permissions import Permission, needs
from hanse.web.problems import Problem
from hanse.web.views.common import VALUE_MAX

ROWS_MAX = 500
POINTS_MAX = 5_000
DEED_VALUES_MAX = 40

Limit = Annotated[int, QueryParameter(ge=1, le=ROWS_MAX, description="Rows at most")]
Name = Annotated[str, PathParameter(min_length=1, max_length=200)]
REFUSALS = {
    400: "A value cannot be used",
    401: "Nobody is signed in, or the token is unknown or has lapsed",
    403: "The role or the token's scopes do not allow this, or the node has no owner yet",
    404: "There is no such thing",
    405: "The address does not do that",
    409: "The thing is not in a state in which this can be done",
    413: "The body is too large",
    429: "Too many calls within a minute",
    502: "Another side does not answer",
}


class DeedForm(Struct, frozen=True, forbid_unknown_fields=True):
    """A deed by its name, with the values of its fields."""

    deed: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    values: Annotated[
        dict[
            Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")],
            Annotated[str, Meta(max_length=VALUE_MAX)],
        ],
        Meta(max_length=DEED_VALUES_MAX),
    ] = {}


def route(permission: Permission) -> dict[str, Any]:
    """Keyword arguments of a route: its permission, its status 200, its documented refusals."""
    return {"opt": needs(permission), "responses": refusals(), "status_code": 200}


def refusals() -> dict[int, ResponseSpec]:
    """Every refusal a route may answer with, as problem+json."""
    return {
        status: ResponseSpec(
            data_container=Problem,
            description=text,
            generate_examples=False,
            media_type="application/problem+json",
        )
        for status, text in REFUSALS.items()
    }


__all__ = [
    "POINTS_MAX",
    "ROWS_MAX",
    "DeedForm",
    "Limit",
    "Name",
    "refusals",
    "route",
]
