"""docs/cost.md says what its measurements, the template and the prices come to."""

from typing import Any

import pytest

from tests import gateway
from tests.benchmarks import cost
from tests.permissions import granted


def test_the_page_is_current() -> None:
    assert cost.PAGE.read_text() == cost.render(cost.load()), "run `make cost`"


def test_every_route_that_uses_the_table_is_measured() -> None:
    using = {route.function for route in gateway.routes() if granted(route.function)}
    assert using <= cost.load().keys(), "add it to the scenario in tests/benchmarks/cost.py, and run `make cost`"


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(0, True, 1), (4096, True, 1), (4097, True, 2), (0, False, 0.5), (8193, False, 1.5)],
)
def test_read_units_are_dynamodbs(size: int, consistent: bool, units: float) -> None:
    assert cost._read_units(size, consistent=consistent) == units


def test_the_size_of_an_item_is_what_dynamodb_counts() -> None:
    # Names and values in UTF-8; two digits of a number a byte, and one more; three for a list, one for each in it.
    item: dict[str, dict[str, Any]] = {
        "pk": {"S": "ä"},
        "n": {"N": "1234"},
        "on": {"BOOL": True},
        "keys": {"SS": ["ab", "c"]},
        "l": {"L": [{"S": "x"}]},
    }
    assert cost.size_of(item) == (2 + 2) + (1 + 4) + (2 + 1) + (4 + 3) + (1 + 3 + 1 + 1)


def test_a_change_of_a_price_changes_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cost.PRICES, "million write units", 1.0)
    assert cost.PAGE.read_text() != cost.render(cost.load())
