"""`make logs`: follows the functions' logs, here or on AWS."""

import os
import sys
import time
from typing import NoReturn

from local import ROOT
from local.deployment import running_stack, sources
from local.deployment.function_logs import FunctionLogs

_POLL_SECONDS = 1.0
#: How far back the first lines go.
_BACK_SECONDS = 600


def main() -> None:
    """Follows the logs of the local stack, or of the stack `STAGE` on AWS; of one function, if `FUNCTION` names it."""
    function = os.environ.get("FUNCTION", "")
    if stage := os.environ.get("STAGE"):
        _follow_on_aws(stage, function)
    stack = running_stack.find()
    log = FunctionLogs(stack, time.time() - _BACK_SECONDS, function)
    while True:
        for line in log.new_lines():
            print(line, flush=True)
        time.sleep(_POLL_SECONDS)


def _follow_on_aws(stage: str, function: str) -> NoReturn:
    name = []
    if function:
        # The functions share a log group, and a function's name in the template leads to the whole of it.
        logical = sources.logical_id(function)
        name = ["--name", logical, "--filter", f'{{ $.function_name = "*-{logical}-*" }}']
    os.chdir(ROOT)
    os.environ["SAM_CLI_TELEMETRY"] = "0"
    # The SAM CLI takes over: it has the stack's name from samconfig.toml, and its colours and errors.
    os.execv(  # noqa: S606  # nosec B606  # without a shell on purpose
        sys.executable, [sys.executable, "-m", "samcli", "logs", "--config-env", stage, "--tail", *name]
    )
