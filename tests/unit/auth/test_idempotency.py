"""How long a request under an idempotency key may stay in progress."""

from rolecall import deadline
from rolecall.auth import idempotency


def test_a_record_is_in_progress_until_the_deadline_of_the_function() -> None:
    context = idempotency._LambdaContext()
    deadline.set_time_left(10)
    assert 9_900 < context.get_remaining_time_in_millis() <= 10_000
    deadline.set_time_left(-1)
    assert context.get_remaining_time_in_millis() == 0
