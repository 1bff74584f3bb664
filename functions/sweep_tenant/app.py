"""Messages of the sweep queue: sweep or prove one slice of a tenant that is being deleted."""

from typing import Any

from rolecall import clock, deletion, messages, store, telemetry
from rolecall.calls import Call, Principal, PrincipalType

WORKER = Principal(PrincipalType.SYSTEM, "sweep_tenant")
#: Seconds before the function's end at which it stops trying, so that it can still hand on what is left.
_RESERVE_SECONDS = 3.0


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    store.set_time_left(context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS)
    call = Call(WORKER, clock.now(), context.aws_request_id)
    with telemetry.invocation(context):
        return messages.each_slice(event, lambda tenant_id, name: deletion.work(call, tenant_id, name))
