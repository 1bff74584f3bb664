"""From the table's stream: tell other services whose role changed, who was deactivated, activated or deleted."""

from typing import Any

from rolecall import role_events, telemetry


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    with telemetry.invocation(context):
        failed = role_events.publish(event["Records"])
    return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}
