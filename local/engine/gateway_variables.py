"""Variables of gateway responses that API Gateway fills in and MiniStack leaves as they stand.

Without these, the body of a 401 or 404 that the gateway makes would show `$context.path` instead of
the path. Everything else of a gateway response is MiniStack's own doing.
"""

# ruff: noqa: SLF001 (there is no public way to complete it)

import json
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from ministack.services import apigateway_v1 as gateway

_variables: ContextVar[dict[str, str]] = ContextVar("variables")


def install() -> None:
    """Teach the engine `context.path`, `context.requestTime` and `context.authorizer.*`, as on AWS."""
    execute, stringify, render = (
        gateway._handle_execute_in_scope,
        gateway._stringify_context,
        gateway._gateway_error_response,
    )

    async def execute_and_note(api_id: str, stage: str, method: str, path: str, *rest: Any) -> Any:
        _variables.set(
            {
                "context.path": path,
                "context.requestTime": datetime.now(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            }
        )
        return await execute(api_id, stage, method, path, *rest)

    def stringify_and_note(context: Any) -> Any:
        flat = stringify(context)
        _variables.get({}).update({f"context.authorizer.{name}": value for name, value in flat.items()})
        return flat

    def render_all(error: Any, request: Any) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = render(error, request)
        text = body.decode()
        # Longest names first, so that no name is taken for the beginning of another.
        for name, value in sorted(_variables.get({}).items(), reverse=True):
            text = text.replace(f"${name}", json.dumps(value)[1:-1])
        return status, headers, text.encode()

    gateway._handle_execute_in_scope = execute_and_note
    gateway._stringify_context = stringify_and_note
    gateway._gateway_error_response = render_all
