"""The token authorizer: turns a credential into a principal, or denies.

It answers for API Gateway, not for a caller: an allowed request reaches the route with the principal
in its context, a denied one becomes the gateway's 401. Any other failure ends in the gateway's 503.
"""

from typing import Any

from rolecall import authorization, clock, store
from rolecall.errors import Unauthorized
from rolecall.telemetry import logger

#: Seconds within which a credential is recognised or the request fails; API Gateway waits longer.
_TIME_LIMIT = 4.0


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    store.set_time_left(_TIME_LIMIT)
    at = clock.now()
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    try:
        principal = authorization.authenticate(headers.get("authorization"), at)
    except Unauthorized:
        logger.info("request denied")
        return authorization.deny(event["methodArn"], at)
    return authorization.allow(principal, event["methodArn"])
