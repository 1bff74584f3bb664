"""How much time the current invocation has left.

Every retry and every wait asks here, so that a function answers before Lambda stops it.
"""

import time
from contextvars import ContextVar

#: The moment at which the current invocation must have answered, as a value of `time.monotonic()`. The monotonic clock
#: is correct for a deadline, because Lambda never freezes the process during an invocation.
_deadline: ContextVar[float] = ContextVar("deadline")


def set_time_left(seconds: float) -> None:
    """Set the deadline of the current invocation to `seconds` from now. It holds for this thread and its `Pool`."""
    _deadline.set(time.monotonic() + seconds)


def time_left() -> float:
    """Seconds until the current invocation must have answered; 10 if no deadline was set. Negative when it is over."""
    return _deadline.get(time.monotonic() + 10.0) - time.monotonic()
