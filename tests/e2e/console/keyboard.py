"""Working with the console by keyboard alone."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

#: More elements than Tab passes on any screen of a story.
_MOST_TABS = 60


@dataclass(frozen=True)
class Keyboard:
    page: Page

    def press(self, *names: str) -> None:
        for name in names:
            self.page.keyboard.press(name)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def reach(self, element: Locator, by: str = "Tab") -> None:
        """Presses Tab, or `Shift+Tab`, until the element has the focus. Raises `AssertionError` if it never has."""
        expect(element).to_be_visible()
        for _ in range(_MOST_TABS):
            if element.evaluate("element => element === document.activeElement"):
                return
            self.press(by)
        expect(element).to_be_focused()

    def activate(self, element: Locator) -> None:
        """Reaches a button or a link and presses Enter."""
        self.reach(element)
        self.press("Enter")

    def fill(self, field: Locator, text: str) -> None:
        """Reaches a field and replaces what is in it."""
        self.reach(field)
        self.press("Control+a")
        self.page.keyboard.insert_text(text)
