"""When a failed delivery is tried again, and how long a failing webhook is left alone. Pure rules, without a clock.

Two things wait. Each delivery has its own growing waits. And after a failure, the whole webhook is left alone for a
while, so that many deliveries to a receiver that is down do not all try it one after the other.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

#: The waits after the first, second, … failed attempt of a delivery.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=15),
)

#: A delivery is given up at this time after its first attempt was due.
DELIVERY_LIFETIME = timedelta(hours=24)

#: A `webhook.test` that could not be sent by then is given up, because somebody waits for its result.
TEST_LIFETIME = timedelta(minutes=5)

#: A webhook without a success for this time is disabled by the next failure.
FAILING_LIFETIME = timedelta(days=5)

#: After a failure, a failing webhook is left alone for twice as long as it has failed, within these limits.
_SHORTEST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=15)

#: Each wait is made longer or shorter by a random share of up to this number. So deliveries that failed together are
#: not all tried again at the same moment.
_JITTER = 0.1

#: The longest pause of a webhook and the longest wait of a delivery, with the jitter.
LONGEST_PAUSE_WITH_JITTER, LONGEST_WAIT_WITH_JITTER = _LONGEST_PAUSE * (1 + _JITTER), WAITS[-1] * (1 + _JITTER)

#: A function that returns a random number between two numbers.
type Uniform = Callable[[float, float], float]


def next_attempt_at(failed_attempts: int, first_at: datetime, now: datetime, uniform: Uniform) -> datetime | None:
    """Return when a delivery that has failed this often, 1 or more, is tried again; None if it is given up.

    The last attempt is never later than `DELIVERY_LIFETIME` after `first_at`.
    """
    end = first_at + DELIVERY_LIFETIME
    if failed_attempts > len(WAITS) or now >= end:
        return None
    return min(now + _jittered(WAITS[failed_attempts - 1], uniform), end)


def pause_after_failure(failing_for: timedelta, uniform: Uniform) -> timedelta:
    """Return how long a webhook is left alone after a failure. `failing_for` is the time since its first failure."""
    return _jittered(max(_SHORTEST_PAUSE, min(2 * failing_for, _LONGEST_PAUSE)), uniform)


def _jittered(wait: timedelta, uniform: Uniform) -> timedelta:
    return wait * uniform(1 - _JITTER, 1 + _JITTER)
