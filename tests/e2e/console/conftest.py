"""A browser for the stories of the console, and the pages that a story opens."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from local.deployment.stack import Stack
from tests.e2e.browsers import CHROMIUM, QUIET
from tests.e2e.console.visit import Open, Visit


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def visit(stack: Stack, browser: Browser) -> Iterator[Open]:
    """Opens pages of the console. At the end of the test, each must have kept to the rules."""
    opened: list[Visit] = []

    def open_console(*, hash_: str = "", narrow: bool = False) -> Visit:
        opened.append(Visit.begin(browser, stack.api, hash_=hash_, narrow=narrow))
        return opened[-1]

    yield open_console
    for one in opened:
        one.end()
