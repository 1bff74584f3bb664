"""Prepares `sam local`, which runs a function in Lambda's own container against the stack of `make run`.

A container reaches this machine as `host.docker.internal`. SAM gives a function only those variables that the template
declares for it, so the build has a copy of the template that declares the engine's address and credentials too.
"""

import json
from typing import Any

from local import ROOT
from local.deployment.stack import Stack
from local.environment import ACCESS_KEY, REGION, SECRET_KEY, architecture

#: The name of this machine inside a container.
HOST = "host.docker.internal"
VARIABLES_FILE = ROOT / "events" / "env.json"
#: Added to the variables that the template gives to a function.
_ADDED = (
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
)


def with_declared_variables(template: dict[str, Any]) -> dict[str, Any]:
    """Returns the template with the added variables in every function, and with parameters for this machine."""
    function = template["Globals"]["Function"]
    variables = function["Environment"]["Variables"] | dict.fromkeys(_ADDED, "")
    parameters = template["Parameters"]
    return template | {
        "Globals": template["Globals"] | {"Function": function | {"Environment": {"Variables": variables}}},
        "Parameters": parameters
        | {
            "Architecture": parameters["Architecture"] | {"Default": architecture()},
            "Stage": parameters["Stage"] | {"Default": "local"},
        },
    }


def container_variables(stack: Stack) -> dict[str, dict[str, str]]:
    """Returns the variables of each function, with addresses that a container can reach."""
    # The session token is empty, so that SAM does not give the container the one of the developer's shell.
    values = (f"http://{HOST}:{stack.engine.port}", ACCESS_KEY, SECRET_KEY, "", REGION, REGION)
    of_functions = {
        function: {
            name: value.replace(f"//localhost:{stack.engine.port}", f"//{HOST}:{stack.engine.port}")
            for name, value in stack.variables(physical_id).items()
        }
        for function, physical_id in stack.functions().items()
    }
    return {"Parameters": dict(zip(_ADDED, values, strict=True)), **of_functions}


def write_variables(stack: Stack) -> None:
    """Writes `events/env.json`."""
    VARIABLES_FILE.write_text(json.dumps(container_variables(stack), indent=2) + "\n")
