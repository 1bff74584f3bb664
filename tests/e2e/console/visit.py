"""A visit to the web console in a browser. It notices what the page must never do, and what axe-core finds."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Download, Locator, Page, expect

from local import ROOT
from tests.e2e.browsers import SECONDS
from tests.e2e.conftest import Tenant
from tests.e2e.console.inventory import DIALOGS, SCREENS

type Register = Callable[[str], Tenant]
type Open = Callable[..., Visit]

#: The rules of accessibility, from npm. Without npm a visit does not look at them.
AXE = ROOT / "node_modules/axe-core/axe.min.js"
_WIDE = {"width": 1280, "height": 800}
_NARROW = {"width": 390, "height": 844}
#: The narrowest phones that are still in use.
_NARROWEST = {"width": 360, "height": 740}
#: A browser reports each refused request. Only other messages are complaints.
_REFUSED = "Failed to load resource"

_REPORT_VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(event.violatedDirective);
  console.error(`The policy forbids ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
});
"""

#: Returns what can't be seen or used on a phone: the page scrolls to the side, or a control lies off the screen.
_OFF_SCREEN = """() => {
  const width = document.documentElement.clientWidth;
  const root = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  const isOff = (element) => {
    const box = element.getBoundingClientRect();
    const unseen = box.width < 2 || element.closest(".unseen, .skip") !== null;
    return !unseen && element.checkVisibility() && (box.left < 0 || box.right > width + 1);
  };
  const name = (element) => element.getAttribute("aria-label") || element.textContent || element.id;
  const found = [...root.querySelectorAll("a, button, input, select, textarea, summary")].filter(isOff).map(name);
  return document.documentElement.scrollWidth > width ? ["the page scrolls to the side", ...found] : found;
}"""


@dataclass
class Visit:
    """One page of the console, from its opening to `end`."""

    page: Page
    api: str
    requested: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, browser: Browser, api: str, *, hash_: str = "", narrow: bool = False) -> "Visit":
        # Colours that change slowly would be measured halfway.
        context = browser.new_context(
            viewport=_NARROW if narrow else _WIDE,  # type: ignore[arg-type]
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.add_init_script(_REPORT_VIOLATIONS)
        if AXE.exists():
            context.add_init_script(path=AXE)
        visit = cls(context.new_page(), api)
        visit.page.set_default_timeout(SECONDS)
        expect.set_options(timeout=SECONDS)
        visit.page.on("request", lambda request: visit.requested.add(request.url))
        visit.page.on("console", lambda said: visit._complain_about_error(said.type, said.text))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.on("dialog", lambda alert: visit._complain_about_error("error", f"a script ran: {alert.message}"))
        visit.page.goto(f"{api}/console{hash_}")
        return visit

    def _complain_about_error(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not text.startswith(_REFUSED):
            self.complaints.append(text)

    # --- Signing in ---

    def sign_in_with_token(self, token: str) -> None:
        group = self.page.get_by_role("group", name="With a token")
        group.get_by_label("API token or master token").fill(token)
        group.get_by_role("button", name="Sign in").click()

    def sign_in(self, group_name: str, email: str, password: str) -> None:
        """Signs in with a password. `group_name` is `Tenant user` or `Platform account`."""
        group = self.page.get_by_role("group", name=group_name)
        group.get_by_label("Email").fill(email)
        group.get_by_label("Password").fill(password)
        group.get_by_role("button", name="Sign in").click()

    # --- Reading and acting ---

    def see_heading(self, name: str) -> None:
        expect(self.page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()

    def see_result(self, text: str | re.Pattern[str]) -> None:
        """Waits until a region of results says the text."""
        expect(self.page.get_by_role("status").filter(has_text=text).first).to_be_attached()

    def row(self, name: str) -> Locator:
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("rowheader", name=name))

    def dialog(self, name: str) -> Locator:
        dialog = self.page.get_by_role("dialog", name=name)
        expect(dialog).to_be_visible()
        return dialog

    def text_saved_by(self, action: Callable[[], None]) -> str:
        """Returns the text of the file that the action saves."""
        with self.page.expect_download() as download:
            action()
        found: Download = download.value
        return Path(found.path()).read_text()

    def expect_silent_renewal(self, path: str, action: Callable[[], object]) -> None:
        """Lets the access token expire and runs the action. The page must renew the token without asking."""
        # The clock of the page alone is moved. An access token is good for 15 minutes.
        self.page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=16))
        with self.page.expect_response(f"**{path}") as renewed, self.page.expect_response("**/users?*") as listed:
            action()
        assert (renewed.value.status, listed.value.status) == (200, 200)
        expect(self.page.get_by_role("dialog")).to_have_count(0)

    # --- Looking ---

    def check_screen_or_dialog(self, name: str) -> None:
        """Checks that the screen or dialog is shown, is accessible in light and dark colours, and fits on a phone."""
        if name in SCREENS:
            heading = self.page.get_by_role("heading", level=1)
            expect(heading).to_have_text(re.compile(f"^{SCREENS[name].title}$"))
            expect(self.page.get_by_role("dialog")).to_have_count(0)
        else:
            title = self.page.locator("dialog[open] > header h2").last
            expect(title).to_have_text(re.compile(f"^{DIALOGS[name].title}$"))
        self.check_accessibility(name)
        self._check_phone(name)

    def check_accessibility(self, where: str) -> None:
        """Adds what axe-core finds on the page to the complaints, in light and in dark."""
        if not AXE.exists():
            return
        # Only the colours differ in dark.
        for scheme, options in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found: dict[str, Any] = self.page.evaluate("options => axe.run(options)", options)
            for violation in found["violations"]:
                parts = [node["html"][:160] for node in violation["nodes"]]
                self.complaints.append(f"{where}, {scheme}: {violation['help']}: {parts}")
        self.page.emulate_media(color_scheme="light")

    def _check_phone(self, where: str) -> None:
        size = self.page.viewport_size
        self.page.set_viewport_size(_NARROWEST)  # type: ignore[arg-type]
        found = self.page.evaluate(_OFF_SCREEN)
        if size:
            self.page.set_viewport_size(size)
        if found:
            self.complaints.append(f"{where}, on a phone: off the screen: {found}")

    def end(self) -> None:
        """Closes the page. Raises `AssertionError` if it complained, asked another origin or kept something."""
        kept = self.page.evaluate(
            "async () => JSON.stringify([localStorage, sessionStorage, document.cookie, await indexedDB.databases()])"
        )
        self.page.context.close()
        assert self.complaints == [], "\n".join(self.complaints)
        assert {url for url in self.requested if not url.startswith((f"{self.api}/", f"blob:{self.api}/"))} == set()
        assert json.loads(kept) == [{}, {}, "", []]
