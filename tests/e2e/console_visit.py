"""A visit to the web console in a browser. It notices what the page must never do, and what axe-core finds."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Download, Locator, Page, expect

from local import ROOT
from tests.e2e.browsers import SECONDS

#: The rules of accessibility, from npm. Without npm a visit does not look at them.
AXE = ROOT / "node_modules/axe-core/axe.min.js"
_WIDE = {"width": 1280, "height": 800}
_NARROW = {"width": 390, "height": 844}
#: A browser reports each refused request. Only other messages are complaints.
_REFUSED = "Failed to load resource"


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
        if AXE.exists():
            context.add_init_script(path=AXE)
        visit = cls(context.new_page(), api)
        visit.page.set_default_timeout(SECONDS)
        expect.set_options(timeout=SECONDS)
        visit.page.on("request", lambda request: visit.requested.add(request.url))
        visit.page.on("console", lambda said: visit._hear(said.type, said.text))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.goto(f"{api}/console{hash_}")
        return visit

    def _hear(self, kind: str, text: str) -> None:
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

    def saved(self, act: Callable[[], None]) -> str:
        """Returns the text of the file that the act saves."""
        with self.page.expect_download() as download:
            act()
        found: Download = download.value
        return Path(found.path()).read_text()

    def focused(self) -> str:
        """Returns the name of the focused element, as far as the page gives it one."""
        name = self.page.evaluate(
            "() => { const on = document.activeElement; return on.getAttribute('aria-label') || on.innerText || on.id }"
        )
        return str(name)

    # --- What must hold ---

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

    def end(self) -> None:
        """Closes the page. Raises `AssertionError` if it complained, asked another origin or kept something."""
        kept = self.page.evaluate(
            "async () => JSON.stringify([localStorage, sessionStorage, document.cookie, await indexedDB.databases()])"
        )
        self.page.context.close()
        assert self.complaints == []
        assert {url for url in self.requested if not url.startswith((f"{self.api}/", f"blob:{self.api}/"))} == set()
        assert json.loads(kept) == [{}, {}, "", []]
