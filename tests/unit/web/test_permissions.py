"""Every route declares what it needs; who may what is held against a table kept by hand."""

import re
import tomllib
from pathlib import Path

import pytest
from litestar import get
from litestar.testing import TestClient
from tests.unit.web.fakes import ports
from tests.unit.web.visitors import BASE, admit

from hanse.model.door import Role
from hanse.web import WebSettings, create_app
from hanse.web.app import with_handlers
from hanse.web.doors.permissions import DOOR, ROLES, SCOPES, Permission

GOLDEN = tomllib.loads((Path(__file__).parent / "matrix.toml").read_text())
LETTERS = {
    "o": Role.OWNER,
    "p": Role.PLANNER,
    "t": Role.TECHNICIAN,
    "b": Role.BUYER,
    "r": Role.OPERATOR,
    "a": Role.AUDITOR,
    "k": Role.KIOSK,
}


def routes():
    """``METHOD path`` -> the permission it declares."""
    app = create_app(ports(), WebSettings(base_url=BASE))
    found = {}
    for route in app.routes:
        handlers = getattr(route, "route_handlers", None) or [route.route_handler]
        for handler in handlers:
            methods = getattr(handler, "http_methods", None) or {"SOCKET"}
            for method in methods - {"OPTIONS", "HEAD"}:
                found[f"{method} {route.path}"] = handler.opt.get("permission")
    return found


def test_every_route_declares_a_permission():
    assert [path for path, permission in routes().items() if permission is None] == []


def test_what_each_route_needs_is_what_the_table_says():
    found = {path: str(permission) for path, permission in routes().items()}
    assert found == {path: row["needs"] for path, row in GOLDEN["routes"].items()}


def test_who_has_each_permission_is_what_the_table_says():
    found = {
        str(p): "".join(letter for letter, role in LETTERS.items() if p in ROLES[role])
        for p in SCOPES
    }
    assert found == GOLDEN["permissions"]


def fill(path):
    """A path with its parameters filled in by things that do not exist."""
    return re.sub(r"\{\w+:(\w+)\}", lambda m: {"int": "1", "path": "none"}.get(m[1], "none"), path)


@pytest.mark.parametrize("role", [*Role, None])
def test_at_every_route_each_person_is_let_in_or_turned_away_as_the_table_says(role):
    app = create_app(ports(), WebSettings(base_url=BASE))
    with TestClient(app, base_url=BASE) as client:
        client.ports = app.state["desk"].ports
        for line, row in GOLDEN["routes"].items():
            method, path = line.split(" ", 1)
            if method == "SOCKET" or row["needs"] in {"open", "peer", "device"} or "/live" in path:
                continue
            admit(client, role or "owner")
            if role is None:
                client.headers.pop("cookie")
            answer = client.request(method, fill(path), follow_redirects=False)
            assert outcome(answer) == expected(role, row["needs"]), (line, role, answer.text[:200])


def outcome(answer):
    code = answer.json().get("code") if "problem" in answer.headers.get("content-type", "") else ""
    return {"not-signed-in": "who", "not-allowed": "no"}.get(code, "in")


def expected(role, needs):
    permission = Permission(needs)
    if permission is Permission.PUBLIC:
        return "in"
    if role is None:
        return "who"
    if permission is Permission.SELF:
        return "in"
    if permission is Permission.SCRAPE:
        permission = Permission.METRICS_READ
    return "in" if permission in ROLES[role] else "no"


def test_a_route_that_declares_nothing_answers_no_one():
    @get("/forgotten")
    async def forgotten() -> str:
        return "open"

    app = with_handlers(ports(), WebSettings(base_url=BASE), [forgotten])
    with TestClient(app, base_url=BASE) as client:
        client.ports = app.state["desk"].ports
        answer = admit(client, "owner").get("/forgotten")
        assert (answer.status_code, answer.json()["code"]) == (403, "undeclared")


def test_nothing_at_the_door_can_be_given_to_a_token():
    assert not DOOR & set(SCOPES)
