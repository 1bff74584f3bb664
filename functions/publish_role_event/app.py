"""From the table's stream: tell other services whose role changed, who was deactivated, activated or deleted."""

from typing import Any

from rolecall import telemetry
from rolecall.audit import role_events


def handler(event: dict[str, Any], lambda_context: Any) -> dict[str, Any]:
    with telemetry.invocation_telemetry(lambda_context):
        failed = role_events.publish(event["Records"])
    return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}
