"""Invokes the operator's function on a running local stack."""

import json
from typing import Any

from local import StackError, home, serve
from local.stack import Stack


def main(*arguments: str) -> None:
    """Does an operation on the stack that `make run` serves, and prints its answer."""
    if not arguments:
        raise StackError("Say which operation, as in `make operator ARGS='create_superadmin email=root@example.com'`.")
    stack = home.running()
    print(json.dumps(operate(stack, arguments[0], list(arguments[1:])), indent=2))
    known = stack.recall(serve.SEEDS)
    if known:
        # The master token may be another now.
        serve.write_demo(stack, json.loads(known))


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
    answer = stack.lambda_.invoke(FunctionName=stack.functions()["RunOperation"], Payload=json.dumps(event).encode())
    content: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise StackError(f"{operation} was not done: {content.get('errorMessage', content)}")
    return content
