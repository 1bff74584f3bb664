"""Every five minutes, and by hand with events/maintenance.json: resume the tenant deletions that stopped."""

from typing import Any

from rolecall import clock, maintenance, store, telemetry

#: Seconds before the function's end at which it starts nothing new.
_RESERVE_SECONDS = 5.0


def handler(_event: dict[str, Any], context: Any) -> dict[str, Any]:
    store.set_time_left(context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS)
    with telemetry.invocation(context.aws_request_id):
        return maintenance.run(clock.now(), context.aws_request_id).to_json()
