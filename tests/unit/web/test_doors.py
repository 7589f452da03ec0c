"""The way in, and what stays out."""

import asyncio
import datetime as dt

import pytest
from tests.unit.web.visitors import (
    BASE,
    COOKIE,
    HTML,
    OWN,
    add_user,
    admit,
    session_for,
    token_for,
)

from hanse.model.door import Role
from hanse.model.errors import BadConfig
from hanse.web import WebSettings
from hanse.web.doors.links import make_claim_link, make_enrol_link
from hanse.web.doors.secrets import hash_of

PASSWORD = "four plain words here"
SETTINGS = WebSettings(base_url=BASE)


def claim_path(node):
    link = make_claim_link(node.ports.accounts, clock=node.ports.clock, settings=SETTINGS)
    return asyncio.run(link).removeprefix(BASE)


def claim_form(**more):
    return {"name": "ada", "title": "Ada", "password": PASSWORD, "again": PASSWORD, **more}


def claimed(node):
    node.post(claim_path(node), data=claim_form(), headers=OWN, follow_redirects=False)
    node.cookies.clear()
    return node


def test_before_it_is_claimed_a_node_answers_health_and_nothing_else(node):
    assert node.get("/healthz").status_code == 200
    for path in ("/", "/login", "/readyz", "/metrics", "/schema/openapi.json"):
        answer = node.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "unclaimed"), path


def test_the_claim_link_makes_the_first_owner_and_signs_in(node):
    path = claim_path(node)
    assert "Claim this node" in node.get(path, headers=HTML).text
    answer = node.post(path, data=claim_form(), headers=OWN, follow_redirects=False)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie
    assert asyncio.run(node.ports.accounts.user("ada")).role is Role.OWNER


def test_a_claim_link_works_once(node):
    path = claim_path(node)
    node.post(path, data=claim_form(), headers=OWN, follow_redirects=False)
    again = node.post(path, data=claim_form(name="eve"), headers=OWN, follow_redirects=False)
    assert (again.status_code, again.json()["code"]) == (410, "used-link")
    assert asyncio.run(node.ports.accounts.user("eve")) is None


def test_a_claim_link_lapses(node):
    path = claim_path(node)
    node.ports.clock.advance(SETTINGS.claim_min * 60 + 1)
    assert node.get(path).json()["code"] == "used-link"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password-length"),
        ("1234567890", "password-common"),
        ("ada-2026-!!", "password-common"),
        ("aaaaaaaaaaaa", "password-common"),
        ("abcdefghijkl", "password-common"),
    ],
)
def test_a_guessable_password_is_refused_and_leaves_the_link_good(node, password, code):
    path = claim_path(node)
    form = claim_form(password=password, again=password)
    refused = node.post(path, data=form, headers=OWN | HTML, follow_redirects=False)
    assert refused.status_code == 400
    good = node.post(path, data=claim_form(), headers=OWN, follow_redirects=False)
    assert good.status_code == 303


def test_the_right_password_opens_a_session_and_a_wrong_one_does_not(node):
    claimed(node)
    wrong = node.post("/login", data={"name": "ada", "password": "no"}, headers=OWN)
    assert wrong.status_code == 401
    right = node.post(
        "/login", data={"name": "ada", "password": PASSWORD}, headers=OWN, follow_redirects=False
    )
    assert right.status_code == 303
    secret = right.cookies[COOKIE]
    assert asyncio.run(node.ports.accounts.session(hash_of(secret))).user == "ada"
    assert [e.what for e in node.ports.audit.entries] == [
        "node.claimed",
        "login.failed",
        "login.done",
    ]


def test_tries_of_one_account_are_few_a_minute(node):
    claimed(node)
    codes = [
        node.post("/login", data={"name": "ada", "password": "no"}, headers=OWN).status_code
        for _ in range(SETTINGS.login_per_min + 1)
    ]
    assert codes == [401] * SETTINGS.login_per_min + [429]
    node.ports.clock.advance(61)
    assert (
        node.post("/login", data={"name": "ada", "password": PASSWORD}, headers=OWN).status_code
        == 200
    )


def test_signing_in_never_leads_to_another_site(node):
    claimed(node)
    for path in ("https://evil.sample/", "//evil.sample", "/\\evil.sample"):
        answer = node.post(
            "/login",
            data={"name": "ada", "password": PASSWORD, "next": path},
            headers=OWN,
            follow_redirects=False,
        )
        assert answer.headers["location"] == "/"


def test_nobody_is_sent_to_sign_in_and_a_program_is_told(node):
    claimed(node)
    page = node.get("/loops", headers=HTML, follow_redirects=False)
    assert page.status_code in {302, 303, 307, 404}
    home = node.get("/", headers=HTML, follow_redirects=False)
    assert home.headers["location"] == "/login?next=/"
    assert node.get("/").json()["code"] == "not-signed-in"


@pytest.mark.parametrize("idle", [True, False])
def test_a_session_ends_when_idle_or_old(node, idle):
    add_user(node, "owner")
    secret = session_for(node, add_user(node, "planner"))
    headers = {"cookie": f"{COOKIE}={secret}"}
    assert node.get("/", headers=headers).status_code == 200
    hours = SETTINGS.idle_h if idle else SETTINGS.session_days * 24
    node.ports.clock.advance(hours * 3_600 + 1)
    assert node.get("/", headers=headers).status_code == 401
    assert asyncio.run(node.ports.accounts.session(hash_of(secret))) is None


def test_a_disabled_user_is_out_at_once(node):
    add_user(node, "owner")
    secret = session_for(node, add_user(node, "planner"))
    add_user(node, "planner", enabled=False)
    assert node.get("/", headers={"cookie": f"{COOKIE}={secret}"}).status_code == 401


def test_a_phone_is_enrolled_by_a_link_that_a_preview_does_not_use_up(node):
    add_user(node, "owner")
    add_user(node, "technician")
    link = make_enrol_link(
        node.ports.accounts, "technician", kind="phone", clock=node.ports.clock, settings=SETTINGS
    )
    path = asyncio.run(link).removeprefix(BASE)
    assert node.get(path).status_code == 200
    assert node.get(path).status_code == 200
    done = node.post(path, headers=OWN, follow_redirects=False)
    session = asyncio.run(node.ports.accounts.session(hash_of(done.cookies[COOKIE])))
    assert (session.user, session.kind) == ("technician", "phone")
    assert session.expires_at - session.created_at == dt.timedelta(days=SETTINGS.phone_days)
    assert node.post(path, headers=OWN).status_code == 410


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": "https://evil.sample"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
     {"origin": BASE, "sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
     {"origin": "http://one.sample:8443"}],
)  # fmt: skip
def test_a_change_that_does_not_come_from_our_own_pages_is_refused(node, headers):
    admit(node, "owner")
    for name in OWN:
        node.headers.pop(name)
    answer = node.post("/logout", headers=headers, follow_redirects=False)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign-origin")


def test_a_token_may_what_its_role_and_its_scopes_both_allow(node):
    add_user(node, "owner")
    full = token_for(node, "planner", "home.read")
    assert node.get("/", headers=full).status_code == 200
    wide = token_for(node, "auditor", "home.read", "people")
    assert node.get("/", headers=wide).status_code == 403
    none = token_for(node, "technician")
    assert node.get("/", headers=none).status_code == 403


def test_a_token_lapses(node):
    add_user(node, "owner")
    headers = token_for(node, "planner", "home.read", days=1)
    node.ports.clock.advance(86_401)
    assert node.get("/", headers=headers).status_code == 401


def test_figures_are_for_loopback_or_those_who_may(node):
    add_user(node, "owner")
    assert node.get("/metrics").status_code == 401
    assert b"hanse_samples_total" in admit(node, "owner").get("/metrics").content


def test_every_answer_carries_the_headers_even_a_missing_page(node):
    for path in ("/healthz", "/nowhere", "/login"):
        headers = node.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "unsafe" not in headers["content-security-policy"]


def test_a_body_over_the_limit_is_refused(node):
    admit(node, "owner")
    answer = node.post("/language", content=b"x" * 300_000, headers=OWN)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_an_error_inside_tells_nothing_to_the_outside(node):
    admit(node, "owner")

    async def fail():
        raise RuntimeError("the secret is 42")

    node.ports.machines.rows = fail
    answer = node.get("/")
    assert (answer.status_code, answer.json()["code"]) == (500, "error")
    assert "42" not in answer.text


def test_plain_http_is_for_loopback_alone():
    assert not WebSettings(base_url="http://127.0.0.1:8101").secure
    with pytest.raises(BadConfig):
        WebSettings(base_url="http://10.0.0.5:8101")


def test_nodes_on_one_machine_do_not_share_a_cookie():
    one, two = (WebSettings(base_url=f"http://127.0.0.1:{port}") for port in (8101, 8102))
    assert one.cookie != two.cookie
