"""The waits between attempts."""

import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from rolecall import deadline
from rolecall.aws import clients
from rolecall.errors import ServiceUnavailable
from rolecall.storage import retries


@pytest.fixture(autouse=True)
def no_deadline_afterwards() -> Iterator[None]:
    token = deadline._deadline.set(0)
    yield
    deadline._deadline.reset(token)


def _own_waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    backoff = retries.Backoff()
    for _ in range(5):
        backoff.wait_or_raise(ServiceUnavailable)
    return waits


def _waits_of_a_client(_monkeypatch: pytest.MonkeyPatch) -> list[float]:
    client = clients.create_client("dynamodb", region_name="eu-west-1")
    ((_, pause),) = [
        answer
        for answer in client.meta.events.emit(
            "needs-retry.dynamodb.GetItem",
            request_dict={"context": {}},
            operation=client.meta.service_model.operation_model("GetItem"),
            attempts=1,
            caught_exception=None,
            endpoint=None,
            response=_throttled(),
        )
        if answer[1] is not None
    ]
    return [pause]


def _throttled() -> tuple[Any, dict[str, Any]]:
    return SimpleNamespace(status_code=400, headers={}), {
        "Error": {"Code": "ThrottlingException"},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }


@pytest.mark.parametrize("waits", [_own_waits, _waits_of_a_client])
def test_environments_of_one_snapshot_wait_differently(waits: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # SnapStart restores the state of `random` in every environment.
    deadline.set_time_left(100)
    random.seed(1)
    first = waits(monkeypatch)
    random.seed(1)
    second = waits(monkeypatch)

    assert first
    assert first != second


def test_a_client_retries_nothing_that_cannot_finish_before_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    deadline.set_time_left(0)
    with pytest.raises(ValueError, match="not enough values"):
        _waits_of_a_client(monkeypatch)
