"""Every five minutes, and by hand with events/maintenance.json: drive on deletions, check the invariants.

By hand it also takes `{"repair": true}`: what is provably derived is then put right.
"""

from typing import Any

from rolecall import clock, deadline, telemetry
from rolecall.operations import maintenance

#: Seconds before the function's end at which it starts nothing new.
_RESERVE_SECONDS = 5.0


def handler(event: dict[str, Any], lambda_context: Any) -> dict[str, Any]:
    deadline.set_time_left(lambda_context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS)
    with telemetry.invocation_telemetry(lambda_context):
        return maintenance.run(clock.now(), lambda_context.aws_request_id, repair=event.get("repair") is True).to_json()
