"""Every five minutes, and by hand with events/maintenance.json: resume stopped deletions, check the invariants.

With `{"repair": true}`, which is for a run by hand, it also repairs what can be computed from other items.
"""

from typing import Any

from rolecall import clock, deadline, telemetry
from rolecall.operations import maintenance

#: Seconds before the function's end at which it starts nothing new.
_RESERVE_SECONDS = 5.0


def handler(event: dict[str, Any], lambda_context: Any) -> dict[str, Any]:
    deadline.set_time_left(lambda_context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS)
    with telemetry.invocation_telemetry(lambda_context):
        return maintenance.run_maintenance(
            clock.now(), lambda_context.aws_request_id, repair=event.get("repair") is True
        ).to_json()
