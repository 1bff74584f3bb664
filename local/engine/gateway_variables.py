"""Variables in gateway responses that API Gateway replaces by their values and MiniStack does not.

Without this, the body of a 401 that the gateway makes would hold `$context.path` instead of the path. MiniStack does
everything else for gateway responses.
"""

# ruff: noqa: SLF001 (MiniStack has no public way to add this)

import json
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from ministack.services import apigateway_v1 as gateway

_variables: ContextVar[dict[str, str]] = ContextVar("variables")


def install() -> None:
    """Makes the engine replace `$context.path`, `$context.requestTime` and `$context.authorizer.*`, as AWS does."""
    execute, stringify, render = (
        gateway._handle_execute_in_scope,
        gateway._stringify_context,
        gateway._gateway_error_response,
    )

    async def execute_and_record(api_id: str, stage: str, method: str, path: str, *rest: Any) -> Any:
        _variables.set(
            {
                "context.path": path,
                "context.requestTime": datetime.now(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            }
        )
        return await execute(api_id, stage, method, path, *rest)

    def stringify_and_record(context: Any) -> Any:
        flat = stringify(context)
        _variables.get({}).update({f"context.authorizer.{name}": value for name, value in flat.items()})
        return flat

    def render_all(error: Any, request: Any) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = render(error, request)
        text = body.decode()
        # In reverse order, a longer name comes before a name that it begins with.
        for name, value in sorted(_variables.get({}).items(), reverse=True):
            text = text.replace(f"${name}", json.dumps(value)[1:-1])
        return status, headers, text.encode()

    gateway._handle_execute_in_scope = execute_and_record
    gateway._stringify_context = stringify_and_record
    gateway._gateway_error_response = render_all
