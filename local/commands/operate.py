"""`make operator`: invokes the operator's function on the stack that runs."""

import json
from typing import Any

from local import StackError
from local.demo.demo_file import recall_seeds, write_demo_file
from local.deployment import running_stack
from local.deployment.stack import Stack


def main(*arguments: str) -> None:
    """Does one operation and prints the function's answer. Raises `StackError` if the function refuses it."""
    if not arguments:
        raise StackError("Say which operation, as in `make operator ARGS='create_superadmin email=root@example.com'`.")
    stack = running_stack.find()
    print(json.dumps(operate(stack, arguments[0], list(arguments[1:])), indent=2))
    if seeds := recall_seeds(stack):
        # The operation may have replaced the master token, which the file shows.
        write_demo_file(stack, seeds)


def operate(stack: Stack, operation: str, arguments: list[str]) -> dict[str, Any]:
    """Returns the answer of an operation with arguments such as `email=root@example.com` or `force=true`.

    Raises `StackError` with the function's message if the function refuses it.
    """
    event: dict[str, Any] = {"operation": operation}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals:
            raise StackError(f"An argument has the form name=value, not {argument!r}.")
        event[name] = {"true": True, "false": False}.get(value, value)
    answer = stack.lambda_.invoke(FunctionName=stack.functions()["RunOperation"], Payload=json.dumps(event).encode())
    content: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise StackError(f"{operation} was not done: {content.get('errorMessage', content)}")
    return content
