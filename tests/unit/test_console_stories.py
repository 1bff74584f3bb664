"""The stories in the browser look at every screen and every dialog of the console."""

import ast
import re
from collections import Counter

from local import ROOT
from tests.e2e.console.inventory import DIALOGS, SCREENS, Part

_SOURCE = ROOT / "console/src"
#: The components that show a dialog for others. The title comes from those who use them.
_FRAMES = ("Dialog", "Confirm", "SecretDialog", "Ask", "TokenDialog")


def _components_with(element: str) -> Counter[str]:
    """Returns how often each function of the source has the element, by folder and name of the function."""
    found = Counter[str]()
    for path in _SOURCE.glob("*/*.tsx"):
        function = ""
        for line in path.read_text().splitlines():
            if match := re.match(r"(?:export )?function (\w+)", line):
                function = match[1]
            found[f"{path.parent.name}/{function}"] += len(re.findall(rf"<(?:{element})(?![\w.])", line))
    return +found


def _listed(parts: dict[str, Part]) -> Counter[str]:
    return Counter(part.component for part in parts.values())


def _checked_names() -> set[str]:
    """Returns the names with which the stories call `check_screen_or_dialog`."""
    names = set[str]()
    for path in (ROOT / "tests/e2e/console").glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(attr="check_screen_or_dialog"), args=[ast.Constant(value=str(name))]):
                    names.add(name)
    return names


def test_every_dialog_of_the_source_is_listed() -> None:
    frames = {name for name in _components_with("|".join(_FRAMES)) if name.split("/")[1] in _FRAMES}
    in_source = {name: count for name, count in _components_with("|".join(_FRAMES)).items() if name not in frames}

    assert in_source
    assert set(in_source) == set(_listed(DIALOGS))
    # A component may show several dialogs, one after the other.
    assert {name for name, count in in_source.items() if count > _listed(DIALOGS)[name]} == set()


def test_only_the_part_for_dialogs_has_the_native_element() -> None:
    assert set(_components_with("dialog")) == {"parts/Dialog"}


def test_every_screen_of_the_source_is_listed() -> None:
    assert set(_components_with("h1")) == set(_listed(SCREENS))


def test_the_stories_check_every_screen_and_dialog() -> None:
    assert _checked_names() == set(SCREENS) | set(DIALOGS)
