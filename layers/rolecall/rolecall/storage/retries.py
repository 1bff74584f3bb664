"""Repeats an operation after a conflict or throttling, with growing random waits, until the invocation's time is up."""

import time
from collections.abc import Callable

from rolecall import deadline, randomness
from rolecall.errors import ConcurrentChange, RolecallError, ServiceUnavailable

#: The most attempts of one operation, even if the invocation has much time left.
_MAX_ATTEMPTS = 30

_BACKOFF_BASE_SECONDS = 0.02

_BACKOFF_CAP_SECONDS = 1.0


def retry_on_conflict[T](attempt: Callable[[], T]) -> T:
    """Call `attempt`, again after each `ConcurrentChange`. Raises `ConcurrentChange` if no time or attempt is left.

    For an operation that reads, checks and writes. Each attempt reads anew. Any other error is raised at once.
    """
    backoff = Backoff()
    while True:
        try:
            return attempt()
        except ConcurrentChange:
            backoff.wait_or_raise(ConcurrentChange)


def retry_while_throttled[T](attempt: Callable[[], T]) -> T:
    """Call `attempt`, again after each `ServiceUnavailable`. Raises `ServiceUnavailable` if no time or attempt is left.

    For background work. A caller of the API gets the 503 at once instead. Any other error is raised at once.
    """
    backoff = Backoff()
    while True:
        try:
            return attempt()
        except ServiceUnavailable:
            backoff.wait_or_raise(ServiceUnavailable)


class Backoff:
    """The waits between the attempts of one operation: exponential backoff with full jitter."""

    def __init__(self) -> None:
        self._attempt = 0

    def wait_or_raise(self, error_if_time_is_up: type[RolecallError]) -> None:
        """Sleep before the next attempt. Raises `error_if_time_is_up` if no time or no attempt is left."""
        ceiling = min(_BACKOFF_CAP_SECONDS, _BACKOFF_BASE_SECONDS * 2**self._attempt)
        pause = randomness.SYSTEM_RANDOM.uniform(0, ceiling)
        self._attempt += 1
        if pause >= deadline.time_left() or self._attempt >= _MAX_ATTEMPTS:
            raise error_if_time_is_up
        time.sleep(pause)
