"""Invoked by the queue of role events: queue one delivery for each webhook that gets the event."""

from typing import Any

from rolecall import deadline, telemetry
from rolecall.webhooks import fan_out

#: Seconds before the function's end at which it starts nothing new.
_RESERVE_SECONDS = 1.0


def handler(event: dict[str, Any], lambda_context: Any) -> dict[str, Any]:
    deadline.set_time_left(lambda_context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS)
    with telemetry.invocation_telemetry(lambda_context):
        failed = fan_out.queue_deliveries_of_events(event["Records"])
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
