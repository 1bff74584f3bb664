"""Answers of the API in which every text that people typed has markup, script and marks that turn the text round."""

import re
from typing import Any

from playwright.sync_api import Error, Page, Route, expect

MARKUP = "<img src=x onerror=alert(1)><b>bold</b><script>alert(2)</script>"
#: U+202E turns round what follows it. The API refuses it today; it may be in data of another time.
_HOSTILE = f"{MARKUP}\u202eevil"
_TYPED = {
    *("email", "name", "tenant_name", "firstName", "lastName", "reason", "banReason", "url"),
    *("description", "adminEmail", "adminName"),
}

#: Returns the texts of lists and tables that turn round what stands beside them.
_NOT_ISOLATED = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (walker.currentNode.data.includes("\\u202e") && parent.closest("tbody, li, dd") && !parent.closest("bdi")) {
      found.push(parent.outerHTML);
    }
  }
  return found;
}"""


def make_answers_hostile(page: Page, api: str) -> None:
    """From now on the page gets hostile texts from the API. Requests arrive as the page sends them."""
    page.route(re.compile(rf"^{re.escape(api)}/(?!console)"), _answer)


def see_text_only(page: Page) -> None:
    """Raises `AssertionError` unless the page shows the hostile text, as text, isolated from what is beside it."""
    expect(page.locator("#app").get_by_text(MARKUP).first).to_be_attached()
    assert page.evaluate("() => document.querySelectorAll('#app :is(img, b, script)').length") == 0
    found = page.evaluate(_NOT_ISOLATED)
    assert found == [], found


def _answer(route: Route) -> None:
    try:
        response = route.fetch()
        body = _with_hostile_texts(response.json())
        route.fulfill(response=response, json=body)
    except Error:
        # The page no longer waits for the answer.
        route.abort()


def _with_hostile_texts(value: Any) -> Any:
    match value:
        case dict():
            return {
                key: f"{text}{_HOSTILE}" if key in _TYPED and isinstance(text, str) else _with_hostile_texts(text)
                for key, text in value.items()
            }
        case list():
            return [_with_hostile_texts(one) for one in value]
        case _:
            return value
