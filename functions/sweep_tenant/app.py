"""Invoked by the sweep queue: delete the items of one slice of a tenant, or check that none is left."""

from typing import Any

from rolecall import clock, deadline, telemetry
from rolecall.auth.principals import Principal, PrincipalType, RequestContext
from rolecall.aws import queues
from rolecall.deletion import workers

WORKER = Principal(PrincipalType.SYSTEM, "sweep_tenant")
#: Seconds before the function's end at which it stops trying, so that it can still hand on what is left.
_RESERVE_SECONDS = 3.0


def handler(event: dict[str, Any], lambda_context: Any) -> dict[str, Any]:
    deadline.set_time_left(lambda_context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS)
    context = RequestContext(WORKER, clock.now(), lambda_context.aws_request_id)
    with telemetry.invocation_telemetry(lambda_context):
        return queues.handle_slice_messages(
            event, lambda tenant_id, name: workers.handle_slice_message(context, tenant_id, name)
        )
