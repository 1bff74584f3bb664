"""The only module that talks to DynamoDB.

Reads are by key or by query, consistent unless they use an index. Writes state their conditions and
what it means when one fails; DynamoDB's own failures become `errors`' classes:

| DynamoDB | Rolecall |
| --- | --- |
| a condition failed | the write's `on_condition_failure` |
| conflict with another transaction, until the time is up | `ConcurrentChange` |
| throttled, out of reach, internal error, until the time is up | `ServiceUnavailable` |
"""

import time
from contextvars import ContextVar

#: When, on `time.monotonic()`, the current invocation must have its answer.
_deadline: ContextVar[float] = ContextVar("deadline")


def set_time_left(seconds: float) -> None:
    """From here on, in this thread, operations stop retrying when `seconds` have passed."""
    _deadline.set(time.monotonic() + seconds)


def time_left() -> float:
    """Seconds until the current invocation must have its answer."""
    return _deadline.get(time.monotonic() + 10.0) - time.monotonic()
