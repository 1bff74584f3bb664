"""How much time an invocation has left."""

import time
from contextvars import Context
from datetime import UTC, datetime

import pytest

from rolecall import clock, deadline


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, in seconds."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_the_time_left_falls_with_the_clock_and_becomes_negative(at: list[float]) -> None:
    def seconds_left() -> list[float]:
        deadline.set_time_left(5)
        found = []
        for moment in (1000.0, 1003.0, 1006.0):
            at[0] = moment
            found.append(deadline.time_left())
        return found

    assert Context().run(seconds_left) == [5, 2, -1]


def test_without_a_deadline_ten_seconds_are_left() -> None:
    assert Context().run(deadline.time_left) == 10


@pytest.mark.parametrize(
    ("second", "left", "expected"),
    [(None, 30, 30), (1007, 30, 7), (1007, 5, 5), (1000, 5, 0), (990, 5, -10)],
    ids=["no limit", "before the deadline", "after the deadline", "now", "over"],
)
def test_a_request_is_sent_again_before_the_deadline_and_before_a_given_second(
    monkeypatch: pytest.MonkeyPatch, second: int | None, left: float, expected: float
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.fromtimestamp(1000, UTC))

    def seconds_left() -> tuple[float, float]:
        deadline.set_time_left(left)
        with deadline.no_retries_from(second):
            within = deadline.time_left_for_retries()
        return within, deadline.time_left_for_retries()

    assert Context().run(seconds_left) == (expected, left)
