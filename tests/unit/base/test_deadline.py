"""How much time an invocation has left."""

import time
from contextvars import Context

import pytest

from rolecall import deadline


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
