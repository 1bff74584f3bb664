"""When a failed delivery is tried again, and how long a failing webhook is left alone."""

from datetime import UTC, datetime, timedelta

import pytest

from rolecall.webhooks import waits

FIRST = datetime(2026, 6, 15, 12, tzinfo=UTC)


def _middle(low: float, high: float) -> float:
    return (low + high) / 2


def _lowest(low: float, high: float) -> float:
    return low


def _highest(low: float, high: float) -> float:
    return high


@pytest.mark.parametrize(
    ("failed", "seconds"), [(1, 5), (2, 60), (3, 300), (4, 1800), (5, 7200), (6, 21600), (7, 54000)]
)
def test_the_waits_grow(failed: int, seconds: int) -> None:
    due = waits.next_attempt_at(failed, FIRST, FIRST + timedelta(minutes=1), _middle)
    assert due == FIRST + timedelta(minutes=1, seconds=seconds)


def test_after_the_eighth_failure_a_delivery_is_given_up() -> None:
    assert waits.next_attempt_at(8, FIRST, FIRST + timedelta(hours=23), _middle) is None


def test_the_last_attempt_is_a_day_after_the_first_and_not_later() -> None:
    day = timedelta(hours=24)
    assert waits.next_attempt_at(7, FIRST, FIRST + timedelta(hours=10), _middle) == FIRST + day
    assert waits.next_attempt_at(3, FIRST, FIRST + day - timedelta(seconds=1), _middle) == FIRST + day
    assert waits.next_attempt_at(3, FIRST, FIRST + day, _middle) is None


def test_all_attempts_of_a_receiver_that_is_down_take_nearly_a_day() -> None:
    now, failed = FIRST, 1
    while due := waits.next_attempt_at(failed, FIRST, now, _middle):
        now, failed = due, failed + 1
    assert failed == 8
    assert timedelta(hours=23) < now - FIRST <= timedelta(hours=24)


def test_waits_have_jitter() -> None:
    early, late = (waits.next_attempt_at(4, FIRST, FIRST, uniform) for uniform in (_lowest, _highest))
    assert (early, late) == (FIRST + timedelta(minutes=27), FIRST + timedelta(minutes=33))


@pytest.mark.parametrize(
    ("failing_seconds", "pause_seconds"), [(0, 5), (2, 5), (5, 10), (60, 120), (449, 898), (450, 900), (500_000, 900)]
)
def test_the_pause_grows_while_a_webhook_fails(failing_seconds: int, pause_seconds: int) -> None:
    pause = waits.pause_after_failure(timedelta(seconds=failing_seconds), _middle)
    assert pause == timedelta(seconds=pause_seconds)


def test_pauses_have_jitter() -> None:
    assert waits.pause_after_failure(timedelta(0), _lowest) < waits.pause_after_failure(timedelta(0), _highest)


def test_no_wait_and_no_pause_is_longer_than_the_limit_that_is_stated() -> None:
    waits_of_deliveries = [
        (waits.next_attempt_at(failed, FIRST, FIRST, _highest) or FIRST) - FIRST for failed in range(1, 9)
    ]
    assert max(waits_of_deliveries) <= waits.LONGEST_WAIT_WITH_JITTER < 1.1 * max(waits_of_deliveries)
    longest_pause = waits.pause_after_failure(timedelta(days=4), _highest)
    assert longest_pause <= waits.LONGEST_PAUSE_WITH_JITTER < 1.1 * longest_pause
