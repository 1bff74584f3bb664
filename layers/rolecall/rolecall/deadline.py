"""How much time the current invocation has left.

Every retry and every wait asks here, so that a function answers before Lambda stops it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from rolecall import clock

#: The moment at which the current invocation must have answered, as a value of `time.monotonic()`. The monotonic clock
#: is correct for a deadline, because Lambda never freezes the process during an invocation.
_deadline: ContextVar[float] = ContextVar("deadline")


def set_time_left(seconds: float) -> None:
    """Set the deadline of the current invocation to `seconds` from now. It holds for this thread and its `Pool`."""
    _deadline.set(time.monotonic() + seconds)


def time_left() -> float:
    """Seconds until the current invocation must have answered; 10 if no deadline was set. Negative when it is over."""
    return _deadline.get(time.monotonic() + 10.0) - time.monotonic()


#: From this second since 1970 on, no failed request to AWS is sent again. None sets no such limit.
_send_before: ContextVar[int | None] = ContextVar("send_before", default=None)


@contextmanager
def no_retries_from(second: int | None) -> Iterator[None]:
    """In this block, a failed request to AWS is not sent again from this second since 1970 on. None sets no limit."""
    token = _send_before.set(second)
    try:
        yield
    finally:
        _send_before.reset(token)


def time_left_for_retries() -> float:
    """Seconds within which a failed request to AWS may be sent again: `time_left`, or less in `no_retries_from`."""
    second = _send_before.get()
    return time_left() if second is None else min(time_left(), second - clock.now().timestamp())
