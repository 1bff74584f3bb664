"""ANY on any path that is no route, or no method of one: 404.

The body satisfies both dialects, as the gateway's own bodies do: a path that is no route belongs to no family.
"""

import json
from typing import Any

from rolecall import clock
from rolecall.errors import NotFound


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    body = {
        "success": False,
        "status": NotFound.status,
        "error": "Not Found",
        "error_code": NotFound.code,
        "code": NotFound.code,
        "message": NotFound.message,
        "timestamp": clock.rfc3339(clock.now()),
        "path": event["path"].encode(errors="replace").decode(),
    }
    headers = {
        "Cache-Control": "no-store",
        "Content-Type": "application/json",
        "X-Request-Id": event["requestContext"]["requestId"],
    }
    # The answer to a HEAD has no body.
    text = "" if event["httpMethod"] == "HEAD" else json.dumps(body)
    return {"statusCode": NotFound.status, "headers": headers, "body": text}
