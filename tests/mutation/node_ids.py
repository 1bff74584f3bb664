"""A plugin of pytest: mutmut asks an item for `_nodeid`, which is called `nodeid` alone by now."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item._nodeid = item.nodeid  # type: ignore[attr-defined]
