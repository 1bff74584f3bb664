"""The only module that talks to DynamoDB.

Reads are by key or by query, consistent unless they use an index. Writes state their conditions and
what it means when one fails; DynamoDB's own failures become `errors`' classes:

| DynamoDB | Rolecall |
| --- | --- |
| a condition failed | the write's `on_condition_failure` |
| conflict with another transaction, until the time is up | `ConcurrentChange` |
| throttled, out of reach, internal error, until the time is up | `ServiceUnavailable` |
"""

import random
import time
from collections.abc import Callable
from typing import NoReturn

from rolecall import deadline
from rolecall.errors import ConcurrentChange, RolecallError, ServiceUnavailable

#: Attempts of an operation whose time is unlimited.
_MAX_ATTEMPTS = 30

_BACKOFF_BASE_SECONDS = 0.02

_BACKOFF_CAP_SECONDS = 1.0


def retry_on_conflict[T](attempt: Callable[[], T]) -> T:
    """Repeat a read-check-write that finds its target changed in between, within the time left."""
    backoff = Backoff()
    while True:
        try:
            return attempt()
        except ConcurrentChange:
            backoff.wait(ConcurrentChange)


def retry_while_throttled[T](attempt: Callable[[], T]) -> T:
    """Repeat what was throttled, within the time left; for work that nobody waits for."""
    backoff = Backoff()
    while True:
        try:
            return attempt()
        except ServiceUnavailable:
            backoff.wait(ServiceUnavailable)


class Backoff:
    """Waits between attempts: exponential with full jitter, within the time left."""

    def __init__(self) -> None:
        self._attempt = 0

    def wait(self, gives_up_with: type[RolecallError]) -> None:
        """Raises `gives_up_with` once there is no time for another attempt."""
        ceiling = min(_BACKOFF_CAP_SECONDS, _BACKOFF_BASE_SECONDS * 2**self._attempt)
        pause = random.uniform(0, ceiling)  # noqa: S311 (jitter, not a secret)  # nosec B311
        self._attempt += 1
        if pause >= deadline.time_left() or self._attempt >= _MAX_ATTEMPTS:
            _give_up(gives_up_with)
        time.sleep(pause)


def _give_up(error: type[RolecallError]) -> NoReturn:
    raise error
