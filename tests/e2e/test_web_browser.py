"""The cockpit in Debian's Chromium: every page, two sizes, two languages, and by hand."""

import os
from pathlib import Path

import pytest
from msgspec import structs
from playwright.sync_api import sync_playwright
from tests.e2e.server import ARGS, CHROMIUM, served
from tests.unit.web import samples
from tests.unit.web.addresses import PAGES

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="needs Debian's chromium: apt-get install chromium"
)
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
PASSWORD = "four plain words here"
SHOTS = os.environ.get("HANSE_SHOTS", "")
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SETTLED_MS = 400 if SHOTS else 40


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def node():
    with served() as made:
        yield made


@pytest.fixture(scope="module")
def state(browser, node):
    """What a browser keeps after the owner has claimed the node."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(node.claim_link)
    page.get_by_label("Your name").fill("Ada Sample")
    page.get_by_label("Name to sign in with").fill("owner")
    page.get_by_label("Password", exact=False).nth(0).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Claim").click()
    page.wait_for_url(f"{node.base}/chain")
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def visit(browser, node, state):
    return browser, node, state


def failure(request):
    """A request that failed; one that ended because the page was left is none."""
    return [] if request.failure == "net::ERR_ABORTED" else [f"{request.failure} {request.url}"]


def watch(page):
    """Collects what a browser complains about."""
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else 0)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda r: complaints.extend(failure(r)))
    return complaints


def shoot(page, name):
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_fits_and_no_browser_complains(visit, size, language):
    browser, node, state = visit
    context = browser.new_context(viewport=size, locale=language, storage_state=state)
    page = context.new_page()
    complaints = watch(page)
    for path in PAGES:
        page.goto(node.base + path)
        page.wait_for_timeout(SETTLED_MS)
        name = path.strip("/").replace("/", "-").replace("?", "-").replace(":", "") or "today"
        shoot(page, f"{language[:2]}-{size['width']}-{name}")
        assert page.evaluate(OVERFLOW) <= 0, f"{path} is wider than {size['width']} px"
        assert complaints == [], path
    context.close()


def test_a_stranger_signs_in_and_out(browser, node, state):
    context = browser.new_context(locale="en-GB", viewport=PHONE)
    page = context.new_page()
    page.goto(f"{node.base}/plan")
    shoot(page, "en-390-login")
    page.get_by_label("Name").fill("owner")
    page.get_by_label("Password").fill("wrong password here")
    page.get_by_role("button", name="Sign in").click()
    assert page.get_by_role("alert").is_visible()
    page.get_by_label("Name").fill("owner")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{node.base}/plan")
    page.locator(".topbar summary").click()
    page.locator(".topbar").get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{node.base}/login")
    context.close()


def test_lines_are_drawn_live(browser, node, state):
    context = browser.new_context(locale="en-GB", storage_state=state)
    page = context.new_page()
    page.goto(f"{node.base}/machines/lathe-1")
    page.wait_for_selector("live-chart[drawn] canvas")
    first = page.locator(".chart-head b").first.inner_text()
    assert "mm/s" in first
    context.close()


def test_an_operation_is_dragged_and_the_server_answers_with_the_plan(browser, node, state):
    context = browser.new_context(locale="en-GB", storage_state=state, viewport=DESKTOP)
    page = context.new_page()
    page.goto(f"{node.base}/plan?hours=24")
    page.wait_for_selector("gantt-board:defined")
    bar = page.locator('[data-work="wo-2215|10|0"] svg')
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    x, y = box["x"] + 20, box["y"] + 15
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y + 10, steps=4)
    page.mouse.move(x + 88, y + 46, steps=4)
    page.mouse.up()
    page.get_by_role("button", name="Move it").click()
    page.wait_for_selector("text=1 operation moved")
    assert page.locator('[data-work="wo-2215|10|0"]').get_attribute("data-machine") == "lathe-1"
    context.close()


def test_an_event_of_the_node_freshens_the_page_without_a_reload(browser, node, state):
    from tests.unit.web import samples

    context = browser.new_context(locale="en-GB", storage_state=state)
    page = context.new_page()
    with page.expect_response("**/live/events"):
        page.goto(f"{node.base}/loops")
    page.evaluate("window.kept = 1")
    loop = structs.replace(
        samples.LOOPS[0], id="loop-0010", title=samples.Text("A new one", "新的")
    )

    async def loops(*, limit):
        return (loop, *samples.LOOPS)

    node.ports.happenings.loops = loops
    node.ports.happenings.tell(samples.EVENTS[0])
    page.wait_for_selector("text=A new one")
    assert page.evaluate("window.kept") == 1
    context.close()


def test_a_page_works_without_script(browser, node, state):
    context = browser.new_context(locale="en-GB", storage_state=state, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{node.base}/alarms")
    page.get_by_role("button", name="Seen").first.click()
    page.wait_for_url(f"{node.base}/alarms")
    page.goto(f"{node.base}/plan")
    assert page.locator("[data-work]").count() > 3
    context.close()


def test_a_freshened_page_keeps_what_is_typed_and_survives_a_failure(browser, node, state):
    context = browser.new_context(locale="en-GB", storage_state=state)
    page = context.new_page()
    with page.expect_response("**/live/events"):
        page.goto(f"{node.base}/alarms")
    page.locator("details.deed summary").first.click()
    page.get_by_label("Why").first.fill("waiting for a part")
    rows = node.ports.alarms.rows

    async def fail(*, limit):
        raise OSError("the database is away")

    node.ports.alarms.rows = fail
    with page.expect_response(lambda r: r.url.endswith("/alarms") and r.status == 500):
        node.ports.happenings.tell(samples.EVENTS[1])
    assert page.locator(".alarm").count() == len(samples.ALARMS)
    node.ports.alarms.rows = rows
    page.wait_for_timeout(2_100)
    with page.expect_response(lambda r: r.url.endswith("/alarms") and r.status == 200):
        node.ports.happenings.tell(samples.EVENTS[2])
    page.wait_for_timeout(100)
    assert page.get_by_label("Why").first.input_value() == "waiting for a part"
    assert page.locator("details.deed[open]").count() == 1
    context.close()


def test_one_who_is_no_longer_signed_in_is_asked_to_sign_in(browser, node, state):
    context = browser.new_context(locale="en-GB", storage_state=state)
    page = context.new_page()
    page.goto(f"{node.base}/connections")
    context.clear_cookies()
    page.wait_for_url(f"{node.base}/login?next=/connections", timeout=15_000)
    context.close()


def test_an_operation_is_moved_by_keyboard_alone(browser, node, state):
    context = browser.new_context(locale="en-GB", storage_state=state, viewport=DESKTOP)
    page = context.new_page()
    page.goto(f"{node.base}/plan?hours=24")
    page.wait_for_selector("gantt-board:defined")
    bar = page.locator('[data-work="wo-2215|20|0"]')
    bar.focus()
    for key in ("m", "ArrowUp", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Move it").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=1 operation moved")
    assert bar.get_attribute("data-machine") == "lathe-2"
    context.close()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_request_grows_by_lines_and_rows_and_is_sent_whole(browser, node, state, script):
    context = browser.new_context(
        locale="en-GB", viewport=PHONE, storage_state=state, java_script_enabled=script
    )
    page, left = context.new_page(), []
    page.goto(f"{node.base}/trade/ask")
    page.on("request", lambda r: left.append(r.url) if r.resource_type == "document" else None)
    page.locator("[name=item]").fill("shaft-40")
    page.locator("[name=quantity]").fill("40")
    page.locator("[name=due]").fill("2026-12-01T12:00")
    page.get_by_role("button", name="Add a line").click()
    page.locator("[name=item_2]").fill("flange-90")
    page.locator("[name=quantity_2]").fill("200")
    page.locator("details.card summary").click()
    page.locator("[name=table]").fill("item\tqty\tdate\ngear-7\t8\t2026-12-02")
    page.get_by_role("button", name="Add these rows").click()
    page.locator("[name=quantity_3]").wait_for()
    page.locator("#line-1").get_by_role("button", name="Remove").click()
    page.locator("[name=quantity_3]").wait_for(state="detached")
    assert bool(left) != script  # with script the page is never left
    page.locator("#ask .button.main").click()
    page.locator("#ask").wait_for(state="detached")
    asked = node.ports.trade.asked
    assert [asked.item, *(line.item for line in asked.lines)] == ["flange-90", "gear-7"]
    context.close()
