"""A stand-in for the AWS CLI with the features that the pages in docs/ use.

`python -m tests.aws_command dynamodb list-backups …` runs one command. The real CLI requires another version of
botocore, so both can't be in one environment. This stand-in has its commands and options from botocore's service
models, like the real CLI, so it accepts the same ones.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import botocore.session
import jmespath
from botocore import xform_name
from botocore.model import OperationModel, Shape, StructureShape
from botocore.validate import ParamValidator

#: The CLI's own command `wait`, and the options that every command has.
_WAIT = "wait"
_GLOBAL = {"query", "output", "cli-binary-format"}


class UnknownCommand(Exception):
    """The service, operation or option does not exist, or a value has the wrong type."""


@dataclass(frozen=True)
class Command:
    """One parsed command line; see `parse`."""

    service: str
    operation: str
    parameters: dict[str, Any]
    waiter: str | None
    query: str | None
    text: bool
    outfile: str | None

    def run(self) -> str:
        """Call the service, with endpoint and credentials from the environment; return what the CLI would print."""
        client = _session().create_client(self.service)
        if self.waiter:
            client.get_waiter(self.waiter).wait(**self.parameters)
            return ""
        answer = getattr(client, xform_name(self.operation))(**self.parameters)
        answer.pop("ResponseMetadata")
        if self.outfile:
            return str(answer["Payload"].read().decode())
        found = jmespath.search(self.query, answer) if self.query else answer
        return "\n".join(_rows(found)) if self.text else json.dumps(found, default=str)


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def parse(words: Sequence[str]) -> Command:
    """Parse the words after `aws`. Raises `UnknownCommand`."""
    service, name, *rest = words
    session = _session()
    if service not in session.get_available_services():
        raise UnknownCommand(f"no service {service}")
    waiter = None
    if name == _WAIT:
        waiter, *rest = rest
        waiters = session.get_waiter_model(service)
        if xform_name(waiter, "-") not in {xform_name(one, "-") for one in waiters.waiter_names}:
            raise UnknownCommand(f"no waiter {waiter}")
        (waited,) = (one for one in waiters.waiter_names if xform_name(one, "-") == waiter)
        name = xform_name(waiters.get_waiter(waited).operation, "-")
        waiter = xform_name(waited)
    model = session.get_service_model(service)
    operations = {xform_name(one, "-"): one for one in model.operation_names}
    if name not in operations:
        raise UnknownCommand(f"no operation {service} {name}")
    operation = model.operation_model(operations[name])
    options, outfile = _options(rest, operation)
    parameters = {member: value for member, value in options.items() if member not in _GLOBAL}
    problems = ParamValidator().validate(parameters, cast("Shape", operation.input_shape))
    if problems.has_errors():
        raise UnknownCommand(problems.generate_report())
    query, text = options.get("query"), options.get("output") == "text"
    return Command(service, operation.name, parameters, waiter, query, text, outfile)


def _options(words: list[str], operation: OperationModel) -> tuple[dict[str, Any], str | None]:
    shapes = cast("StructureShape", operation.input_shape).members
    members = {xform_name(name, "-"): (name, shape) for name, shape in shapes.items()}
    options: dict[str, Any] = {}
    outfile = None
    left = list(words)
    while left:
        word = left.pop(0)
        option = word.removeprefix("--")
        values = []
        while left and not left[0].startswith("--"):
            values.append(left.pop(0))
        if operation.has_streaming_output and len(values) > 1:
            outfile = values.pop()
        if option in _GLOBAL:
            (options[option],) = values
        elif option in members:
            name, shape = members[option]
            options[name] = _value(shape, values) if values else True
        elif option.startswith("no-") and option.removeprefix("no-") in members:
            options[members[option.removeprefix("no-")][0]] = False
        else:
            raise UnknownCommand(f"no option {word} of {operation.name}")
    return options, outfile


def _value(shape: Any, values: list[str]) -> Any:
    match shape.type_name:
        case "list":
            return [_value(shape.member, [value]) for value in values]
        case "structure" | "map":
            (text,) = values
            if text.startswith("{"):
                return json.loads(text)
            pairs = (pair.split("=", 1) for pair in text.split(","))
            return {name: _value(shape.members[name], [value]) for name, value in pairs}
        case "integer" | "long" | "double" | "float":
            return json.loads(values[0])
        case "boolean":
            return {"true": True, "false": False}[values[0]]
        case "timestamp" | "string" | "blob":
            (text,) = values
            return text
        case other:
            raise UnknownCommand(f"an option of type {other}")


def _rows(found: Any) -> Iterator[str]:
    if isinstance(found, list):
        if any(isinstance(one, list | dict) for one in found):
            for one in found:
                yield from _rows(one)
        else:
            yield "\t".join(str(one) for one in found)
    else:
        yield "None" if found is None else str(found)


if __name__ == "__main__":
    print(parse(sys.argv[1:]).run())  # noqa: T201
