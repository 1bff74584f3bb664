"""Without a route: what an operator invokes with AWS rights, as in
`sam remote invoke RunOperation --stack-name rolecall --event '{"operation": "create_superadmin", "email": …}'`.
"""

from typing import Any

from rolecall import calls, clock, operations, store, telemetry

_OPERATOR = calls.Principal(calls.PrincipalType.SYSTEM, "operator")
#: Seconds before the function's end at which it stops trying.
_RESERVE_SECONDS = 1.0


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    store.set_time_left(context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS)
    with telemetry.invocation(context):
        return operations.run(calls.Call(_OPERATOR, clock.now(), context.aws_request_id), event)
