"""From the table's stream: tell other services whose role changed, who was deactivated, activated or deleted."""

from typing import Any

from rolecall import role_events, telemetry


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    telemetry.logger.append_keys(request_id=context.aws_request_id)
    try:
        failed = role_events.publish(event["Records"])
    finally:
        telemetry.flush()
    return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}
