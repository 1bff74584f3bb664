"""A pytest plugin for mutmut, which reads an item's `_nodeid`. Today's pytest has only `nodeid`."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item._nodeid = item.nodeid  # type: ignore[attr-defined]
