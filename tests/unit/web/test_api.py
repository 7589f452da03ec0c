"""The JSON API: what it answers fits its document, and what it refuses says why."""

import json
import re
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from litestar.testing import TestClient
from tests.unit.web import samples as s
from tests.unit.web.fakes import ports
from tests.unit.web.visitors import BASE, add_user, admit, token_for
from tools.api_table import PAGE, renewed

from hanse.web import WebSettings, create_app
from hanse.web.drawing.frames import FRAME_POINTS_MAX, empty, pack, since, unpack
from hanse.web.settings import PEER_BODY_MAX
from hanse.web.views.plant import Series

NAMES = {
    "/api/v1/machines/{name}": "lathe-1",
    "/api/v1/machines/{name}/shift": "lathe-1",
    "/api/v1/machines/{name}/setting": "lathe-1",
    "/api/v1/life/{name}": "lathe-1",
    "/api/v1/loops/{name}": s.LOOPS[0].id,
    "/api/v1/events/{name}/causes": s.EVENTS[7].id,
    "/api/v1/connections/{name}": "plant",
    "/api/v1/imports/{name}": s.REPORT.id,
    "/api/v1/rfqs/{name}": s.RFQ.id,
    "/api/v1/ripples/{name}": s.RIPPLE.row.id,
    "/api/v1/trade-orders/{name}": s.TRADE_ORDER.id,
    "/api/v1/ledgers/{name}": "pump",
    "/api/v1/peers/{name}": s.DID_SHOP,
    "/api/v1/plan/versions/{number}/changes": "17",
    "/api/v1/orders/{name}": "wo-2207",
    "/api/v1/orders/{name}/why": "wo-2207",
    "/api/v1/machines/{name}/relief": "lathe-1",
    "/api/v1/plan/promise": "?item=shaft-40&quantity=20",
    "/api/v1/alarms/one": "?alarm=alarm-0001",
    "/api/v1/rules/file": "?key=lathe-load-too-high",
    "/api/v1/history": "?ids=1,2&start=2026-03-09T08:00:00Z&end=2026-03-09T09:00:00Z",
}
HISTORY = "/api/v1/history?ids=1&start=2026-03-09T08:00:00Z&end=2026-03-09T09:00:00Z"


@pytest.fixture(scope="module")
def document():
    app = create_app(ports(), WebSettings(base_url=BASE))
    return json.loads(json.dumps(app.openapi_schema.to_schema(), default=str))


@pytest.fixture(scope="module")
def caller():
    made = ports()
    settings = WebSettings(base_url=BASE, api_per_min=100_000)
    with TestClient(create_app(made, settings), base_url=BASE) as client:
        client.ports = made
        yield admit(client, "owner")


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in {"get", "post"} and path.startswith("/api/"):
                yield path, method, operation


def test_every_answer_of_every_list_and_thing_fits_the_document(document, caller):
    for path, method, operation in operations(document):
        if method != "get" or path.endswith("/file"):
            continue
        named = NAMES.get(path, "")
        url = re.sub(r"\{\w+\}", named, path) if "{" in path else path + named
        answer = caller.get(url)
        assert answer.status_code == 200, (path, answer.text[:300])
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": document["components"]}
        errors = list(Draft202012Validator(whole).iter_errors(answer.json()))
        assert errors == [], (path, errors[:2])


def test_every_parameter_and_field_that_comes_in_is_bounded(document):
    loose = []
    for path, _, operation in operations(document):
        for parameter in operation.get("parameters", []):
            loose += [f"{path} {parameter['name']}"] * is_loose(parameter["schema"])
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        reference = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
        fields = document["components"]["schemas"].get(reference, {}).get("properties", {})
        loose += [f"{path} {name}" for name, field in fields.items() if is_loose(field)]
    assert loose == []


def is_loose(schema):
    if "oneOf" in schema:
        outer = {key: value for key, value in schema.items() if key != "oneOf"}
        ones = [one for one in schema["oneOf"] if one.get("type") != "null"]
        return any(is_loose({**outer, **one}) for one in ones)
    kind = schema.get("type")
    if kind == "string":
        return not ({"maxLength", "pattern", "enum", "const", "format"} & set(schema))
    if kind in {"integer", "number"}:
        return not ({"maximum", "exclusiveMaximum"} & set(schema))
    if kind == "array":
        return "maxItems" not in schema
    return False


def test_every_operation_documents_its_refusals_and_says_what_it_does(document):
    for path, _, operation in operations(document):
        assert operation["description"], path
        for status in ("400", "401", "403", "404", "409", "429"):
            kinds = operation["responses"][status]["content"]
            assert list(kinds) == ["application/problem+json"], path


@pytest.mark.parametrize(
    "body",
    [b"{", b"[" * 100_000, b'{"hours": NaN, "reason": "x"}', b'{"hours": 1e999, "reason": "x"}',
     b'{"hours": 1}', b'{"hours": -1, "reason": "x"}', b'{"hours": "1", "reason": 5}', b"\xff\xfe",
     b'{"hours": 1, "reason": "\\ud800"}', b"null", b'{"hours": true, "reason": "x"}'],
)  # fmt: skip
def test_a_broken_body_is_a_bad_input_with_a_reason_in_both_languages(caller, body):
    answer = caller.post(
        "/api/v1/alarms/act",
        content=body,
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 400, answer.text[:200]
    problem = answer.json()
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert problem["reason"]["zh"]
    assert problem["remedy"]["en"]


@pytest.mark.parametrize(
    "query",
    [
        "ids=1",
        "ids=a",
        "ids=1&start=x&end=y",
        "ids=1&start=2026-03-09T08:00:00&end=2026-03-09T09:00:00",
        "ids=1&start=2026-03-09T09:00:00Z&end=2026-03-09T08:00:00Z",
        "ids=1&start=2026-03-09T08:00:00Z&end=2026-03-09T09:00:00Z&points=1000000",
        "ids=1&start=0001-01-01T00:00:00Z&end=9999-12-31T00:00:00Z",
    ],
)
def test_a_span_that_cannot_be_is_refused(caller, query):
    assert caller.get(f"/api/v1/history?{query}").status_code == 400


def test_history_has_null_where_there_is_a_gap(caller):
    answer = caller.get(HISTORY).json()
    assert len(answer["t_s"]) == len(answer["values"][0])
    assert None in answer["values"][0]


@pytest.mark.parametrize("limit", ["0", "501", "-1", "9" * 30, "x"])
def test_a_list_is_never_longer_than_its_limit_allows(caller, limit):
    assert caller.get(f"/api/v1/loops?limit={limit}").status_code == 400


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers() | st.none()))
@settings(max_examples=30, deadline=None)
def test_any_json_is_answered_and_never_an_error_of_ours(body):
    made = ports()
    with TestClient(create_app(made, WebSettings(base_url=BASE)), base_url=BASE) as client:
        client.ports = made
        answer = admit(client, "owner").post("/api/v1/rfqs", json=body)
    assert answer.status_code == 400


def test_a_program_asks_agrees_and_is_written_down(node):
    add_user(node, "owner")
    token = token_for(node, "buyer", "trade.act", "approvals.decide")
    body = {"item": "shaft-40", "quantity": "40", "due": "2026-03-11T12:00:00Z"}
    assert node.post("/api/v1/rfqs", json=body, headers=token).status_code == 200
    path = f"/api/v1/approvals/{s.APPROVAL.id}"
    assert node.post(path, json={"choice": None}, headers=token).status_code == 200
    assert "approval.decided" in [entry.what for entry in node.ports.audit.entries]


@pytest.mark.parametrize("quantity", ["0", "-1", "1e9", "NaN", "0.0000001", "٣", ""])
def test_a_quantity_is_a_plain_decimal_over_nought(caller, quantity):
    body = {"item": "shaft-40", "quantity": quantity, "due": "2026-03-11T12:00:00Z"}
    assert caller.post("/api/v1/rfqs", json=body).status_code == 400


def test_other_firms_hand_bytes_in_and_get_bytes_back(node):
    add_user(node, "owner")
    answer = node.post("/peer/v1/inbox", content=b"signed.message")
    assert (answer.status_code, answer.content) == (200, b"ack:signed.message")
    assert node.get("/.well-known/hanse-profile").content == b"signed.profile.bytes"


def test_a_message_over_the_cap_is_refused_before_it_is_read(node):
    add_user(node, "owner")
    answer = node.post("/peer/v1/inbox", content=b"x" * (PEER_BODY_MAX + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_other_firms_have_a_rate_of_their_own():
    made = ports()
    few = WebSettings(base_url=BASE, peer_per_min=3)
    with TestClient(create_app(made, few), base_url=BASE) as client:
        client.ports = made
        add_user(client, "owner")
        codes = [client.post("/peer/v1/inbox", content=b"x").status_code for _ in range(4)]
        assert codes == [200, 200, 200, 429]
        assert client.get("/login").status_code == 200


def test_lines_come_as_frames_first_what_was_then_what_is(node):
    client = admit(node, "technician")
    with client.websocket_connect("/live/signals?ids=1,2&back_s=60") as socket:
        was = unpack(socket.receive_bytes(), (1, 2))
        live = unpack(socket.receive_bytes(), (1, 2))
    assert len(was.t_s) == 600
    assert len(live.t_s) == 50


def test_a_socket_from_another_site_is_refused(node):
    client = admit(node, "technician")
    client.headers["origin"] = "https://evil.sample"
    with (
        pytest.raises(Exception, match=r"."),
        client.websocket_connect("/live/signals?ids=1") as socket,
    ):
        socket.receive_bytes()


@given(st.integers(0, 300), st.integers(1, 5))
def test_a_frame_says_what_was_put_into_it(count, columns):
    t_s = np.arange(count, dtype=np.float64)
    values = tuple(np.full(count, at, np.float32) for at in range(columns))
    signals = tuple(range(columns))
    message = pack(Series(signals=signals, t_s=t_s, values=values))
    assert len(message) == 8 + count * (8 + 4 * columns) * bool(count)
    assert struct.unpack_from("<II", message) == (count, 0)
    back = unpack(message, signals)
    assert np.array_equal(back.t_s, t_s)
    assert all(np.array_equal(a, b) for a, b in zip(back.values, values, strict=True))


def test_a_frame_holds_the_newest_points_at_its_limit():
    series = s.series((1,), 0.0, FRAME_POINTS_MAX + 5)
    back = unpack(pack(series), (1,))
    assert len(back.t_s) == FRAME_POINTS_MAX
    assert back.t_s[-1] == series.t_s[-1]


def test_what_was_seen_is_not_sent_again():
    series = s.series((1,), 0.0, 10)
    assert len(since(series, series.t_s[4]).t_s) == 5
    assert len(empty((1, 2)).values) == 2


def test_the_reference_page_lists_every_address():
    text = PAGE.read_text()
    assert renewed(text) == text


def test_an_undeclared_method_is_told_which_there_are(caller):
    answer = caller.request("DELETE", "/api/v1/alarms/act")
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]


def test_a_field_that_nobody_asked_for_is_refused(caller):
    body = {"alarm": "alarm-0001", "deed": "acknowledge", "acknowledged_by": "someone else"}
    assert caller.post("/api/v1/alarms/act", json=body).status_code == 400
