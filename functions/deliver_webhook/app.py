"""Invoked by the queue of deliveries: send events to the receivers of webhooks, signed, or put them back to wait."""

from datetime import datetime
from typing import Any

from standardwebhooks import Webhook

from rolecall import deadline, telemetry
from rolecall.webhooks import delivery

#: Seconds before the function's end at which it starts nothing new.
_RESERVE_SECONDS = 1.0


def handler(event: dict[str, Any], lambda_context: Any) -> dict[str, Any]:
    deadline.set_time_left(lambda_context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS)
    with telemetry.invocation_telemetry(lambda_context):
        failed = delivery.deliver_messages(event["Records"], _sign, lambda_context.aws_request_id)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _sign(secret: str, delivery_id: str, at: datetime, body: str) -> str:
    return Webhook(secret).sign(delivery_id, at, body)
