"""The web console as a page: its path, its policy, and answers that come late."""

import re
from contextlib import suppress
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Error, Locator, Route, expect

from local.deployment.stack import Stack
from tests.e2e.browsers import in_a_browser
from tests.e2e.console.visit import Open, Register, Visit

pytestmark = in_a_browser


def test_the_console_works_under_the_path_of_the_stage(stack: Stack, register: Register, browser: Browser) -> None:
    tenant = register("Console under a stage")
    under_the_stage = f"{stack.endpoint_url}/restapis/{stack.outputs['ApiId']}/live/_user_request_"
    here = Visit.begin(browser, under_the_stage)
    here.sign_in_with_token(tenant.admin.token)
    here.see_heading("Users")
    expect(here.row(tenant.admin.email)).to_be_visible()
    here.end()


def test_a_late_answer_never_replaces_a_newer_one(register: Register, visit: Open) -> None:
    # Given an API that answers the search for one user late
    tenant = register("Console of late answers")
    late, newer = tenant.add("user"), tenant.add("user")
    here = visit()
    here.sign_in_with_token(tenant.admin.token)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    here.page.route(re.compile(rf"/users\?.*email={quote(late.email)}"), hold)

    def search(field: Locator, wanted: Locator, unwanted: Locator) -> None:
        with here.page.expect_request(re.compile(rf"/users\?.*email={quote(late.email)}")):
            field.fill(late.email)
        field.fill(newer.email)
        expect(wanted).to_be_visible()
        expect(unwanted).to_have_count(0)
        # An answer that nobody waits for any more can't be sent.
        with suppress(Error):
            held.pop().continue_()
        here.page.evaluate("() => fetch('console').then((response) => response.text())")
        expect(wanted).to_be_visible()
        expect(unwanted).to_have_count(0)

    # When somebody searches for it, and then for another one, then the list and the palette keep to the other one
    search(here.page.get_by_label("Search by email"), here.row(newer.email), here.row(late.email))
    here.page.keyboard.press("Control+k")
    palette = here.dialog("Search and commands")
    search(
        palette.get_by_role("combobox"),
        palette.get_by_role("option", name=f"{newer.email} User"),
        palette.get_by_role("option", name=late.email),
    )


def test_a_visit_reports_violations_of_the_content_security_policy(stack: Stack, browser: Browser) -> None:
    here = Visit.begin(browser, stack.api)
    here.see_heading("Sign in")

    here.page.evaluate(
        """() => {
          document.body.append(Object.assign(new Image(), { src: "https://elsewhere.example.com/x.png" }));
          document.body.setAttribute("style", "color: red");
          try { document.body.lastChild.innerHTML = "<p>markup</p>"; } catch { /* the policy forbids it */ }
        }"""
    )

    expected = {"img-src", "style-src-attr", "require-trusted-types-for"}
    here.page.wait_for_function("count => window.violations?.length >= count", arg=len(expected))
    told = {match[1] for one in here.complaints if (match := re.match(r"The policy forbids ([\w-]+)", one))}
    assert expected <= told
    with pytest.raises(AssertionError):
        here.end()
