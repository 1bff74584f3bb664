"""The token authorizer: turns a credential into a principal, or denies.

It answers for API Gateway, not for a caller: an allowed request reaches the route with the principal
in its context, a denied one becomes the gateway's 401. Any other failure ends in the gateway's 503.
"""

from typing import Any

from rolecall import clock, deadline, telemetry
from rolecall.auth import authorizer

#: Seconds within which a credential is recognised or the request fails; API Gateway waits longer.
_TIME_LIMIT = 4.0


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    deadline.set_time_left(_TIME_LIMIT)
    authorization = authorizer.read_authorization_header(event)
    with telemetry.log_and_reraise_service_unavailable():
        return authorizer.authorize_request(authorization, event["methodArn"], clock.now())
