"""The reference of the API in a real browser: everything comes from us, and what is tried out works."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from local.deployment.stack import Stack
from local.http import call
from openapi.deliveries import DELIVERIES
from openapi.template import routes
from tests.e2e.browsers import CHROMIUM, QUIET, SECONDS, in_a_browser
from tests.e2e.conftest import Tenant


@dataclass
class Visit:
    """A page that was opened, with what it asked for and what it complained of."""

    page: Page
    requested: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        self.page.on("request", lambda request: self.requested.add(request.url))
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(address)
        expect(self.page.locator(".opblock")).to_have_count(len(routes()) + len(DELIVERIES), timeout=SECONDS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@in_a_browser
def test_a_reader_finds_the_routes_and_promotes_a_user(
    stack: Stack, register: Callable[[str], Tenant], browser: Browser
) -> None:
    tenant = register("Dunder Mifflin")
    user = tenant.add("user")
    visit = Visit(browser.new_page())
    page = visit.page
    page.set_default_timeout(SECONDS)

    # When someone opens the page, they see every route and every delivery to webhooks, grouped
    visit.open(f"{stack.api}/docs")
    shown = {
        (block.locator(".opblock-summary-method").inner_text(), block.locator(".opblock-summary-path").inner_text())
        for block in page.locator(".opblock").all()
    }
    assert {(method, re.sub(r"\s|\u200b", "", path)) for method, path in shown} == {
        *((route.method, route.path) for route in routes()),
        *(("POST", delivery) for delivery in DELIVERIES),
    }
    expect(page.locator(".opblock-tag").first).to_contain_text("Tenant API: users")

    # And when they give their token
    page.locator("button.authorize").first.click()
    credential = page.locator(".auth-container", has_text="ApiToken")
    credential.locator("input").fill(tenant.admin.token)
    credential.locator("button.authorize").click()
    credential.locator("button.btn-done").click()

    # And try out to make a user a manager
    promote = page.locator(".opblock", has_text="/users/{id}/promote").first
    promote.locator(".opblock-summary-control").click()
    promote.locator('tr[data-param-name="id"] input').fill(user.id)
    promote.locator("button.execute").click()

    # Then the answer is shown, and it is true
    answer = promote.locator(".live-responses-table")
    expect(answer.locator("tbody td.response-col_status").first).to_contain_text("200", timeout=SECONDS)
    expect(answer).to_contain_text('"new_role": "manager"')
    listed = tenant.request(tenant.admin, "GET", f"/users/{user.id}").json()["data"]
    assert listed["role"] == "manager"

    # And nothing has left our own origin or been stopped by the page's policy
    assert {address for address in visit.requested if not address.startswith((f"{stack.api}/", "data:"))} == set()
    assert visit.complaints == []
    # And the credential is kept nowhere
    assert page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])") == '[{},{},""]'


@in_a_browser
def test_the_page_works_under_the_stage_too(stack: Stack, browser: Browser) -> None:
    under_the_stage = f"{stack.endpoint_url}/restapis/{stack.outputs['ApiId']}/live/_user_request_"
    visit = Visit(browser.new_page())

    visit.open(f"{under_the_stage}/docs")

    assert {address for address in visit.requested if not address.startswith((f"{under_the_stage}/", "data:"))} == set()
    assert visit.complaints == []


def test_the_page_allows_its_own_origin_only_and_what_it_loads_may_be_kept_by_version(stack: Stack) -> None:
    page = call("GET", f"{stack.api}/docs")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; ")
    assert "http" not in page.headers["content-security-policy"]
    assert not re.search("https?://", page.text)

    loaded = re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text)
    assert len(loaded) == 5
    for address in loaded:
        asset = call("GET", f"{stack.api}/{address}")
        assert asset.status == 200
        kept = "?v=" in address
        assert asset.headers["cache-control"] == ("public, max-age=31536000, immutable" if kept else "no-store")
        assert asset.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["app.py", "swagger-ui-bundle.js.map", "%2e%2e", "LICENSE"])
def test_nothing_else_is_served(stack: Stack, name: str) -> None:
    assert call("GET", f"{stack.api}/docs/{name}").status == 404
