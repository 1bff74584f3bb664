"""No route: an operator with AWS rights invokes it, as in
`sam remote invoke RunOperation --stack-name rolecall --event '{"operation": "create_superadmin", "email": …}'`.
"""

from typing import Any

from rolecall import clock, deadline, telemetry
from rolecall.auth import principals
from rolecall.operations import operator

#: Seconds before the function's end at which it stops trying.
_RESERVE_SECONDS = 1.0


def handler(event: dict[str, Any], lambda_context: Any) -> dict[str, Any]:
    deadline.set_time_left(lambda_context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS)
    with telemetry.invocation_telemetry(lambda_context):
        return operator.run_operation(
            principals.RequestContext(principals.OPERATOR, clock.now(), lambda_context.aws_request_id), event
        )
