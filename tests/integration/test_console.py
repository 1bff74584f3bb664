"""The web console as the stack serves it: the page, its policy, and the files that it loads."""

import re
from html.parser import HTMLParser

import pytest

from local import ROOT
from tests import gateway

pytestmark = pytest.mark.usefixtures("aws")

_ASSETS = sorted(path.name for path in (ROOT / "functions/get_console_asset/assets").iterdir())
_TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}


class _Page(HTMLParser):
    """Collects what a page loads, and what it has inline."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"link", "script", "img"}:
            self.loaded.append((given.get("src") or given.get("href") or "").removeprefix("./"))
        if tag == "style" or "style" in given or any(name.startswith("on") for name in given):
            self.inline.append(tag)


def _parsed_page() -> _Page:
    page = _Page()
    page.feed(gateway.request("GET", "/console").text)
    return page


def test_the_page_loads_every_file_of_the_folder_and_no_other() -> None:
    page = _parsed_page()

    assert sorted(page.loaded) == [f"console/{name}" for name in _ASSETS], "run `make console`"
    assert page.inline == []


def test_the_policy_allows_no_inline_script_no_other_origin_no_frame_and_no_html_from_text() -> None:
    policy = gateway.request("GET", "/console").headers["Content-Security-Policy"]
    directives = dict(one.split(" ", 1) for one in policy.split("; "))

    assert directives["default-src"] == "'none'"
    assert {sources for name, sources in directives.items() if name.endswith("-src")} == {"'none'", "'self'"}
    assert directives["frame-ancestors"] == directives["base-uri"] == directives["form-action"] == "'none'"
    assert directives["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in policy


def test_browsers_never_cache_the_page_itself() -> None:
    assert gateway.request("GET", "/console").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", _ASSETS)
def test_a_file_has_its_media_type_and_may_be_cached_forever(name: str) -> None:
    answer = gateway.request("GET", f"/console/{name}")

    assert answer.status == 200
    assert answer.text == (ROOT / "functions/get_console_asset/assets" / name).read_text()
    assert answer.headers["Content-Type"] == _TYPES[name.rpartition(".")[2]]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("name", ["app.py", "..", "%2e%2e", "..%2fapp.py", "assets", "page.html", "console.js.map"])
def test_nothing_else_is_served(name: str) -> None:
    answer = gateway.request("GET", f"/console/{name}")
    assert (answer.status, answer.code) == (404, "NOT_FOUND")


def test_no_file_names_an_address_elsewhere() -> None:
    # Namespaces of SVG and of MathML look like addresses.
    namespaces = {"http://www.w3.org"}
    for path in (ROOT / "functions/get_console_asset/assets").iterdir():
        assert set(re.findall(r"https?://[\w.-]+", path.read_text())) <= namespaces, path.name
