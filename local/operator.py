"""Invokes the operator's function on a running local stack."""

import json
from typing import Any

from local import StackError
from local.stack import Stack


def operate(stack: Stack, operation: str, arguments: list[str]) -> dict[str, Any]:
    """The answer of an operation, with arguments such as `email=root@example.com` or `force=true`.

    Raises `StackError` with what the function says if it refuses.
    """
    event: dict[str, Any] = {"operation": operation}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals:
            raise StackError(f"An argument reads name=value, not {argument!r}.")
        event[name] = {"true": True, "false": False}.get(value, value)
    answer = stack.lambda_.invoke(FunctionName=stack.physical_id("RunOperation"), Payload=json.dumps(event).encode())
    content: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise StackError(f"{operation} was not done: {content.get('errorMessage', content)}")
    return content
