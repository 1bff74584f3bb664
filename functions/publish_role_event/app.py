"""Invoked by the table's stream: publish an event when a user's role or state changed, or the user was deleted."""

from typing import Any

from rolecall import deadline, telemetry
from rolecall.audit import role_events

#: Seconds before the function's end at which it starts nothing new.
_RESERVE_SECONDS = 1.0


def handler(event: dict[str, Any], lambda_context: Any) -> dict[str, Any]:
    deadline.set_time_left(lambda_context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS)
    with telemetry.invocation_telemetry(lambda_context):
        failed = role_events.publish_until_first_failure(event["Records"])
    return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}
