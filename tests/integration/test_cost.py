"""The measurements in docs/cost.json are of this code: it asks DynamoDB as often as they say."""

import pytest

from tests.benchmarks import cost


@pytest.mark.usefixtures("aws")
def test_every_route_asks_what_was_measured(capsys: pytest.CaptureFixture[str]) -> None:
    asked = {name: (one.authorizer_requests, one.requests) for name, one in cost.measure().items()}
    measured = {name: (one.authorizer_requests, one.requests) for name, one in cost.load().items()}

    assert asked == measured, "run `make cost`"
