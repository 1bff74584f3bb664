"""The measurements in docs/cost.json are current: the code sends as many requests to DynamoDB as they say."""

from collections.abc import Mapping

import pytest

from tests.benchmarks import cost


def _requests_by_operation(found: Mapping[str, cost.Measured]) -> dict[str, object]:
    """Requests by operation. For the sweep only which operations: their number depends on the users' ids."""
    return {
        name: (one.authorizer_requests, set(one.requests) if name == "delete_tenant" else one.requests)
        for name, one in found.items()
    }


@pytest.mark.usefixtures("aws")
def test_every_route_asks_what_was_measured() -> None:
    assert _requests_by_operation(cost.measure()) == _requests_by_operation(cost.load()), "run `make cost`"
