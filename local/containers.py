"""What `sam local` needs to run a function in Lambda's own container, against the stack of `make run`.

A container reaches this machine as `host.docker.internal`. SAM gives a function only those variables that
its template declares, so the build has a copy of the template that declares these too.
"""

import json
from typing import TYPE_CHECKING, Any

from local import ROOT
from local.environment import ACCESS_KEY, REGION, SECRET_KEY, architecture

if TYPE_CHECKING:
    from local.stack import Stack

HOST = "host.docker.internal"
VARIABLES = ROOT / "events" / "env.json"
#: Beside those of the function itself.
_DECLARED = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION")


def declaring(template: dict[str, Any]) -> dict[str, Any]:
    """The template with these variables in every function, and parameters for this machine."""
    function = template["Globals"]["Function"]
    variables = function["Environment"]["Variables"] | dict.fromkeys(_DECLARED, "")
    parameters = template["Parameters"]
    return template | {
        "Globals": template["Globals"] | {"Function": function | {"Environment": {"Variables": variables}}},
        "Parameters": parameters
        | {
            "Architecture": parameters["Architecture"] | {"Default": architecture()},
            "Stage": parameters["Stage"] | {"Default": "local"},
        },
    }


def variables(stack: "Stack") -> dict[str, dict[str, str]]:
    """The content of `events/env.json`: what each function needs, with addresses that a container can reach."""
    values = (f"http://{HOST}:{stack.engine.port}", ACCESS_KEY, SECRET_KEY, REGION, REGION)
    of_functions = {
        function: {
            name: value.replace(f"//localhost:{stack.engine.port}", f"//{HOST}:{stack.engine.port}")
            for name, value in stack.variables(physical).items()
        }
        for function, physical in stack.functions().items()
    }
    return {"Parameters": dict(zip(_DECLARED, values, strict=True)), **of_functions}


def write(stack: "Stack") -> None:
    """Writes `events/env.json` anew."""
    VARIABLES.write_text(json.dumps(variables(stack), indent=2) + "\n")
