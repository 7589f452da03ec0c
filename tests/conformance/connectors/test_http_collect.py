"""HTTP poll: times, logins, answers that are no answers."""

import http.server
import json
import threading

import pytest
from tests.conformance.connectors.builders import (
    KeptSink,
    a_bind,
    a_collector,
    a_world,
    running,
    until,
)

from hanse.collect.connectors.http.config import HttpConfig, from_url
from hanse.model.time import parse_instant, to_ns


@pytest.fixture
def serve():
    """A server that answers with what it is told to; the headers it saw are kept."""

    class Door(http.server.BaseHTTPRequestHandler):
        status, body, seen = 200, b"", []

        def do_GET(self):
            Door.seen.append(dict(self.headers))
            self.send_response(Door.status)
            self.send_header("Content-Length", str(len(Door.body)))
            self.end_headers()
            self.wfile.write(Door.body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    Door.url = f"http://127.0.0.1:{server.server_port}/api"
    yield Door
    server.shutdown()
    thread.join()
    server.server_close()


async def test_the_answers_own_time_is_kept_and_a_login_is_shown(serve, tmp_path):
    serve.body = json.dumps({"ts": "2026-03-01T10:00:00Z", "v": 3}).encode()
    settings = HttpConfig(url=serve.url, token="secret:api", time_path="ts", poll_s=0.05)
    world, sink = a_world(tmp_path, secrets={"api": "abc"}), KeptSink()
    collector = a_collector("http", settings, [a_bind(1, "v")], world=world, sink=sink)
    async with running(collector):
        await until(lambda: sink.values(1))
    assert {a for _, a, _, _, _ in sink.rows()} == {to_ns(parse_instant("2026-03-01T10:00:00Z"))}
    assert serve.seen[0]["Authorization"] == "Bearer abc"


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [(401, b"", "login"), (302, b"", "unreachable"), (500, b"x", "unreachable"),
     (200, b"<html>", "bad-input"), (200, b"[" * 100_000, "bad-input")],
)  # fmt: skip
async def test_an_answer_that_is_none_is_told_with_what_to_do(serve, tmp_path, status, body, code):  # noqa: PLR0917
    serve.status, serve.body = status, body
    settings = HttpConfig(url=serve.url, poll_s=0.05)
    collector = a_collector(
        "http", settings, [a_bind(1, "v")], world=a_world(tmp_path), sink=KeptSink()
    )
    async with running(collector):
        await until(lambda: collector.diagnostics().last_error)
        assert collector.diagnostics().last_error.code == code
        assert collector.diagnostics().last_error.remedy


def test_a_url_with_a_login_keeps_the_login_out_of_the_address():
    settings = from_url("https://ann:pw@host:8443/api?x=1")
    assert (settings.url, settings.user) == ("https://host:8443/api?x=1", "ann")
